"""The sentences: how sure they are, and that no evidence is said."""

import msgspec
import pytest

from cce_etl.analysis.explain.result import (
    Change,
    Cost,
    Durations,
    Explanation,
    FailureRate,
    Finding,
    Ratio,
    Reason,
    RootCounts,
    Shape,
    SlowJob,
    Window,
)
from cce_etl.analysis.explain.text import sections

FEW = Durations(12.34, 20.0, None, None, 3, 1, 12.34, 0)
MANY = Durations(774.4, 1_933.0, 700.0, 850.0, 120, 60, 780.0, 3)
NONE_FAILED = FailureRate(0.0, 0.0, 0.03, 120, 0, 0)
CHANGE = Change(
    *("eu", "2026-05-22T10:00:00Z", 900.0, 300.0, 3.0, 0.0002, "2026-05-21T00:00:00Z", "2026-05-23T20:00:00Z"),
    *(30, 40, ["cluster.version=v1.29"]),
)
FINDING = Finding(
    *("duration", ["flavor", "zone"], ["large", "b"], 3.14, 2.5, 3.6, 1.2e-12, 31, 1, 90, "2026-05-22T00:00:00Z"),
    *(950.0, 290.0, None, None),
)
REASON = Reason("quota of <name> exceeded", 4, None, "2026-06-21T08:00:00Z", 10.0, 3, 2, 2 / 3, "job 1", None)
QUIET = Explanation(
    step="InstallMaster",
    source=None,
    root_type=None,
    data_ends_at="2026-06-29T00:00:00Z",
    window=Window("2026-06-01T00:00:00Z", "2026-06-29T00:00:00Z", "the last 28 days"),
    baseline=Window("2026-05-04T00:00:00Z", "2026-06-01T00:00:00Z", "equally long before"),
    now=MANY,
    before=FEW,
    ratio=None,
    changes=[],
    shapes=[],
    findings=[],
    tested=RootCounts(14, 20, 20),
    cost=Cost(None, None),
    failure_rate=NONE_FAILED,
    failure_rate_before=FailureRate(None, None, None, 0, 0, 0),
    reasons=[],
    slowest=[],
    queries={},
)


def said(**parts: object) -> str:
    """Return the page of a quiet step with some parts changed, on one line."""
    return " | ".join(line for section in sections(msgspec.structs.replace(QUIET, **parts)) for line in section.lines)


def test_durations_come_with_their_interval_and_what_they_are_from() -> None:
    assert (
        "Now:    median 774 s, 95% interval 700 to 850 s, p95 1,933 s, from 120 steps in 60 jobs; 3 more had not ended."
    ) in said()


def test_too_few_jobs_are_said() -> None:
    page = said()
    assert "Before: median 12.3 s, no interval with fewer than 6 jobs, p95 20.0 s, from 3 steps in 1 job." in page
    assert "Too few jobs to tell whether it changed" in page


def test_many_steps_that_had_not_ended_are_a_caution() -> None:
    caution = "so its durations may be too low"
    assert caution in said(now=msgspec.structs.replace(MANY, running_count=7))
    assert caution not in said(now=msgspec.structs.replace(MANY, running_count=6))


def test_an_interval_with_1_in_it_is_no_evidence_of_a_change() -> None:
    assert "1.05 times as long as before, 95% interval 0.90 to 1.20: no evidence that it changed." in said(
        ratio=Ratio(1.05, 0.9, 1.2)
    )
    assert "95% interval 0.40 to 0.90." in said(ratio=Ratio(0.6, 0.4, 0.9))


def test_no_evidence_is_an_answer() -> None:
    page = said(
        failure_rate=FailureRate(None, None, None, 0, 0, 0), now=Durations(None, None, None, None, 0, 0, None, 0)
    )
    for answer in (
        "Now:    no successful step with a start and an end time.",
        "No change was found: there is no evidence",
        "No cohort differs: there is no evidence",
        "it takes on the critical path: unknown.",
        "Now:    no finished step.",
        "It is not to blame for any failed root job",
        "No step succeeded with a start and an end time.",
    ):
        assert answer in page


def test_a_change_says_between_which_jobs_it_lies_and_what_was_first_seen_then() -> None:
    assert (
        "2026-05-22 10:00 (between 2026-05-21 00:00 and 2026-05-23 20:00), source eu: 3.00 times as long as before, "
        "median 300 s before, 900 s after; from 40 and 30 jobs, q 0.0002. First seen then: cluster.version=v1.29."
    ) in said(changes=[CHANGE])


def test_a_finding_names_its_cohort_and_how_sure_it_is() -> None:
    assert (
        "1. flavor large and zone b, since 2026-05-22 00:00: 3.14 times as long as the others, 95% interval 2.50 to "
        "3.60 (median 950 s against 290 s); 31 jobs against 1, q 1.2e-12."
    ) in said(findings=[FINDING])


def test_a_finding_of_failures_speaks_of_rates() -> None:
    failing = msgspec.structs.replace(
        FINDING, measure="failure", since=None, failure_rate=0.25, other_failure_rate=0.04, low=None
    )
    assert "over all data: 3.14 times the failure rate of the others (25.0% of jobs against 4.0%)" in said(
        findings=[failing]
    )


