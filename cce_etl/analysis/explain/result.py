"""The result of `explain`: figures for each question about a step type, and the sentences made of them."""

from html import escape
from typing import Any

import msgspec


class Window(msgspec.Struct, frozen=True):
    """A window of time: steps that start from `since` on and before `until`; `origin` says how it was chosen."""

    since: str
    until: str
    origin: str


class Durations(msgspec.Struct, frozen=True):
    """Durations of the measured successes of a window, in seconds; None where there are too few.

    Steps of one root job are alike. Therefore the median is that of one value per root job, the median of its steps,
    as in marts.duration_changes; low and high bound its 95% interval by order statistics. p95_seconds and
    step_median_seconds are of all steps. n counts steps, root_count their root jobs, running_count the steps that
    started in the window and had not ended.
    """

    median_seconds: float | None
    p95_seconds: float | None
    low: float | None
    high: float | None
    n: int
    root_count: int
    step_median_seconds: float | None
    running_count: int


class Ratio(msgspec.Struct, frozen=True):
    """The median of now over the median of before, one value per root job, with its 95% interval."""

    ratio: float
    low: float
    high: float


class Change(msgspec.Struct, frozen=True):
    """A change point of marts.duration_changes; after and before are median seconds, q is the false discovery rate."""

    source: str
    date: str
    after: float
    before: float
    ratio: float
    q: float
    last_before_at: str
    first_after_at: str
    after_root_count: int
    before_root_count: int
    first_seen_then: list[str]


class Shape(msgspec.Struct, frozen=True):
    """A tree shape that was first seen in the window, described but not tested; n counts root jobs.

    Medians are of one value per root job. The others are root jobs of the same type in the window and the baseline.
    """

    shape_id: str
    since: str
    n: int
    median_seconds: float
    other_median_seconds: float | None


class RootCounts(msgspec.Struct, frozen=True):
    """How many root jobs the search for changes and cohorts had, in all data and below all root types.

    source_root_count (of the source with most of them) and root_count have measured steps, finished_root_count
    finished ones.
    """

    source_root_count: int
    root_count: int
    finished_root_count: int


class Finding(msgspec.Struct, frozen=True):
    """A cohort of marts.step_cohorts that differs in `measure`, duration or failure.

    `since` is None for the whole history. n counts its root jobs, as the test does, and other_n those it is compared
    with. ratio is None where none of the others failed.
    """

    measure: str
    dimensions: list[str]
    values: list[str]
    ratio: float | None
    low: float | None
    high: float | None
    q: float
    n: int
    other_n: int
    step_count: int
    since: str | None
    median_seconds: float | None
    other_median_seconds: float | None
    failure_rate: float | None
    other_failure_rate: float | None


class FailureRate(msgspec.Struct, frozen=True):
    """The share of finished steps (n) that are to blame for a root job's failure, with Wilson's 95% interval.

    Of the failed steps, some failed in a root job that succeeded, and some in a root job that had not ended.
    """

    rate: float | None
    low: float | None
    high: float | None
    n: int
    blamed_count: int
    failed_count: int
    failed_in_success_count: int = 0
    failed_in_running_count: int = 0


class Reason(msgspec.Struct, frozen=True):
    """A reason of marts.failure_reasons, of all its sources together, over the whole history."""

    reason: str | None
    failure_count: int
    first_failed_at: str | None
    last_failed_at: str | None
    seconds_lost: float | None
    followed_count: int
    recovered_count: int
    recovery_rate: float | None
    example_job_id: str | None
    example_reason: str | None


class SlowJob(msgspec.Struct, frozen=True):
    """A root job of the window with its slowest measured step of the type."""

    source: str
    root_job_id: str
    root_job_type: str | None
    job_id: str
    path: str
    resource_name: str | None
    created_at: str
    duration_seconds: float


class Cost(msgspec.Struct, frozen=True):
    """What a step type costs, over the whole history of the sources that have it.

    The share is all its critical seconds over all root seconds, over all sources. With sub-steps, a step inside
    another step of the type does not count again.
    """

    critical_path_share: float | None
    minutes_saved_per_day: float | None
    critical_path_share_with_sub_steps: float | None = None


class Section(msgspec.Struct, frozen=True):
    """A heading of the page and its lines, each a sentence or a row, not wrapped."""

    title: str
    lines: list[str]


class Explanation(msgspec.Struct, frozen=True):
    """The answer of `explain`; times are ISO 8601 text in UTC, exact to the nanosecond.

    `queries` holds the SQL behind each part, as it was run, and `sections` the page in sentences.
    """

    step: str
    source: str | None
    root_type: str | None
    data_ends_at: str
    window: Window
    baseline: Window
    now: Durations
    before: Durations
    ratio: Ratio | None
    changes: list[Change]
    shapes: list[Shape]
    findings: list[Finding]
    tested: RootCounts
    cost: Cost
    failure_rate: FailureRate
    failure_rate_before: FailureRate
    reasons: list[Reason]
    slowest: list[SlowJob]
    queries: dict[str, str]
    sections: list[Section] = []

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as dicts and lists, ready for JSON or a frame: `DataFrame(it.to_dict()["findings"])`.

        The figures of `cost` are keys of the dict itself; queries and sections are left out.
        """
        plain: dict[str, Any] = msgspec.to_builtins(self)
        del plain["queries"], plain["sections"]
        cost: dict[str, Any] = plain.pop("cost")
        return plain | cost

    def _repr_html_(self) -> str:
        return "".join(
            f"<h4>{escape(section.title)}</h4>{''.join(f'<div>{escape(line)}</div>' for line in section.lines)}"
            for section in self.sections
        )
