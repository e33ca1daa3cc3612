"""Several processes that share one port, started and watched by this one."""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable

from drift_mcp.http.said import say
from drift_mcp.settings import InvalidSetting

CANNOT_START = 3
"""A worker's exit status when another try would end the same way. Then all of them end."""
_PAUSE = 0.5
"""Seconds before a dead worker is replaced: one that dies at once must not take all the machine's time."""
_SIGNALS = {signal.SIGTERM, signal.SIGINT}


def run_workers(count: int, listener: socket.socket, work: Callable[[], int]) -> int:
    """Run `work` in `count` processes until SIGTERM or SIGINT; the exit status.

    A worker that dies is replaced, and the others go on. At the end each of them ends in good order. None outlives this
    process, even when it is killed.
    """
    awaited = {*_SIGNALS, signal.SIGCHLD}
    signal.signal(signal.SIGCHLD, lambda *_: None)  # what is ignored by default may not be waited for everywhere
    # From here on signals wait until they are asked for, so that none comes between two lines.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    alive_end, our_end = os.pipe()
    running: set[int] = set()

    def start() -> None:
        pid = os.fork()
        if pid:
            running.add(pid)
            return
        status = 1
        try:
            os.close(our_end)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            threading.Thread(target=_end_with, args=(alive_end,), daemon=True).start()
            status = work()
        except InvalidSetting as error:  # a file has changed since the first process read it
            say(str(error))
        except Exception as error:
            say(f"{type(error).__name__} in a worker")
        finally:
            os._exit(status)

    for _ in range(count):
        start()
    status = 0
    ending = False
    while running:
        if signal.sigwait(awaited) in _SIGNALS and not ending:
            ending = True
            listener.close()
            _end(running)
        for exit_status in _ended(running):
            if ending:
                continue
            if exit_status == CANNOT_START:
                ending, status = True, 1
                listener.close()
                _end(running)
            else:
                say(f"a worker has died ({exit_status}); another takes its place")
                time.sleep(_PAUSE)
                start()
    return status


def _end(running: set[int]) -> None:
    for pid in running:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def _ended(running: set[int]) -> list[int]:
    """The exit statuses of those that have ended since the last time."""
    found = []
    for pid in list(running):
        gone, status = os.waitpid(pid, os.WNOHANG)
        if gone:
            running.discard(pid)
            found.append(os.waitstatus_to_exitcode(status))
    return found


def _end_with(alive_end: int) -> None:
    """End this process in good order once nobody holds the other end of the pipe any more."""
    os.read(alive_end, 1)
    os.kill(os.getpid(), signal.SIGTERM)
