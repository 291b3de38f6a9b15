"""An explanation in sentences that say how certain they are, also where there is no evidence."""

from collections.abc import Sequence
from typing import Final

from cce_etl.analysis.cohorts import MIN_JOBS
from cce_etl.analysis.explain import result
from cce_etl.analysis.explain.result import Section

_MAX_CHANGES: Final = 2
_MAX_FINDINGS: Final = 3
_MAX_SHAPES: Final = 2
_MAX_REASONS: Final = 3
_MAX_JOBS: Final = 5
_MAX_NAME_CHARACTERS: Final = 60
_MANY_RUNNING_SHARE: Final = 0.05
# The statistics search for a change with 7 jobs on each side of it, and for a cohort with 10 inside and 10 outside.
_MIN_JOBS_FOR_A_CHANGE: Final = 14
_MIN_JOBS_FOR_A_COHORT: Final = 20
_VISIBLE_SHARE: Final = 0.001
_SAME_SHAPE: Final = (
    "Only jobs of the same tree shape are compared, so a change that came with a new shape is not found here."
)


def sections(it: result.Explanation) -> list[Section]:
    """Return the page: the window, durations, changes, cohorts, cost, failures, slowest jobs."""
    everywhere = "" if it.root_type is None else " (of all root types)"
    succeeded = " (only steps that succeeded)" if it.failure_rate.failed_count else ""
    source = "all sources" if it.source is None else f"source {_name(it.source)}"
    root = "all root types" if it.root_type is None else f"root type {_name(it.root_type)}"
    scope = f"In {source}, below {root}. Now means this window; before means {_span(it.baseline)} "
    scope += f"({it.baseline.origin}). Times are UTC."
    share, with_sub_steps = it.cost.critical_path_share, it.cost.critical_path_share_with_sub_steps
    held = "unknown" if share is None else _percent(share)
    if share is not None and with_sub_steps is not None and with_sub_steps - share > _VISIBLE_SHARE:
        held += f" by itself, {_percent(with_sub_steps)} with its sub-steps"
    minutes = it.cost.minutes_saved_per_day
    saved = "unknown" if minutes is None else f"{_number(minutes)} minutes a day"
    cost = [
        f"Share of all root jobs' time that it takes on the critical path: {held}.",
        f"Time saved if every step above the 95th percentile took the median instead: {saved}.",
    ]
    return [
        Section(f"{_name(it.step)}, {_span(it.window)} ({it.window.origin})", [scope]),
        Section("How long it takes (the median counts each job once, the p95 every step)", _durations(it)),
        Section(f"When it changed{everywhere}", [*_changes(it.changes, it.tested), *_shapes(it.shapes)]),
        Section(f"For whom it is different{everywhere}", _findings(it.findings, it.tested)),
        Section(f"What it costs, in all data{everywhere}", cost),
        Section("How often it fails", _failures(it, everywhere)),
        Section(
            f"The slowest jobs of the window{succeeded}",
            [
                f"{_seconds(job.duration_seconds):>9}  {_minute(job.created_at)}  job {_name(job.root_job_id)}"
                for job in it.slowest[:_MAX_JOBS]
            ]
            or ["No step succeeded with a start and an end time."],
        ),
    ]


def _durations(it: result.Explanation) -> list[str]:
    lines = [f"Now:    {_described(it.now)}", f"Before: {_described(it.before)}"]
    if it.now.n and it.now.running_count > _MANY_RUNNING_SHARE * (it.now.n + it.now.running_count):
        lines.append("Many steps of this window had not ended. Short steps end first, so its durations may be too low.")
    empty = " or ".join(name for name, some in (("now", it.now), ("before", it.before)) if not some.n)
    if empty:
        return [*lines, f"Nothing to compare: no step was measured {empty}."]
    if it.ratio is None:
        return [*lines, "Too few jobs to tell whether it changed: the ratio has no interval."]
    ratio = f"{it.ratio.ratio:.2f} times as long as before, 95% interval {it.ratio.low:.2f} to {it.ratio.high:.2f}"
    is_clear = not it.ratio.low <= 1 <= it.ratio.high
    return [*lines, f"The median job: {ratio}{'.' if is_clear else ': no evidence that it changed.'}"]


def _described(some: result.Durations) -> str:
    running = f"; {some.running_count:,} more had not ended" if some.running_count else ""
    if some.median_seconds is None or some.p95_seconds is None:
        return f"no successful step with a start and an end time{running}."
    counts = f"from {_counted(some.n, 'step')} in {_counted(some.root_count, 'job')}"
    if some.low is None or some.high is None:
        interval = f"no interval with fewer than {MIN_JOBS} jobs"
    else:
        interval = f"95% interval {_number(some.low)} to {_seconds(some.high)}"
    return f"median {_seconds(some.median_seconds)}, {interval}, p95 {_seconds(some.p95_seconds)}, {counts}{running}."


def _changes(changes: Sequence[result.Change], tested: result.RootCounts) -> list[str]:
    if not changes and tested.source_root_count < _MIN_JOBS_FOR_A_CHANGE:
        return [_too_few("a change", tested.source_root_count, _MIN_JOBS_FOR_A_CHANGE)]
    if not changes:
        return ["No change was found: there is no evidence that the step type as a whole became slower or faster."]
    lines = []
    for one in reversed(changes[-_MAX_CHANGES:]):
        seen = f" First seen then: {', '.join(map(_name, one.first_seen_then[:3]))}." if one.first_seen_then else ""
        lines.append(
            f"{_minute(one.date)} (between {_minute(one.last_before_at)} and {_minute(one.first_after_at)}), "
            f"source {_name(one.source)}: {one.ratio:.2f} times as long as before, "
            f"median {_seconds(one.before)} before, {_seconds(one.after)} after; "
            f"from {one.before_root_count:,} and {_counted(one.after_root_count, 'job')}, q {one.q:.2g}.{seen}"
        )
    return lines + _more(len(changes) - len(lines), "earlier change")


