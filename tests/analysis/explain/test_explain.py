"""A step explained from literal rows: which window, which rows, which figures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cce_etl.analysis import Explanation, Published, open_published
from cce_etl.analysis.explain.explain import explain
from cce_etl.errors import ConfigError, WarehouseError
from tests.analysis.explained import END, Rows, steps, write_published

Ask = Callable[..., Explanation]
NOW = steps([300, 310, 320, 330, 340, 350], "2026-06-20")
BEFORE = steps([100, 110, 120, 130, 140, 150], "2026-05-20")
COHORT = {"dimensions": ["flavor"], "dimension_values": ["large"]}


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Return what explains InstallMaster from rows of marts."""

    def explained(question: dict[str, Any] | None = None, **tables: Rows) -> Explanation:
        (tmp_path / "p.duckdb").unlink(missing_ok=True)
        path = write_published(tmp_path / "p.duckdb", **{"steps": [*NOW, *BEFORE], **tables})
        with open_published(path) as published:
            return explain(published, "InstallMaster", **(question or {}))

    return explained


def test_now_is_compared_with_the_equally_long_time_before(ask: Ask) -> None:
    found = ask()
    assert (found.window.since, found.window.until) == ("2026-06-01T00:00:00Z", "2026-06-29T00:00:00Z")
    assert (found.baseline.since, found.baseline.until) == ("2026-05-04T00:00:00Z", "2026-06-01T00:00:00Z")
    assert found.window.origin == "the last 28 days"
    now, before = found.now, found.before
    assert (now.median_seconds, now.p95_seconds, now.low, now.high, now.n, now.root_count) == (
        325,
        347.5,
        300,
        350,
        6,
        6,
    )
    assert (before.median_seconds, before.low, before.high) == (125, 100, 150)
    assert found.ratio is not None
    assert found.ratio.ratio == pytest.approx(2.6)
    assert 1 < found.ratio.low < 2.6 < found.ratio.high


def test_the_window_begins_with_the_last_change_before_its_end(ask: Ask) -> None:
    days = ["2026-06-10 06:00:00.000000001", "2026-05-01", "2026-07-01"]
    found = ask(duration_changes=[{"changed_at": day, "last_before_at": day, "first_after_at": day} for day in days])
    assert [change.date for change in found.changes] == ["2026-05-01T00:00:00Z", "2026-06-10T06:00:00.000000001Z"]
    assert found.window.since == "2026-06-10T06:00:00.000000001Z"
    assert found.window.origin == "since the last change"
    assert found.baseline.since == "2026-05-22T12:00:00.000000002Z"


def test_what_is_no_finding_or_of_another_step_or_source_begins_no_window(ask: Ask) -> None:
    times = dict.fromkeys(("changed_at", "last_before_at", "first_after_at"), "2026-06-10")
    others: Rows = [times | {"is_finding": False}, times | {"job_type": "Other"}, times | {"source": "t"}]
    found = ask({"source": "s"}, duration_changes=others)
    assert found.changes == []
    assert found.window.origin == "the last 28 days"


def test_without_a_change_of_the_step_the_window_begins_with_that_of_a_slow_cohort(ask: Ask) -> None:
    rows: Rows = [
        COHORT | {"since": "2026-06-05"},
        COHORT | {"since": "2026-06-09", "measure": "failure", "rank": 1},
        COHORT | {"rank": 2},
    ]
    found = ask(step_cohorts=rows)
    assert found.window.since == "2026-06-05T00:00:00Z"
    assert found.window.origin == "since a cohort's change"
    assert [(one.measure, one.since) for one in found.findings] == [
        ("duration", "2026-06-05T00:00:00Z"),
        ("duration", None),
        ("failure", "2026-06-09T00:00:00Z"),
    ]


def test_the_clock_is_the_latest_observation_of_the_source_asked_about(ask: Ask) -> None:
    roots: Rows = [{"observed_at": END}, {"source": "t", "observed_at": "2026-08-01 00:00:00.5"}]
    found = ask({"source": "s"}, root_jobs=roots)
    assert found.data_ends_at == found.window.until == "2026-06-29T00:00:00Z"


def test_dates_and_spans_choose_the_window_and_its_end_is_not_in_it(ask: Ask) -> None:
    found = ask({"since": "2026-05-20", "until": "9d"})
    assert (found.window.since, found.window.until) == ("2026-05-20T00:00:00Z", "2026-06-20T00:00:00Z")
    assert found.window.origin == "as asked"
    assert (found.now.median_seconds, found.before.n) == (125, 0)


def test_a_window_that_ends_before_it_begins_is_a_mistake(ask: Ask) -> None:
    with pytest.raises(ConfigError, match=r"since \(2026-06-29 00:00:00 UTC\) is not before until"):
        ask({"since": END})


