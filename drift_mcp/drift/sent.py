"""What a call to Drift tells those who watch the server: how it went, and nothing of what was in it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from drift_mcp.drift.errors import DriftError
from drift_mcp.drift.wire import Call


@dataclass(slots=True)
class Sent:
    """One call to Drift, all its tries included.

    `template` is the path with the names of its parameters in place of their values. `status` is that of the last
    answer, None without one; `error` the kind of the error, "" without one. `waited` are the seconds for the call limit
    among all the `seconds` it took.
    """

    method: str
    template: str
    status: int | None = None
    error: str = ""
    tries: int = 0
    waited: float = 0.0
    seconds: float = 0.0


Observe = Callable[[Sent], None]
"""Is told of a call to Drift when it is over. Raises nothing."""


def nobody(_: Sent) -> None:
    """Nobody watches."""


@contextmanager
def sending(call: Call, observe: Observe) -> Iterator[Sent]:
    """Around one call: `observe` is told how it went, however it ends."""
    sent = Sent(call.method, call.template)
    begun = time.monotonic()
    try:
        yield sent
    except DriftError as error:
        sent.status, sent.error = error.status, error.kind
        raise
    except BaseException as error:  # a cancelled call among them
        sent.error = type(error).__name__
        raise
    finally:
        sent.seconds = time.monotonic() - begun
        observe(sent)