def _too_few(what: str, count: int, least: int) -> str:
    return f"Too few jobs to look for {what}: there are {count:,}, and at least {least} are needed."


def _shapes(shapes: Sequence[result.Shape]) -> list[str]:
    lines = [_SAME_SHAPE]
    for one in shapes[:_MAX_SHAPES]:
        others = one.other_median_seconds
        against = "" if others is None else f" against {_seconds(others)} in the others"
        lines.append(
            f"New shape of the job since {_minute(one.since)[:10]}: {_counted(one.n, 'job')}, "
            f"median {_seconds(one.median_seconds)}{against} (not a finding: shapes are described, not tested)."
        )
    return lines + _more(len(shapes) - _MAX_SHAPES, "new shape")


def _findings(findings: Sequence[result.Finding], tested: result.RootCounts) -> list[str]:
    if not findings and tested.finished_root_count < _MIN_JOBS_FOR_A_COHORT:
        return [_too_few("a cohort", tested.finished_root_count, _MIN_JOBS_FOR_A_COHORT)]
    if not findings and tested.root_count < _MIN_JOBS_FOR_A_COHORT:
        slower = _too_few("a slower cohort", tested.root_count, _MIN_JOBS_FOR_A_COHORT)
        return [slower, "No cohort differs: there is no evidence that any fails more often than the others."]
    if not findings:
        return ["No cohort differs: there is no evidence that any is slower, or fails more often, than the others."]
    lines = [f"{number}. {_finding(one)}" for number, one in enumerate(findings[:_MAX_FINDINGS], 1)]
    return lines + _more(len(findings) - len(lines), "finding")


def _finding(one: result.Finding) -> str:
    pairs = zip(one.dimensions, one.values, strict=True)
    cohort = " and ".join(f"{_name(dimension)} {_name(value)}" for dimension, value in pairs)
    since = "over all data" if one.since is None else f"since {_minute(one.since)}"
    levels = ""
    if one.measure == "duration":
        kind = "times as long as the others"
        if one.median_seconds is not None and one.other_median_seconds is not None:
            levels = f" (median {_seconds(one.median_seconds)} against {_seconds(one.other_median_seconds)})"
    else:
        kind = "times the failure rate of the others"
        if one.failure_rate is not None and one.other_failure_rate is not None:
            levels = f" ({_percent(one.failure_rate)} of jobs against {_percent(one.other_failure_rate)})"
    difference = "some failed, and none of the others did" if one.ratio is None else f"{one.ratio:.2f} {kind}"
    if one.ratio is not None and one.low is not None and one.high is not None:
        difference += f", 95% interval {one.low:.2f} to {one.high:.2f}"
    jobs = f"{_counted(one.n, 'job')} against {one.other_n:,}"
    return f"{cohort}, {since}: {difference}{levels}; {jobs}, q {one.q:.2g}."


def _failures(it: result.Explanation, everywhere: str) -> list[str]:
    lines = [f"Now:    {_rate(it.failure_rate)}", f"Before: {_rate(it.failure_rate_before)}"]
    if not it.reasons:
        return [*lines, "It is not to blame for any failed root job, in all data."]
    lines.append(f"Reasons, in all data{everywhere}:")
    for one in it.reasons[:_MAX_REASONS]:
        last = "" if one.last_failed_at is None else f", last {_minute(one.last_failed_at)[:10]}"
        tries = f", the next job succeeded {one.recovered_count:,} of {one.followed_count:,} times"
        later = tries if one.followed_count else ""
        reason, example = _name(one.reason or "no reason given"), _name(one.example_job_id or "unknown")
        lines.append(f"- {one.failure_count:,} x {reason}{last}{later}; for example job {example}")
    return lines + _more(len(it.reasons) - _MAX_REASONS, "reason")


def _rate(some: result.FailureRate) -> str:
    if some.rate is None or some.low is None or some.high is None:
        return "no finished step."
    in_success, in_running = some.failed_in_success_count, some.failed_in_running_count
    others = {
        "but another step was to blame": some.failed_count - some.blamed_count - in_success - in_running,
        "in a job that succeeded": in_success,
        "in a job that still runs": in_running,
    }
    besides = "".join(f"; {count:,} more failed, {how}" for how, count in others.items() if count)
    interval = f"95% interval {100 * some.low:.1f} to {_percent(some.high)}"
    counts = f"{some.blamed_count:,} of {_counted(some.n, 'finished step')} made their job fail"
    return f"{_percent(some.rate)}, {interval}: {counts}{besides}."


def _more(count: int, what: str) -> list[str]:
    return [f"{_counted(count, 'more ' + what)}: see --json."] if count > 0 else []


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _seconds(seconds: float) -> str:
    return f"{_number(seconds)} s"


def _number(number: float) -> str:
    return f"{number:,.{0 if abs(number) >= 100 else 1 if abs(number) >= 10 else 2}f}"


def _percent(rate: float) -> str:
    return f"{100 * rate:.1f}%"


def _span(window: result.Window) -> str:
    return f"{_minute(window.since)} to {_minute(window.until)}"


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def _name(text: str) -> str:
    """Return a name or reason on one line and of bounded length: both are whatever the API sent."""
    line = " ".join(text.split())
    return line if len(line) <= _MAX_NAME_CHARACTERS else f"{line[: _MAX_NAME_CHARACTERS - 3]}..."
