"""A token that a command prints: real processes."""

import logging
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import Process
from pydantic import SecretStr

from drift_mcp.credentials import MissingCredential, UnreachableCredential
from drift_mcp.credentials.command import CommandCredential

COUNTS = "import pathlib,sys; p=pathlib.Path(sys.argv[1]); n=len(p.read_text()) if p.exists() else 0; "
COUNTS += "p.write_text('x'*(n+1)); print(f'tok-run-{n+1}')"


def script(code: str, *args: str, **options: object) -> CommandCredential:
    return CommandCredential([sys.executable, "-c", code, *args], **options)  # type: ignore[arg-type]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def failure(provider: CommandCredential) -> MissingCredential:
    with pytest.raises(MissingCredential) as caught:
        await provider.token()
    return caught.value


async def test_what_it_prints_is_the_token() -> None:
    assert (await script("print('tok-1')").token()).get_secret_value() == "tok-1"


async def test_it_is_run_without_a_shell(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    token = await script("import sys; print(sys.argv[1].replace(' ', '_'))", f"$HOME;touch {touched}").token()
    assert token.get_secret_value() == f"$HOME;touch_{touched}"
    assert not touched.exists()


async def test_calls_share_a_run_until_its_time_is_over(tmp_path: Path) -> None:
    clock = Clock()
    provider = script(COUNTS, str(tmp_path / "runs"), kept=60.0, clock=clock)
    seen: list[str] = []

    async def call() -> None:
        seen.append((await provider.token()).get_secret_value())

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(call)
    clock.now += 59
    await call()
    clock.now += 1
    await call()
    assert seen == ["tok-run-1"] * 6 + ["tok-run-2"]


async def test_a_refused_token_makes_it_run_again_once_for_all_calls(tmp_path: Path) -> None:
    provider = script(COUNTS, str(tmp_path / "runs"))
    refused = await provider.token()
    found = [await provider.renew(refused) for _ in range(3)]
    assert found == [SecretStr("tok-run-2")] * 3


async def test_a_token_that_stays_the_same_is_not_asked_for_at_every_refusal(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    clock = Clock()
    code = COUNTS.partition("print")[0] + "print('tok-same')"
    provider = script(code, str(runs), kept=60.0, clock=clock)
    refused = await provider.token()
    assert [await provider.renew(refused) for _ in range(4)] == [None] * 4
    assert runs.read_text() == "xx"
    clock.now += 60
    assert await provider.renew(refused) is None
    assert runs.read_text() == "xxx"


async def test_one_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Process] = []
    start = anyio.open_process

    async def noted(*args: Any, **options: Any) -> Process:
        started.append(await start(*args, **options))
        return started[-1]

    monkeypatch.setattr(anyio, "open_process", noted)
    error = await failure(script("import time; time.sleep(600)", time_limit=0.1))
    assert isinstance(error, UnreachableCredential)
    assert "did not end in time" in error.problem
    assert [process.returncode is not None for process in started] == [True]


@pytest.mark.parametrize("command", ["tok-in-the-wrong-place", "DRIFT_ACCESS_TOKEN=tok-in-the /usr/bin/drift"])
async def test_a_token_in_the_place_of_the_program_is_in_no_log_line(
    command: str, caplog: pytest.LogCaptureFixture
) -> None:
    await failure(CommandCredential([command]))
    assert "cannot be run" in caplog.text
    assert "tok-in-the" not in caplog.text


async def test_its_stderr_is_told_of_but_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    error = await failure(script("import sys; sys.stderr.write('secret-in-stderr'); print('tok-out'); sys.exit(3)"))
    shown = f"{error} {error!r} {error.problem} {caplog.text}"
    assert "secret-in-stderr" not in shown
    assert "tok-out" not in shown
    assert "wrote 16 bytes to stderr" in caplog.text
    assert "failed with status 3" in caplog.text
    assert error.problem == "The command that prints the token failed."


@pytest.mark.parametrize(
    "code", ["pass", "print()", "print('two words')", "print('a'); print('b')", "print('x'*70000)"]
)
async def test_anything_but_one_word_is_no_token(code: str, caplog: pytest.LogCaptureFixture) -> None:
    error = await failure(script(code))
    assert error.problem == "The command that prints the token printed something else."
    assert "two words" not in caplog.text


async def test_a_flood_on_both_outputs_is_read_and_forgotten() -> None:
    error = await failure(script("import sys; sys.stderr.write('e'*3_000_000); sys.stdout.write('o'*3_000_000)"))
    assert "something else" in error.problem


async def test_one_that_is_not_there_is_said_to_be_unusable() -> None:
    error = await failure(CommandCredential(["/nowhere/at-all", "secret-argument"]))
    assert error.problem == "The command that prints the token cannot be run."


async def test_after_a_failure_the_next_call_runs_it_again(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    code = f"import pathlib,sys; p=pathlib.Path({str(flag)!r}); ok=p.exists(); p.touch()\n"
    code += "print('tok') if ok else sys.exit(1)"
    provider = script(code)
    await failure(provider)
    assert (await provider.token()).get_secret_value() == "tok"


async def test_a_call_that_is_given_up_leaves_the_way_free_for_the_next(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    code = f"import pathlib,time; p=pathlib.Path({str(flag)!r}); first=not p.exists(); p.touch()\n"
    code += "time.sleep(600) if first else print('tok')"
    provider = script(code)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(provider.token)
        while not flag.exists():  # noqa: ASYNC110 - another process makes it
            await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    assert (await provider.token()).get_secret_value() == "tok"
