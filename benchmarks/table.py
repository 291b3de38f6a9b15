"""Draw the measured rows and targets as one table, for the terminal and in Markdown."""

from collections.abc import Sequence
from typing import Final

from benchmarks.harness import Role, Row, Target

_MEGABYTE: Final = 1_000_000
HEADINGS: Final = (
    "benchmark", "contender", "role", "done", "runs", "seconds (least to most)", "per second", "CPU s", "CPU ms each",
    "peak MB", "time to ours",
)  # fmt: skip
TARGET_HEADINGS: Final = ("benchmark", "target", "limit", "measured", "met")


def cells(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Return the table's cells, a line a row; times are compared with ours of the same benchmark."""
    ours = {row.benchmark: row.result for row in rows if row.role is Role.OURS}
    return [_cells(row, row.result.seconds / ours[row.benchmark].seconds) for row in rows]


def _cells(row: Row, ratio: float) -> tuple[str, ...]:
    result = row.result
    seconds = [sample.seconds for sample in result.samples]
    spread = f" ({figure(min(seconds))} to {figure(max(seconds))})" if len(seconds) > 1 else ""
    return (
        row.benchmark,
        row.contender,
        row.role.value,
        f"{result.units:,} {row.unit}",
        str(len(seconds)),
        f"{figure(result.seconds)}{spread}",
        figure(result.units_per_second),
        figure(result.cpu_seconds),
        figure(1_000 * result.cpu_seconds_per_unit),
        f"{result.peak_bytes / _MEGABYTE:,.0f}",
        f"{ratio:.2f}",
    )


def target_cells(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Return every target with its figure, in the order of the rows."""
    return [(row.benchmark, *_target_cells(target)) for row in rows for target in row.targets]


def _target_cells(target: Target) -> tuple[str, str, str, str]:
    side = "at most" if target.is_ceiling else "at least"
    return target.words, f"{side} {figure(target.limit)}", figure(target.value), "yes" if target.is_met else "MISSED"


def figure(value: float) -> str:
    """Return a number with three figures that count, as plain digits."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def aligned(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table of columns as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(headings, *lines, strict=True)]
    rule = ["-" * width for width in widths]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in (headings, rule, *lines))


def markdown(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return the same as a table of Markdown."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (headings, ["---"] * len(headings), *lines))
