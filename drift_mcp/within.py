"""A context variable that has a value inside a block only.

From Python 3.14 on, what `ContextVar.set` gives does that. The lowest rooms (`text`, `drift`) stand on nothing, so they
have a block of their own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

Value = TypeVar("Value")


@contextmanager
def within(variable: ContextVar[Any], value: Value) -> Iterator[Value]:
    """Inside, `variable` has `value`, which is given back; afterwards what it had before."""
    token = variable.set(value)
    try:
        yield value
    finally:
        variable.reset(token)
