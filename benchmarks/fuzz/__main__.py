"""`python -m benchmarks.fuzz`: generated tool calls and malformed messages. Exit code 1 if anything goes wrong."""

import argparse
import logging
import os
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.fuzz import protocol, tools
from tests.conftest import DRIFT_MCP, Process
from tests.http.host import Host

SHOWN = 20


def main() -> int:
    options = _options()
    logging.getLogger("drift_mcp").setLevel(logging.CRITICAL)
    bad = 0
    with tempfile.TemporaryDirectory() as home:
        if options.calls:
            bad += _calls(options.calls, options.seed, Path(home), options.only)
        env = {name: value for name, value in os.environ.items() if not name.startswith("DRIFT_")}
        env |= {"XDG_STATE_HOME": home, "DRIFT_SANDBOX": "1", "DRIFT_LOG_LEVEL": "INFO"}
        if options.messages:
            bad += _messages(options.messages, options.seed, env, Path(home))
    return int(bool(bad))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000, help="tool calls (default: 100,000)")
    parser.add_argument("--messages", type=int, default=5_000, help="messages over each transport (default: 5,000)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default="", help="one tool")
    return parser.parse_args()


def _calls(number: int, seed: int, home: Path, only: str) -> int:
    began = time.monotonic()
    found = tools.run(number, seed, home, only)
    seconds = time.monotonic() - began
    print(
        f"{found.calls:,} tool calls, {found.requests:,} requests to Drift, {seconds:.0f} s, "
        f"slowest call {found.slowest:.2f} s; {len(found.wrong)} findings"
    )
    print("  " + ", ".join(f"{kind} {count:,}" for kind, count in found.kinds.most_common()))
    first: dict[tuple[str, str], tuple[str, str, str]] = {}
    for each in found.wrong:
        first.setdefault((re.split(r"[:\d]", each[0])[0], each[1]), each)
    for what, tool, arguments in list(first.values())[:SHOWN]:
        print(f"{what}: {tool} {arguments}", file=sys.stderr)
    return len(found.wrong)


def _messages(number: int, seed: int, env: dict[str, str], home: Path) -> int:
    """Malformed messages to a server over stdio, and to one over HTTP."""
    piped = Process((*DRIFT_MCP, "serve"), env, home)
    hosting = Process((*DRIFT_MCP, "serve", "--transport", "http", "--port", "0"), env, home)
    bad = 0
    try:
        for name, run in (
            ("stdio", lambda: protocol.over_stdio(piped, number, seed)),
            ("HTTP", lambda: protocol.over_http(hosting, Host(hosting).url, number, seed)),
        ):
            began = time.monotonic()
            found = run()
            seconds = time.monotonic() - began
            print(f"{found.messages:,} messages over {name}, {seconds:.0f} s; {len(found.wrong)} findings")
            print("  answers: " + ", ".join(f"{kind} {count:,}" for kind, count in found.answers.most_common()))
            kinds = Counter(what for what, _ in found.wrong)
            for what, _ in kinds.most_common(SHOWN):
                example = next(message for each, message in found.wrong if each == what)
                print(f"{kinds[what]} × {what}: {example}", file=sys.stderr)
            bad += len(found.wrong)
    finally:
        for process in (piped, hosting):
            process.end()
    return bad


if __name__ == "__main__":
    sys.exit(main())
