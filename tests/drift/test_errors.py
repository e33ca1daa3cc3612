"""Drift's error bodies, and the types they become."""

from typing import Any

import pytest
from hypothesis import given

from drift_mcp.drift import errors
from drift_mcp.drift.errors import BY_STATUS, DriftError, drift_says
from tests.support.properties import json_values, many


def kinds(base: type[DriftError] = DriftError) -> set[type[DriftError]]:
    return {each for direct in base.__subclasses__() for each in {direct, *kinds(direct)}}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"type": "validation_error", "message": "email is invalid"}}, "email is invalid"),
        ({"error": {"type": "not_found"}}, "not_found"),
        ({"errors": [{"type": "t", "message": "is wrong", "param": "email"}, {"message": "b"}]}, "email: is wrong; b"),
        ({"errors": [{"type": "t", "message": "only"}]}, "only"),
        ({"error": "contact not found"}, "contact not found"),
        ({"errors": ["a", "b"]}, "a; b"),
        ({"detail": "SCIM says no", "status": "404"}, "SCIM says no"),
        ({"error": {}, "errors": [{"message": "the second"}]}, "the second"),
        ({"error": None}, ""),
        ({}, ""),
        ([], ""),
        (None, ""),
        ("text", ""),
        ({"error": 5}, ""),
        ({"errors": [None, 5, [], {}]}, ""),
        ({"error": {"message": "  "}}, ""),
    ],
)
def test_drifts_words_are_found_in_each_of_its_envelopes(body: Any, words: str) -> None:
    assert drift_says(body) == words


@many
@given(json_values)
def test_no_error_body_raises(body: Any) -> None:
    for each in (body, {"error": body}, {"errors": body}, {"error": {"message": body, "param": body}}):
        assert isinstance(drift_says(each), str)


def test_every_error_has_a_kind_of_its_own() -> None:
    assert len({kind.kind for kind in kinds()}) == len(kinds()) >= 14


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.InvalidRequest), (401, errors.Unauthorized), (403, errors.Forbidden), (404, errors.NotFound),
        (409, errors.Conflict), (422, errors.InvalidRequest), (429, errors.RateLimited),
    ],
)  # fmt: skip
def test_statuses_have_types(status: int, kind: type[DriftError]) -> None:
    assert BY_STATUS[status] is kind


@pytest.mark.parametrize("kind", sorted(kinds(), key=lambda kind: kind.kind), ids=lambda kind: kind.kind)
def test_drifts_words_stand_in_the_detail_only(kind: type[DriftError]) -> None:
    error = kind("a visitor's words", status=400, retry_after=3.0, maybe_applied=True)
    assert (error.detail, error.status, error.retry_after, error.maybe_applied) == ("a visitor's words", 400, 3.0, True)
    assert "visitor" not in f"{error} {error!r} {error.args}"
