"""The waterfalls of a few root jobs: a bar for each job of the tree, between the tree's first and last time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cce_etl.analysis.charts import NO_PHASE
from cce_etl.analysis.published import Published
from cce_etl.analysis.report import queries
from cce_etl.analysis.waterfalls import critical_path

if TYPE_CHECKING:
    import pandas

MAX_ROWS: Final = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """One job of a tree: its depth below the root, and its start and duration in seconds, None when unknown."""

    depth: int
    job_type: str | None
    phase: str
    start_seconds: float | None
    seconds: float | None
    is_on_critical_path: bool


@dataclass(frozen=True, slots=True)
class Waterfall:
    """One root job: its identity, the number of jobs in its tree, and the bars shown, the root's first.

    The starts of the bars count from the earliest time in the tree; `span_seconds` is from there to the latest time.
    """

    source: str
    job_id: str
    resource_name: str | None
    created_at: "pandas.Timestamp | None"
    job_count: int
    span_seconds: float
    bars: tuple[Bar, ...]


def read_waterfalls(published: Published, which: str) -> tuple[Waterfall, ...]:
    """Return the waterfalls of the root jobs that the query `which` returns, in its order."""
    chosen: Any = published.frame(which, [queries.MAX_WATERFALLS])
    return tuple(_waterfall(published, source, job_id) for source, job_id in chosen.itertuples(index=False, name=None))


def _waterfall(published: Published, source: str, job_id: str) -> Waterfall:
    tree = critical_path(published, job_id, source)
    job_count = len(tree)
    seconds: Any = tree["duration_seconds"].fillna(tree["elapsed_seconds"]).clip(lower=0)
    tree = tree.assign(seconds=seconds)
    start: Any = tree["offset_seconds"]
    first = _or_zero(start.min())
    last = max(_or_zero(start.max()), _or_zero((start + seconds).max()))
    if len(tree) > MAX_ROWS:
        length: Any = tree["seconds"].fillna(-1).where(tree["path"] != "", float("inf"))
        longest = length.sort_values(ascending=False, kind="stable").index[:MAX_ROWS]
        tree = tree[tree.index.isin(longest)]
    shown = queries.rows_of(tree)
    bars = tuple(
        Bar(
            row.depth,
            row.job_type,
            row.phase or NO_PHASE,
            None if row.offset_seconds is None else row.offset_seconds - first,
            row.seconds,
            row.is_on_critical_path and row.path != "",
        )
        for row in shown
    )
    return Waterfall(source, job_id, shown[0].resource_name, shown[0].created_at, job_count, last - first, bars)


def _or_zero(value: float) -> float:
    return value if value == value else 0.0  # noqa: PLR0124  only NaN differs from itself
