"""A token in a file."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from drift_mcp.credentials import CLIENT, MissingCredential
from drift_mcp.credentials.file import FileCredential, read_secret

Write = Callable[..., Path]


async def opened(provider: FileCredential) -> str:
    return (await provider.token()).get_secret_value()


@pytest.mark.parametrize("mode", [0o600, 0o400])
async def test_the_token_is_what_the_file_says_without_blanks_around_it(write_private: Write, mode: int) -> None:
    assert await opened(FileCredential(write_private("token", " tok-file-1\n", mode))) == "tok-file-1"


async def test_a_change_of_the_file_counts_at_the_next_call(write_private: Write, tmp_path: Path) -> None:
    path = write_private("token", "tok-file-1")
    provider = FileCredential(path)
    assert await opened(provider) == "tok-file-1"
    # As secret managers do it: another file takes its place, here with the same size and time.
    replacement = write_private("new", "tok-file-2")
    os.utime(replacement, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    replacement.replace(path)
    assert await opened(provider) == "tok-file-2"


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
async def test_a_file_that_others_may_read_from_now_on_is_refused_at_the_next_call(write_private: Write) -> None:
    path = write_private("token", "tok-file-1")
    provider = FileCredential(path)
    await provider.token()
    path.chmod(0o644)
    with pytest.raises(MissingCredential):
        await provider.token()


async def test_a_token_in_the_place_of_its_path_is_in_no_log_line(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(MissingCredential):
        await FileCredential(Path("tok-in-the/wrong+place")).token()
    assert "not shown" in caplog.text
    assert "tok-in-the" not in caplog.text


async def test_a_file_that_stays_is_read_once(write_private: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_private("token", "tok-file-1")
    provider = FileCredential(path)
    await provider.token()
    monkeypatch.setattr(Path, "open", None)
    assert await opened(provider) == "tok-file-1"


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o610, 0o444])
async def test_a_file_that_others_can_read_is_refused(
    write_private: Write, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_private("token", "tok-file-1", mode)
    with pytest.raises(MissingCredential) as caught:
        await FileCredential(path).token()
    assert "`chmod 600` it" in caught.value.problem
    assert str(path) in caplog.text  # for the operator,
    assert str(path.parent) not in caught.value.problem  # not for the agent
    assert "tok-file-1" not in caplog.text + caught.value.problem


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
async def test_a_file_that_is_opened_to_others_later_is_refused_then(write_private: Write) -> None:
    path = write_private("token", "tok-file-1")
    provider = FileCredential(path)
    await provider.token()
    path.chmod(0o644)
    path.write_text("tok-file-22")
    with pytest.raises(MissingCredential):
        await provider.token()


@pytest.mark.parametrize(("content", "why"), [(b"", "is empty"), (b" \n", "is empty"), (b"\xff\xfe", "is not text")])
async def test_a_file_without_a_token_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "token"
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(MissingCredential, match="access") as caught:
        await FileCredential(path).token()
    assert caught.value.problem == f"The file with the token {why}."


async def test_an_endless_file_is_not_read_to_its_end(write_private: Write) -> None:
    with pytest.raises(MissingCredential) as caught:
        await FileCredential(write_private("token", "x" * 70_000)).token()
    assert "too large" in caught.value.problem


async def test_a_token_is_gone_when_its_file_is(write_private: Write) -> None:
    path = write_private("token", "tok-file-1")
    provider = FileCredential(path)
    assert await opened(provider) == "tok-file-1"
    path.unlink()
    assert await provider.available() is False
    with pytest.raises(MissingCredential) as caught:
        await provider.token()
    assert "No such file" in caught.value.problem


async def test_a_refused_token_is_looked_up_again_even_if_the_file_looks_the_same(write_private: Write) -> None:
    path = write_private("token", "tok-file-1")
    provider = FileCredential(path)
    refused = await provider.token()
    assert await provider.renew(refused) is None
    before = path.stat()
    path.write_text("tok-file-2")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert await provider.renew(refused) == SecretStr("tok-file-2")


def test_the_apps_secret_is_named_as_such(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with pytest.raises(MissingCredential) as caught:
        read_secret(tmp_path / "none", CLIENT)
    assert caught.value.what == CLIENT
    assert "app's secret" in caught.value.problem
