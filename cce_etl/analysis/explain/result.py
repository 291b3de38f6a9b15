"""What is known of one step type: now against before, when, for whom, at what cost, how often and why it fails.

Lives here: the frozen result, its plain form, its form in a notebook.
Does not: finding it (`explain`), SQL (`explanation_queries`), sentences (`explanation_text`).
"""

from html import escape
from typing import Any

import msgspec


class Window(msgspec.Struct, frozen=True):
    """Hold a span of time by the start of its steps: from `since`, before `until`; `origin` says who chose it."""

    since: str
    until: str
    origin: str


class Durations(msgspec.Struct, frozen=True):
    """Describe the measured successes of a window, in seconds; None where there is too little.

    Steps of one root job are alike, so that the median is taken of one value per root job, the median of its steps, as
    in marts.duration_changes; low and high bound its 95% interval by order statistics. p95_seconds and
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
    """Hold how many times as long the median root job's step takes, and its 95% interval."""

    ratio: float
    low: float
    high: float


class Change(msgspec.Struct, frozen=True):
    """Hold a change point of marts.duration_changes; after and before are median seconds, n counts are root jobs."""

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
    """Describe a shape of the tree that was first seen in the window, untested; n counts root jobs.

    Medians are of one value a root job, the others' of the window and the baseline, below the same root type.
    """

    shape_id: str
    since: str
    n: int
    median_seconds: float
    other_median_seconds: float | None


class RootCounts(msgspec.Struct, frozen=True):
    """Count the root jobs there were to look for changes (in the source with most of them) and cohorts.

    Of all data and root types; measured for durations, finished for failures.
    """

    source_root_count: int
    root_count: int
    finished_root_count: int


class Finding(msgspec.Struct, frozen=True):
    """Hold a cohort of marts.step_cohorts that differs in `measure`, duration or failure.

    `since` is None for the whole history; n counts root jobs, as the test does, other_n those it is compared with;
    ratio is None where none of those failed.
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
    """Hold the share of finished steps (n) that a root's failure is blamed on, with Wilson's 95% interval.

    Of the failed ones, some failed in a root job that succeeded, and some in one that had not ended.
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
    """Hold a kind of failure of marts.failure_reasons, its sources together, over the whole history."""

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
    """Hold a root job of the window and its slowest measured step of the type."""

    source: str
    root_job_id: str
    root_job_type: str | None
    job_id: str
    path: str
    resource_name: str | None
    created_at: str
    duration_seconds: float


class Cost(msgspec.Struct, frozen=True):
    """Hold what a step type costs, over the whole history of the sources that have it.

    Sources are put together by their root seconds: the share is all critical seconds over all root seconds. With
    sub-steps, those of steps of the type inside each other count once.
    """

    critical_path_share: float | None
    minutes_saved_per_day: float | None
    critical_path_share_with_sub_steps: float | None = None


class Explanation(msgspec.Struct, frozen=True):
    """Hold the answer of `explain`; times are ISO 8601 text in UTC, exact to the nanosecond.

    `queries` holds the SQL behind each part, as it was run; `cost` is found flat in `to_dict`.
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

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists, ready for JSON or a frame: `pandas.DataFrame(it.to_dict()["findings"])`."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        del plain["queries"]
        cost: dict[str, Any] = plain.pop("cost")
        return plain | cost

    def _repr_html_(self) -> str:
        from cce_etl.analysis.explain.text import sections

        return "".join(
            f"<h4>{escape(section.title)}</h4>{''.join(f'<div>{escape(line)}</div>' for line in section.lines)}"
            for section in sections(self)
        )
