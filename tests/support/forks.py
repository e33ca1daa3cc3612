"""`drift-mcp` run to its end as `run` does, but in forks of one process that has imported it: most of a short command's
CPU time goes into imports. A fork is a process of its own, with its own environment, outputs and exit status.

Run as a script, this file is that process: a request and an answer a line, as JSON.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

_IMPORTED = (
    "anyio._backends._asyncio",
    "httpcore",
    "truststore",
    "drift_mcp.commands.connections",
    "drift_mcp.commands.doctor",
    "drift_mcp.connections",
    "drift_mcp.credentials.stored",
    "drift_mcp.doctor.access",
    "drift_mcp.doctor.clients",
    "drift_mcp.doctor.configuration",
    "drift_mcp.drift.gateway",
    "drift_mcp.execute",
    "drift_mcp.http.authentication",
    "drift_mcp.operations.app",
    "drift_mcp.telemetry.logs",
)
PATIENCE = 60
"""Seconds after which a fork that does not end is ended."""


class Forks:
    """The process to fork, in the folder `cwd`. POSIX only."""

    def __init__(self, env: dict[str, str], cwd: Path) -> None:
        command = (sys.executable, "-P", str(Path(__file__)))
        self._child = subprocess.Popen(command, env=env, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, args: tuple[str, ...], env: dict[str, str]) -> tuple[int, str, str]:
        """The exit status and the outputs of `drift-mcp` with these arguments and nothing but this environment."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps({"args": args, "env": env}).encode() + b"\n")
        self._child.stdin.flush()
        answer: dict[str, Any] = json.loads(self._child.stdout.readline())
        return answer["status"], answer["stdout"], answer["stderr"]

    def close(self) -> None:
        for pipe in (self._child.stdin, self._child.stdout):
            assert pipe is not None
            pipe.close()
        self._child.wait(PATIENCE)


def _serve() -> None:
    # What commands import when they are used. None of it starts a thread or a loop.
    for name in _IMPORTED:
        import_module(name)
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            fork = os.fork()
            if fork == 0:
                _command(asked["args"], asked["env"], out.fileno(), err.fileno())
            _, ended = os.waitpid(fork, 0)
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode())
        answer = {"status": os.waitstatus_to_exitcode(ended), "stdout": texts[0], "stderr": texts[1]}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _command(args: list[str], env: dict[str, str], out: int, err: int) -> None:
    """Become the command. Does not return."""
    status = 1
    try:
        signal.alarm(PATIENCE)
        os.environ.clear()
        os.environ.update(env)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (out, 1), (err, 2)):
            os.dup2(source, target)
        sys.argv = ["drift-mcp", *args]
        from drift_mcp.cli import main

        try:
            main()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


if __name__ == "__main__":
    _serve()