def test_failures_and_steps_without_a_duration_are_not_measured_and_running_ones_are_counted(ask: Ask) -> None:
    odd = steps([5, -1, 7, 8], "2026-06-21")
    odd[0] |= {"phase": "Failed", "is_blamed": True}
    odd[2] |= {"phase": "Running", "is_finished": False, "duration_seconds": None}
    odd[3] |= {"phase": "Initializing", "is_finished": False, "duration_seconds": None}
    found = ask(steps=[*NOW, *odd])
    assert (found.now.n, found.now.running_count) == (6, 1)
    rate = found.failure_rate
    assert (rate.rate, rate.n, rate.blamed_count, rate.failed_count) == (1 / 8, 8, 1, 1)
    # Wilson's interval of 1 in 8, from a textbook table
    assert [rate.low, rate.high] == pytest.approx([0.0224, 0.4709], abs=1e-4)
    assert found.failure_rate_before.rate is found.failure_rate_before.low is found.failure_rate_before.high is None


def test_a_step_that_failed_with_one_below_it_is_counted_apart_from_the_blamed(ask: Ask) -> None:
    rate = ask(steps=steps([5, 6], "2026-06-21", phase="Failed")).failure_rate
    assert (rate.rate, rate.blamed_count, rate.failed_count) == (0, 0, 2)


def test_below_six_jobs_there_is_no_interval_and_no_ratio(ask: Ask) -> None:
    found = ask(steps=[*NOW[:5], *BEFORE])
    assert (found.now.low, found.now.high, found.now.root_count) == (None, None, 5)
    assert found.ratio is None


def test_a_window_without_steps_is_empty_and_no_error(ask: Ask) -> None:
    found = ask({"since": "1d"})
    assert (found.now.n, found.now.root_count, found.now.median_seconds, found.slowest) == (0, 0, None, [])


def test_sources_are_put_together_by_their_root_seconds_and_minutes_add_up(ask: Ask) -> None:
    blame: Rows = [
        {"root_seconds": 900, "critical_self_seconds": 300, "minutes_saved_per_day": 2.5},
        {"source": "t", "root_seconds": 100, "critical_self_seconds": 100, "minutes_saved_per_day": 4},
    ]
    cost = ask(step_blame=blame).cost
    assert (cost.critical_path_share, cost.minutes_saved_per_day) == (0.4, 6.5)


def test_of_one_source_only_its_own_figures_are_taken(ask: Ask) -> None:
    blame: Rows = [
        {"root_seconds": 900, "critical_self_seconds": 300, "minutes_saved_per_day": 2.5},
        {"source": "t", "root_seconds": 100, "critical_self_seconds": 100, "minutes_saved_per_day": None},
    ]
    cohorts: Rows = [
        COHORT,
        {"rank": 2, "dimensions": ["flavor", "source"], "dimension_values": ["large", "t"]},
        {"rank": 3, "dimensions": ["source"], "dimension_values": ["s"]},
    ]
    found = ask({"source": "s"}, step_blame=blame, step_cohorts=cohorts)
    assert found.cost.critical_path_share == pytest.approx(1 / 3)
    assert [one.values for one in found.findings] == [["large"], ["s"]]


def test_the_same_reason_in_two_sources_is_one(ask: Ask) -> None:
    rows: Rows = [
        {"reason_template": "quota", "failure_count": 2, "last_failed_at": "2026-06-01", "followed_count": 2},
        {"reason_template": "quota", "source": "t", "failure_count": 3, "last_failed_at": "2026-06-02"}
        | {"followed_count": 2, "recovered_count": 1, "example_job_id": "later source"},
        {"reason_template": None, "failure_count": 9},
    ]
    unnamed, quota = ask(failure_reasons=rows).reasons
    assert (unnamed.reason, unnamed.failure_count, unnamed.recovery_rate) == (None, 9, None)
    assert (quota.failure_count, quota.followed_count, quota.recovery_rate) == (5, 4, 0.25)
    assert (quota.last_failed_at, quota.example_job_id) == ("2026-06-02T00:00:00Z", "example")


def test_a_slow_job_is_told_once_with_its_slowest_step(ask: Ask) -> None:
    twice = [row | {"path": "1", "job_id": "slowest", "duration_seconds": 900} for row in NOW[:1]]
    slowest = ask(steps=[*NOW, *twice]).slowest
    assert [(job.root_job_id, job.job_id, job.duration_seconds) for job in slowest[:2]] == [
        ("2026-06-20 0", "slowest", 900),
        ("2026-06-20 5", "2026-06-20 5 step", 350),
    ]
    assert len(slowest) == 6


def test_a_root_type_narrows_the_steps(ask: Ask) -> None:
    other = steps([1, 1, 1], "2026-06-20", root_job_type="ScaleupCluster")
    found = ask({"root_type": "ScaleupCluster"}, steps=[*NOW, *other])
    assert (found.now.n, found.now.median_seconds) == (3, 1)


def test_a_step_that_failed_in_a_job_that_succeeded_or_still_runs_is_told_apart(ask: Ask) -> None:
    roots: Rows = [
        {"job_id": "well", "phase": "Success", "observed_at": END},
        {"job_id": "runs", "phase": "Running", "is_finished": False},
        {"job_id": "failed"},
    ]
    failed = [steps([5], "2026-06-21", phase="Failed", root_job_id=root["job_id"])[0] for root in roots]
    rate = ask(steps=failed, root_jobs=roots).failure_rate
    assert (rate.n, rate.failed_count, rate.failed_in_success_count, rate.failed_in_running_count) == (3, 3, 1, 1)


