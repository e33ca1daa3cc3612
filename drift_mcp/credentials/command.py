"""A token that a command prints: a password manager's, a cloud's, one's own script."""

import logging
import subprocess
import time
from collections.abc import Callable, Sequence

import anyio
from anyio.abc import ByteReceiveStream
from pydantic import SecretStr

from drift_mcp.credentials import ACCESS, AppSource, Credential, MissingCredential, UnreachableCredential, no_app
from drift_mcp.credentials.shown import shown_program

log = logging.getLogger(__name__)

TIME_LIMIT = 30.0
"""Seconds that the command may take: enough to touch a key, less than a call to Drift may take."""
KEPT = 900.0
"""Seconds for which what it printed is used, unless Drift refuses it before."""
_LARGEST = 65_536


class CommandCredential(Credential):
    """The token that `command`, a program and its arguments, prints. No shell reads it.

    It runs at the first call, when its token is older than `kept` seconds, and once when Drift refuses the token; calls
    that come meanwhile wait for the same run.
    """

    def __init__(
        self,
        command: Sequence[str],
        app: AppSource = no_app,
        *,
        time_limit: float = TIME_LIMIT,
        kept: float = KEPT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(app)
        self._command = list(command)
        self._time_limit = time_limit
        self._kept = kept
        self._clock = clock
        self._lock = anyio.Lock()
        self._token: SecretStr | None = None
        self._until = 0.0
        self._no_other: SecretStr | None = None

    async def token(self) -> SecretStr:
        async with self._lock:
            if self._token is None or self._clock() >= self._until:
                await self._run()
            assert self._token is not None
            return self._token

    async def renew(self, refused: SecretStr) -> SecretStr | None:
        async with self._lock:
            if self._token is None or self._token == refused:
                if self._no_other == refused and self._clock() < self._until:
                    return None
                await self._run()
            if self._token == refused:
                # Run again only when it would be anyway: a call that may not be made must not cost a run each time.
                self._no_other = refused
                return None
            return self._token

    async def _run(self) -> None:
        self._token = None
        self._token = await self._printed()
        self._until = self._clock() + self._kept

    async def _printed(self) -> SecretStr:
        out, err, name = bytearray(), bytearray(), shown_program(self._command[0])
        try:
            with anyio.fail_after(self._time_limit):
                async with (
                    await anyio.open_process(self._command, stdin=subprocess.DEVNULL) as process,
                    anyio.create_task_group() as tasks,
                ):
                    assert process.stdout is not None
                    assert process.stderr is not None
                    tasks.start_soon(_collect, process.stderr, err)
                    await _collect(process.stdout, out)
                    status = await process.wait()
        except TimeoutError:
            log.error("The token command %s did not end within %g s.", name, self._time_limit)
            raise UnreachableCredential(ACCESS, "The command that prints the token did not end in time.") from None
        except OSError as error:
            log.error("The token command %s cannot be run: %s", name, error.strerror)
            raise MissingCredential(ACCESS, "The command that prints the token cannot be run.") from None
        if err:
            # What it says may hold the secret.
            log.warning("The token command %s wrote %s bytes to stderr, not shown.", name, len(err))
        if status != 0:
            log.error("The token command %s failed with status %s.", name, status)
            raise MissingCredential(ACCESS, "The command that prints the token failed.")
        words = out.decode(errors="replace").split()
        if len(words) != 1 or len(out) > _LARGEST:
            log.error("The token command %s must print the token and nothing else.", name)
            raise MissingCredential(ACCESS, "The command that prints the token printed something else.")
        return SecretStr(words[0])


async def _collect(stream: ByteReceiveStream, into: bytearray) -> None:
    """Reads to the end, but keeps no more than is needed to see that it is too much."""
    async for chunk in stream:
        into += chunk[: max(0, _LARGEST + 1 - len(into))]
