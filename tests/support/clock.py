"""An event loop whose time passes at once: it jumps to the next thing that is due when nothing else is left to do."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

T = TypeVar("T")


class _Jumping(selectors.DefaultSelector):
    now = 1_000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        found = super().select(0 if timeout is not None else None)
        if not found and timeout:
            self.now += timeout
        return found


class JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.clock = _Jumping()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now


def run(main: Coroutine[Any, Any, T], monkeypatch: pytest.MonkeyPatch) -> T:
    """What `main` returns, run without waiting for anything. The rate limit library sees the loop's time too."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        monkeypatch.setattr("throttled.utils.now_mono_f", runner.get_loop().time)
        return runner.run(main)
