"""How the work of a function grows with its input: a ratio within one process, which a slow machine does not change."""

import gc
import math
import time
from collections.abc import Callable

TIMES = 8
"""How much longer the long input is: linear work takes 8 times as long, quadratic work 64 times."""
TOO_MUCH = 24


def grows_with_its_length_alone(work: Callable[[str], object], text: Callable[[int], str], length: int) -> None:
    """Fails where `work` takes far more than 8 times as long for `text(length)` as for `text(length // 8)`.

    What disturbs a measurement only adds to it, so the shortest of a few counts; all are made only where it matters.
    """
    short, long = text(length // TIMES), text(length)
    for_short = for_long = math.inf
    for _ in range(7):
        for_short = min(for_short, _seconds(work, short), _seconds(work, short))
        for_long = min(for_long, _seconds(work, long))
        if for_long <= TOO_MUCH * for_short:
            return
    raise AssertionError(f"{for_short:.4f} s for {len(short)} characters, {for_long:.4f} s for {len(long)}")


def _seconds(work: Callable[[str], object], text: str) -> float:
    """CPU time, which other processes do not add to."""
    gc.disable()
    try:
        began = time.process_time()
        work(text)
        return time.process_time() - began
    finally:
        gc.enable()
