"""The waterfalls of a few jobs, as bars between the job's first and last clock.

Lives here: which rows are shown, and where their bars lie. Does not: reading one tree (`analysis.waterfalls`).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cce_etl.analysis.charts import NO_PHASE
from cce_etl.analysis.published import Published
from cce_etl.analysis.report import queries as questions
from cce_etl.analysis.report.rows import rows_of
from cce_etl.analysis.waterfalls import waterfall

if TYPE_CHECKING:
    import pandas

MOST_ROWS: Final = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """Hold one job of a tree: its place below the root, and its time in seconds; None where no clock tells."""

    depth: int
    job_type: str | None
    phase: str
    start_seconds: float | None
    seconds: float | None
    is_on_critical_path: bool


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Hold one root job: who it is, how many jobs its tree has, and the bars shown, the root's first.

    Bars' starts count from the earliest clock in the tree; `span_seconds` is from there to the latest.
    """

    source: str
    job_id: str
    resource_name: str | None
    created_at: "pandas.Timestamp | None"
    job_count: int
    span_seconds: float
    bars: tuple[Bar, ...]


def read_waterfalls(published: Published, which: str) -> tuple[Waterfall, ...]:
    """Return the waterfalls of the root jobs that the query `which` names, in its order."""
    chosen: Any = published.frame(which, [questions.MOST_WATERFALLS])
    return tuple(_waterfall(published, source, job_id) for source, job_id in chosen.itertuples(index=False, name=None))


def _waterfall(published: Published, source: str, job_id: str) -> Waterfall:
    tree = waterfall(published, job_id, source)
    critical = set(published.frame(questions.CRITICAL_PATHS, [source, job_id])["path"])
    seconds: Any = tree["duration_seconds"].fillna(tree["elapsed_seconds"]).clip(lower=0)
    tree = tree.assign(seconds=seconds, critical=tree["path"].isin(critical))
    start: Any = tree["offset_seconds"]
    first = _or_zero(start.min())
    last = max(_or_zero(start.max()), _or_zero((start + seconds).max()))
    shown = rows_of(_longest(tree))
    root, bars = shown[0], tuple(_bar(row, first) for row in shown)
    return Waterfall(source, job_id, root.resource_name, root.created_at, len(tree), last - first, bars)


def _longest(tree: "pandas.DataFrame") -> "pandas.DataFrame":
    if len(tree) <= MOST_ROWS:
        return tree
    length: Any = tree["seconds"].fillna(-1).where(tree["path"] != "", float("inf"))
    longest = length.sort_values(ascending=False, kind="stable").index[:MOST_ROWS]
    return tree[tree.index.isin(longest)]


def _bar(row: Any, first: float) -> Bar:
    start = None if row.offset_seconds is None else row.offset_seconds - first
    return Bar(row.depth, row.job_type, row.phase or NO_PHASE, start, row.seconds, row.critical)


def _or_zero(value: float) -> float:
    return value if value == value else 0.0  # noqa: PLR0124  NaN alone differs from itself
