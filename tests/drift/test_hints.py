"""What headers say about the call limit, in every form in common use."""

import time
from email.utils import formatdate

import pytest

from drift_mcp.drift.hints import exhausted_for, retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("17", 17.0), ("0", 0.0), (" 5 ", 5.0), ("1.5", 1.5), ("", None), ("soon", None), ("-5", None), ("1.5.2", None),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0.0), ("Fri, 99 Dec 1999 23:59:59 GMT", None), ("\xb2", None),
        ("9" * 400, None), ("99999999", 99_999_999.0),
    ],
)  # fmt: skip
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}) == seconds


def test_retry_after_as_a_date() -> None:
    found = retry_after({"retry-after": formatdate(time.time() + 30, usegmt=True)})
    assert found is not None
    assert 28 < found <= 30


@pytest.mark.parametrize("x", ["", "x-"])
class TestRemaining:
    def test_nothing_left_until_a_reset_in_seconds(self, x: str) -> None:
        assert exhausted_for({f"{x}ratelimit-remaining": "0", f"{x}ratelimit-reset": "12"}) == 12.0

    @pytest.mark.parametrize("unit", [1, 1000])
    def test_nothing_left_until_a_moment(self, x: str, unit: int) -> None:
        reset = str(int((time.time() + 12) * unit))
        found = exhausted_for({f"{x}ratelimit-remaining": "0", f"{x}ratelimit-reset": reset})
        assert found is not None
        assert 10 < found <= 12

    @pytest.mark.parametrize("headers", [("3", "12"), ("0", ""), ("0", "soon"), ("", "12"), ("0", "-1")])
    def test_otherwise_it_says_nothing(self, x: str, headers: tuple[str, str]) -> None:
        assert exhausted_for({f"{x}ratelimit-remaining": headers[0], f"{x}ratelimit-reset": headers[1]}) is None


def test_headers_without_any_of_it() -> None:
    assert retry_after({}) is None
    assert exhausted_for({"content-type": "application/json"}) is None
