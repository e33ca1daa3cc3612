"""`python -m benchmarks`: measure this server and its two peers in one run, print the table."""

import argparse
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import measure, report, servers
from benchmarks.measure import Env
from benchmarks.pipe import Failed
from benchmarks.servers import Candidate

PARTS = ("startup", "calls", "sizes", "page")


def main() -> int:
    """Run what was asked for. The exit code is 1 when a bar was missed or a server could not be measured."""
    options = _options()
    with measure.running_stub() as port:
        env = servers.environment(port)
        candidates, failures = _candidates(env)
        results, lines = _measure(options, candidates, env, failures)
    lines += [report.Line("not measured", name, "", "MISS") for name in failures]
    print(f"{platform.python_version()} on {os.cpu_count()} cores, {datetime.now(UTC):%Y-%m-%d}\n")
    print(report.table(lines))
    for name, why in failures.items():
        print(f"\n{name}: {why}", file=sys.stderr)
    if options.json:
        document = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "results": measure.plain(results),
            "lines": [vars(line) for line in lines],
            "failures": failures,
        }
        options.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return int(any(line.verdict.startswith("MISS") for line in lines))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="one part; repeatable (default: all)")
    parser.add_argument("--runs", type=int, default=15, help="starts of each server (default: 15)")
    parser.add_argument("--blocks", type=int, default=15, help="blocks of calls on each server (default: 15)")
    parser.add_argument("--calls", type=int, default=20, help="calls in a block (default: 20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every sample as JSON")
    return parser.parse_args()


def _candidates(env: Env) -> tuple[list[Candidate], dict[str, str]]:
    """The servers that work here, and why the others do not."""
    candidates, failures = [], {}
    makers = {"drift-mcp": servers.ours, "bare": servers.bare, "from_openapi": servers.from_openapi}
    for name, make in makers.items():
        try:
            candidate = make()
            measure.works(candidate, env)
        except (Failed, RuntimeError, OSError) as error:
            failures[name] = str(error)
        else:
            candidates.append(candidate)
    return candidates, failures


def _measure(
    options: argparse.Namespace, candidates: list[Candidate], env: Env, failures: dict[str, str]
) -> tuple[dict[str, Any], list[report.Line]]:
    parts = options.only or PARTS
    results: dict[str, Any] = {}
    lines: list[report.Line] = []
    if "startup" in parts:
        results["startup"] = measure.startup(candidates, env, options.runs)
        lines += report.startup_lines(results["startup"])
    if "calls" in parts:
        results["calls"] = measure.calls(candidates, env, options.blocks, options.calls)
        lines += report.call_lines(results["calls"])
    if "sizes" in parts:
        results["sizes"] = _sizes(candidates, env, failures)
        lines += report.size_lines(results["sizes"])
    if "page" in parts:
        results["page"] = {}
        for candidate in candidates:
            if candidate.page:
                results["page"][candidate.name] = measure.page(candidate, env)
        lines += report.page_lines(results["page"])
    return results, lines


def _sizes(candidates: list[Candidate], env: Env, failures: dict[str, str]) -> dict[str, measure.Size]:
    """Our list in its three forms, and the others' lists."""
    sizes = {}
    for candidate in candidates:
        if candidate.name != report.OURS:
            sizes[candidate.name] = measure.size(candidate, env)
            continue
        forms = {"default": (), "discovery": ("--toolsets", "discovery"), "all": ("--toolsets", "all")}
        for form, flags in forms.items():
            try:
                sizes[form] = measure.size(servers.ours(*flags), env)
            except Failed as error:
                failures[f"tools/list, {form}"] = str(error)
    return sizes


if __name__ == "__main__":
    sys.exit(main())