def test_with_its_sub_steps_a_step_inside_one_of_its_type_counts_once(ask: Ask) -> None:
    paths = {"0": 40.0, "0/1": 25.0, "0/1/0": 10.0, "01": 5.0, "1": None}
    tree = [
        steps([9], "2026-06-20", root_job_id="r", path=path, critical_seconds=seconds)[0]
        for path, seconds in paths.items()
    ]
    cost = ask(steps=tree, step_blame=[{"root_seconds": 100, "critical_self_seconds": 15}]).cost
    assert (cost.critical_path_share, cost.critical_path_share_with_sub_steps) == (0.15, 0.45)


def test_roots_are_counted_as_changes_and_cohorts_are_looked_for(ask: Ask) -> None:
    found = ask(
        {"source": "s", "since": "1d"},
        steps=[
            *NOW,
            *(NOW[0] | {"path": path} for path in ("1", "2")),
            *steps([5, 6], "2026-06-21", phase="Failed"),
            *steps([7, 8, 9], "2026-05-01", source="t", root_job_type="Other"),
            *steps([5], "2026-06-20", job_type="Other"),
        ],
    )
    tested = found.tested
    assert (tested.source_root_count, tested.root_count, tested.finished_root_count) == (6, 9, 11)


def test_a_shape_first_seen_in_the_window_is_described_against_the_others_of_its_root_type(ask: Ask) -> None:
    changed = steps([200.0 + number for number in range(11)], "2026-06-21", root_shape_id="new")
    few = steps([900.0] * 9, "2026-06-22", root_shape_id="few")
    elsewhere = steps([5.0] * 10, "2026-06-23", root_shape_id="another type", root_job_type="Other")
    (shape,) = ask(steps=[*BEFORE, *changed, *elsewhere]).shapes
    assert (shape.shape_id, shape.since, shape.n) == ("new", "2026-06-21T00:00:00Z", 11)
    assert (shape.median_seconds, shape.other_median_seconds) == (205, 125)
    assert [one.n for one in ask(steps=[*BEFORE, *changed, *few]).shapes] == [11]


def test_where_there_was_nothing_before_no_shape_is_new(ask: Ask) -> None:
    changed = steps([200.0] * 10, "2026-06-21", root_shape_id="new")
    assert ask(steps=[*NOW, *changed]).shapes == []
    older = steps([1.0], "2026-05-01", root_shape_id="new")
    assert ask(steps=[*BEFORE, *changed, *older]).shapes == []


def test_jobs_without_any_time_are_a_clear_mistake(ask: Ask) -> None:
    bare = steps([None], "2026-06-20", created_at=None)  # type: ignore[list-item]
    with pytest.raises(ConfigError, match=r"No job in .* has a time: there is nothing to say about 'InstallMaster'"):
        ask(steps=bare, root_jobs=[{"job_id": "r"}])
    with pytest.raises(ConfigError, match="No job of the source 's'"):
        ask({"source": "s"}, steps=bare, root_jobs=[{"source": "t", "observed_at": END}])


def test_each_query_is_the_one_behind_its_part(ask: Ask, tmp_path: Path) -> None:
    found = ask()
    with open_published(tmp_path / "p.duckdb") as published:
        (now,) = published.records(found.queries["now"])
        rows = {part: published.records(sql) for part, sql in found.queries.items()}
    assert now["median_seconds"] == found.now.median_seconds
    assert rows.keys() == {
        *("data_ends_at", "changes", "findings", "now", "before", "cost"),
        *("tested", "shapes"),
        *("failure_rate", "failure_rate_before", "reasons", "slowest"),
    }


def test_a_file_published_the_whole_way_is_explained(published: Published) -> None:
    found = explain(published, "InstallMaster", since="2026-06-01")
    assert found.window.until == "2026-07-01T02:00:00Z"
    # 30.000000001 s in one job, 50 s in another; one failed, one without clocks is in no window, one still ran
    assert (found.now.median_seconds, found.now.n, found.now.running_count) == (40.0000000005, 2, 1)
    assert (found.failure_rate.blamed_count, found.failure_rate.n) == (1, 3)
    assert [reason.failure_count for reason in found.reasons] == [1]
    # of the 60 and 120 s of the two finished jobs, 30 and 50 s wait for nothing else
    assert found.cost.critical_path_share == pytest.approx(80 / 180)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ("DROP TABLE marts.step_blame", "step_blame"),
        ("ALTER TABLE marts.steps DROP COLUMN is_blamed", "steps.is_blamed"),
    ],
)
def test_a_file_published_before_the_tables_were_is_to_be_built_anew(tmp_path: Path, change: str, missing: str) -> None:
    path = write_published(tmp_path / "p.duckdb")
    with duckdb.connect(path) as connection:
        connection.execute(change)
    with open_published(path) as published, pytest.raises(WarehouseError, match=f"{missing}.*`cce-etl build`"):
        explain(published, "InstallMaster")