def test_failures_in_a_cohort_alone_have_no_ratio() -> None:
    alone = msgspec.structs.replace(
        FINDING, measure="failure", ratio=None, low=None, high=None, failure_rate=0.5, other_failure_rate=0.0
    )
    assert "since 2026-05-22 00:00: some failed, and none of the others did (50.0% of jobs against 0.0%)" in said(
        findings=[alone]
    )


def test_failures_that_others_are_to_blame_for_are_told_apart() -> None:
    assert (
        "Now:    5.0%, 95% interval 2.5 to 9.5%: 6 of 120 finished steps made their job fail; "
        "4 more failed, but another step was to blame."
    ) in said(failure_rate=FailureRate(0.05, 0.025, 0.095, 120, 6, 10))


def test_reasons_say_how_often_it_went_well_later() -> None:
    assert (
        "- 4 x quota of <name> exceeded, last 2026-06-21, the next job succeeded 2 of 3 times; for example job job 1"
        in said(reasons=[REASON])
    )
    bare = msgspec.structs.replace(REASON, reason=None, last_failed_at=None, followed_count=0, example_job_id=None)
    assert "- 4 x no reason given; for example job unknown" in said(reasons=[bare])


@pytest.mark.parametrize(
    ("part", "one", "answer"),
    [
        ("changes", CHANGE, "8 more earlier changes"),
        ("findings", FINDING, "7 more findings"),
        ("reasons", REASON, "7 more reasons"),
    ],
)
def test_what_does_not_fit_the_page_is_counted(part: str, one: object, answer: str) -> None:
    assert answer in said(**{part: [one] * 10})


def test_names_stay_on_one_line_and_of_bounded_length() -> None:
    job = SlowJob("eu", "a\nb " + "c" * 200, None, "step", "0", None, "2026-06-20T00:00:00Z", 1_933.4)
    assert said(slowest=[job]).endswith(f"|   1,933 s  2026-06-20 00:00  job a b {'c' * 53}...")


def test_what_is_narrowed_is_said() -> None:
    narrowed = msgspec.structs.replace(QUIET, source="eu", root_type="CreateCluster")
    page = sections(narrowed)
    assert "In source eu, below root type CreateCluster." in page[0].lines[0]
    assert page[2].title == "When it changed (of all root types)"


def test_too_few_jobs_to_look_are_told_apart_from_no_evidence() -> None:
    page = said(tested=RootCounts(13, 19, 19))
    assert "Too few jobs to look for a change: there are 13, and at least 14 are needed." in page
    assert "Too few jobs to look for a cohort: there are 19, and at least 20 are needed." in page
    assert "no evidence" not in page


def test_failures_can_be_looked_for_where_durations_cannot() -> None:
    page = said(tested=RootCounts(14, 19, 20))
    assert "Too few jobs to look for a slower cohort: there are 19, and at least 20 are needed." in page
    assert "No cohort differs: there is no evidence that any fails more often than the others." in page
    assert "No change was found" in page


def test_nothing_measured_is_nothing_to_compare_and_no_caution() -> None:
    nothing = Durations(None, None, None, None, 0, 0, None, 5)
    page = said(now=nothing)
    assert "Nothing to compare: no step was measured now." in page
    assert "Short steps" not in page
    assert "no step was measured now or before." in said(now=nothing, before=nothing)
    assert "no step was measured before." in said(before=nothing)


def test_a_new_shape_is_described_and_said_not_to_be_tested() -> None:
    shape = Shape("abc", "2026-06-05T10:00:00Z", 60, 200.0, 102.0)
    page = said(shapes=[shape, msgspec.structs.replace(shape, other_median_seconds=None), shape])
    assert (
        "so a change that came with a new shape is not found here. | New shape of the job since 2026-06-05: 60 jobs, "
        "median 200 s against 102 s in the others (not a finding: shapes are described, not tested)."
    ) in page
    assert "60 jobs, median 200 s (not a finding" in page
    assert "1 more new shape: see --json." in page
    assert "New shape" not in said()


def test_the_share_with_sub_steps_is_said_where_it_differs() -> None:
    assert "it takes on the critical path: 0.0% by itself, 45.1% with its sub-steps." in said(
        cost=Cost(0.0, 1.0, 0.451)
    )
    assert "it takes on the critical path: 32.2%." in said(cost=Cost(0.322, 1.0, 0.3229))


def test_a_step_that_failed_in_a_job_that_did_not_is_nobodys_to_blame() -> None:
    page = said(failure_rate=FailureRate(0.05, 0.025, 0.095, 120, 6, 12, 2, 1))
    assert (
        "made their job fail; 3 more failed, but another step was to blame; 2 more failed, in a job that succeeded; "
        "1 more failed, in a job that still runs."
    ) in page


def test_what_the_reasons_and_the_slowest_jobs_are_of_is_said() -> None:
    assert "Reasons, in all data:" in said(reasons=[REASON])
    assert "Reasons, in all data (of all root types):" in said(reasons=[REASON], root_type="CreateCluster")
    failed = msgspec.structs.replace(QUIET, failure_rate=FailureRate(0.1, 0.0, 0.2, 10, 1, 1))
    assert sections(QUIET)[-1].title == "The slowest jobs of the window"
    assert sections(failed)[-1].title == "The slowest jobs of the window (only steps that succeeded)"
