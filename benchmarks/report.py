"""Turns measurements into lines: each figure, the bar it has to reach, and by how much it does or does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median, quantiles

from benchmarks.measure import Calls, Size, Startup

OURS = "drift-mcp"
START_BARS = {"bare": 1.10, "from_openapi": 0.65}
CALL_BARS = {"bare": 1.15}
MEMORY_BARS = {"bare": 1.15}
PAGE_BARS = {"from_openapi": 0.5}
LIST_BARS = {"default": 16 * 1024, "discovery": 5 * 1024}
TOOL_BAR = 900


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    what: str
    figure: str
    bar: str = ""
    verdict: str = ""


def startup_lines(results: Mapping[str, list[Startup]]) -> list[Line]:
    """Start-up, the call after it, and memory."""
    times = {name: [run.milliseconds for run in runs] for name, runs in results.items()}
    memory = {name: [run.megabytes for run in runs] for name, runs in results.items()}
    first = {name: [run.first_call for run in runs] for name, runs in results.items()}
    return [
        *(_line("start to complete list", n, f"{median(t):.0f} ms (least {min(t):.0f})") for n, t in times.items()),
        *_against(times, START_BARS),
        *(_line("the first call after that", n, f"{median(f):.0f} ms") for n, f in first.items()),
        *_against(first, {}),
        *(_line("peak memory after start", n, f"{median(m):.1f} MB") for n, m in memory.items()),
        *_against(memory, MEMORY_BARS),
    ]


def call_lines(results: Mapping[str, Calls]) -> list[Line]:
    """One call, and memory after all of them."""
    lines = []
    for name, result in results.items():
        p95 = quantiles(result.all, n=20)[-1]
        lines.append(_line("one call", name, f"p50 {median(result.all):.2f} ms, p95 {p95:.2f} ms"))
    lines += _against({name: result.medians for name, result in results.items()}, CALL_BARS)
    for name, result in results.items():
        lines.append(_line("peak memory after the calls", name, f"{result.megabytes:.1f} MB"))
    return lines + _against({name: [result.megabytes] for name, result in results.items()}, {})


def size_lines(results: Mapping[str, Size]) -> list[Line]:
    """The list of tools, by what is listed."""
    lines = []
    for name, size in results.items():
        figure = f"{size.bytes:,} bytes, {size.tools} tools ({size.bytes_with_output:,} with output schemas)"
        lines.append(_judged(f"tools/list, {name}", figure, size.bytes, LIST_BARS.get(name), "bytes"))
        bar = TOOL_BAR if name == "all" else None
        lines.append(_judged("  average of a tool", f"{size.per_tool:.0f} bytes", size.per_tool, bar, "bytes"))
        undescribed = Line("  parameters without description", f"{size.undescribed} of {size.parameters}")
        if name == "all":
            undescribed = replace(undescribed, bar="0", verdict="MISS" if size.undescribed else "pass")
        lines.append(undescribed)
    return lines


def page_lines(results: Mapping[str, int]) -> list[Line]:
    """A page of 25 conversations as the agent reads it."""
    lines = [_line("a page of 25 conversations", name, f"{size:,} bytes") for name, size in results.items()]
    return lines + _against({name: [size] for name, size in results.items()}, PAGE_BARS)


def table(lines: Sequence[Line]) -> str:
    """The lines in columns."""
    rows = [("what", "figure", "bar", "verdict"), *((x.what, x.figure, x.bar, x.verdict) for x in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def _line(what: str, name: str, figure: str) -> Line:
    return Line(f"{what}, {name}", figure)


def _against(figures: Mapping[str, Sequence[float]], bars: Mapping[str, float]) -> list[Line]:
    """Ours to each peer: the median of the ratios pair by pair, with the middle half of them in brackets."""
    if OURS not in figures:
        return []
    lines = []
    for peer in figures:
        if peer == OURS:
            continue
        ratios = [a / b for a, b in zip(figures[OURS], figures[peer], strict=True)]
        figure = f"{median(ratios):.3f} ×"
        if len(ratios) > 3:
            low, _, high = quantiles(ratios, n=4)
            figure += f"  [{low:.2f}–{high:.2f}]"
        lines.append(_judged(f"  {OURS} to {peer}", figure, median(ratios), bars.get(peer), "×"))
    return lines


def _judged(what: str, figure: str, value: float, bar: float | None, unit: str) -> Line:
    if bar is None:
        return Line(what, figure)
    share = abs(value / bar - 1)
    verdict = f"pass, {share:.1%} to spare" if value <= bar else f"MISS by {share:.1%}"
    return Line(what, figure, f"≤ {bar:,} {unit}", verdict)
