"""One test that goes through many small cases, where a test for each would cost more than what it tests."""

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar

T = TypeVar("T", bound=Callable[..., Any])


def for_each(
    names: str, cases: Iterable[Any] | Callable[[], Iterable[Any]], shown: Callable[[Any], str] = repr
) -> Callable[[T], T]:
    """As `pytest.mark.parametrize(names, cases)`, but in one test: of a function, or of each test of a class.

    Every case is tried. The first failure is raised as it is, with a note that says for which case, and which others
    fail too. What the fixtures set up is shared by all the cases. Where the cases are costly to find, `cases` finds
    them when the test runs.
    """
    asked = [name.strip() for name in names.split(",")]

    def arguments(case: Any) -> dict[str, Any]:
        return dict(zip(asked, case, strict=True)) if len(asked) > 1 else {names: case}

    def known() -> list[Any]:
        found = list(cases() if callable(cases) else cases)
        assert found, f"there is no case of {names}"
        return found

    def decorate(test: T) -> T:
        if inspect.isclass(test):
            for name, inner in list(vars(test).items()):
                if name.startswith("test_"):
                    setattr(test, name, decorate(inner))
            return test

        @wraps(test)
        def tried(*args: Any, **fixtures: Any) -> None:
            failed: list[tuple[Any, Exception]] = []
            for case in known():
                try:
                    test(*args, **fixtures, **arguments(case))
                except Exception as error:
                    failed.append((case, error))
            _tell(failed)

        @wraps(test)
        async def tried_async(*args: Any, **fixtures: Any) -> None:
            failed: list[tuple[Any, Exception]] = []
            for case in known():
                try:
                    await test(*args, **fixtures, **arguments(case))
                except Exception as error:
                    failed.append((case, error))
            _tell(failed)

        signature = inspect.signature(test)
        kept = [each for each in signature.parameters.values() if each.name not in asked]
        found: Any = tried_async if inspect.iscoroutinefunction(test) else tried
        found.__signature__ = signature.replace(parameters=kept)
        return found  # type: ignore[no-any-return]

    def _tell(failed: list[tuple[Any, Exception]]) -> None:
        if failed:
            (case, first), *others = failed
            first.add_note(f"Case: {shown(case)}")
            if others:
                first.add_note(f"{len(others)} other cases fail too: {', '.join(shown(other) for other, _ in others)}")
            raise first

    return decorate
