"""Settings that cannot work are refused at the start, in words that name the setting."""

from dataclasses import fields
from typing import Any

import httpx
import pytest

from drift_mcp.settings import InvalidSetting, Settings


def test_the_defaults_are_valid_and_safe() -> None:
    settings = Settings()
    assert settings.base_url == "https://driftapi.com"
    assert settings.sandbox is settings.allow_dangerous is False


@pytest.mark.parametrize(
    "url",
    [
        "https://driftapi.com", "https://driftapi.com/", "https://proxy.example:8443/drift", "http://localhost:8100",
        "http://127.0.0.1:1", "http://[::1]:8100", "HTTPS://DRIFTAPI.COM",
    ],
)  # fmt: skip
def test_urls_that_keep_the_token_safe_are_taken(url: str) -> None:
    assert Settings(base_url=url).base_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://driftapi.com", "http://10.0.0.1", "http://localhost.evil.example", "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example", "http://0.0.0.0:80",
    ],
)  # fmt: skip
def test_plain_http_is_for_this_machine_only(url: str) -> None:
    with pytest.raises(InvalidSetting, match="base_url"):
        Settings(base_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "", "driftapi.com", "ftp://driftapi.com", "https://", "https:///path", "file:///etc/passwd", "https://[::1",
        "https://driftapi.com:port", "https://driftapi.com:99999", "https://user:secret@driftapi.com", "https://user@driftapi.com",
        "https://driftapi.com?x=1", "https://driftapi.com#top", "https://drift api.com", "https://driftapi.com\x00",
        "https://driftapi.com/\npath",
    ],
)  # fmt: skip
def test_what_is_no_url_to_call_is_refused(url: str) -> None:
    with pytest.raises(InvalidSetting, match="base_url"):
        Settings(base_url=url)


def test_a_refusal_does_not_repeat_a_secret_that_was_put_into_the_url() -> None:
    with pytest.raises(InvalidSetting) as caught:
        Settings(base_url="https://user:hunter2@driftapi.com")
    assert "hunter2" not in str(caught.value)


NUMBERS = [
    each.name
    for each in fields(Settings)
    if isinstance(each.default, int | float) and not isinstance(each.default, bool) and each.default
]


@pytest.mark.parametrize("value", [-1, float("inf")])
def test_polling_is_off_at_zero_and_never_less(value: float) -> None:
    assert Settings(poll_seconds=0) == Settings()
    with pytest.raises(InvalidSetting, match="poll_seconds"):
        Settings(poll_seconds=value)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [0, -1])
def test_a_number_that_is_not_more_than_zero_is_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidSetting, match=name):
        Settings(**{name: value})


@pytest.mark.parametrize("name", ["connect_timeout", "read_timeout", "total_timeout"])
def test_a_time_that_is_no_number_is_refused(name: str) -> None:
    with pytest.raises(InvalidSetting, match=name):
        Settings(**{name: float("nan")})


def test_a_result_smaller_than_any_answer_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="result_bytes"):
        Settings(result_bytes=999)
    assert Settings(result_bytes=1_000).result_bytes == 1_000


@pytest.mark.parametrize("prefix", ["", "/v2", "/api/v2", "/a.b-c_d"])
def test_a_prefix_is_a_path_or_empty(prefix: str) -> None:
    assert Settings(catalogue_prefix=prefix).catalogue_prefix == prefix
    assert httpx.URL(f"https://driftapi.com{prefix}/tags/1").host == "driftapi.com"


@pytest.mark.parametrize(
    "prefix",
    ["v2", "/", "/v2/", "//evil.example", "/../x", "/v2?x", "/v2#x", "@evil.example", ".evil.example", "/a b", "/v2\n"],
)
def test_a_prefix_that_would_change_where_calls_go_is_refused(prefix: str) -> None:
    with pytest.raises(InvalidSetting, match="catalogue_prefix"):
        Settings(catalogue_prefix=prefix)


def test_every_setting_has_a_variable_of_its_own_and_a_help_text() -> None:
    variables = [each.metadata["env"] for each in fields(Settings)]
    assert len(set(variables)) == len(variables)
    assert all(variable.startswith("DRIFT_") for variable in variables)
    assert all(each.metadata["help"].endswith((".", "…")) for each in fields(Settings))
