"""A simulated month: thirty nights of a changing fleet, five of which go wrong, each in another way.

HTTP, Dagster's runs, instance, schedule and sensors, SQLite, DuckDB, the kill and the reader's process are real. The
clock of Dagster's records and of all rows is moved by a day each night, that of files and timeouts is not. A limit on
the size of files stands for the full disk. `test_night` tests the daemon's loop and the code server.
"""

from collections import Counter
from collections.abc import Iterator
from statistics import median

import pytest

from tests.integration.ops.month import BAD, FULL_DISK, KILLED, OUTAGE, VOIDED, Month, Night, started
from tests.integration.ops.month_fleet import DRIFT_NIGHT, NEW_KEY, NEW_TYPE, NIGHTS, night_ns, nodes

pytestmark = pytest.mark.ops

ENDED = ("Success", "Failed")
# A part of the text of each bad night's alert.
CAUSES = {
    OUTAGE: "The nightly run failed at fetch: The first 10 jobs got no answer at all",
    FULL_DISK: "File too large",
    KILLED: "The process of this run is gone",
    VOIDED: "The nightly run failed at fetch: The API refused the credentials: HTTP 401",
}
DRIFTED = ("job_keys_are_known", "job_phases_are_known", "job_types_are_known")


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    """Simulate the month once."""
    with started(tmp_path_factory.mktemp("month")) as stage:
        yield stage.whole_month()


def of(month: Month, number: int) -> Night:
    return month.nights[number - 1]


def good(month: Month, first: int = 1, last: int = NIGHTS) -> list[Night]:
    return [night for night in month.nights[first - 1 : last] if night.number not in BAD]


def test_every_good_night_succeeds_and_every_bad_one_fails(month: Month) -> None:
    assert [night.number for night in month.nights if not night.run["is_success"]] == list(BAD)


def test_every_job_that_ended_is_stored_once_with_all_its_steps(month: Month) -> None:
    ended = [job for job in month.jobs.values() if job.ended_ns < min(job.vanishes_ns, night_ns(NIGHTS))]
    assert {job.job_id for job in ended} == {job_id for job_id, phase in month.last_phase.items() if phase in ENDED}
    trees = {job.job_id: job.body(job.ended_ns) for job in ended}
    expected = sorted(
        (job_id, node["metadata"]["uid"], node["status"]["phase"], node["metadata"]["updateTimestamp"])
        for job_id, tree in trees.items()
        for node in nodes(tree or {})
    )
    sql = "SELECT root_job_id, job_id, phase, updated_text FROM core.jobs ORDER BY ALL"
    assert [row for row in month.rows(month.published, sql) if row[0] in trees] == expected

    roots = "SELECT job_id, phase, epoch_ns(created_at), epoch_ns(ended_at) FROM marts.root_jobs ORDER BY ALL"
    final = [(job.job_id, job.phase(job.ended_ns), job.started_ns, job.ended_ns) for job in ended]
    assert [row for row in month.rows(month.published, roots) if row[0] in trees] == sorted(final)


def test_some_jobs_run_for_several_nights(month: Month) -> None:
    asked = Counter(job_id for night in month.nights for job_id in night.asked)
    ended = {job_id for job_id, phase in month.last_phase.items() if phase in ENDED}
    ran_on = [job for job in month.jobs.values() if job.job_id in ended and job.ended_ns > night_ns(job.night)]
    assert len(ran_on) > NIGHTS * 5
    assert all(asked[job.job_id] > 1 for job in ran_on if job.night not in BAD)


def test_a_job_that_the_api_forgot_while_it_ran_keeps_its_last_state_and_is_gone(month: Month) -> None:
    vanished = [job for job in month.jobs.values() if job.vanishes_ns < job.ended_ns]
    forgotten = sorted(
        job.job_id for job in vanished if job.night < NIGHTS
    )  # a job of the last night is not requested again
    assert len(forgotten) == NIGHTS - len(BAD) - 1
    gone = month.rows(month.warehouse, "SELECT job_id FROM raw.job_ids WHERE state = 'gone' ORDER BY job_id")
    assert [job_id for (job_id,) in gone] == forgotten
    sql = "SELECT job_id, phase, ended_at FROM marts.root_jobs ORDER BY job_id"
    rows = [row for row in month.rows(month.published, sql) if row[0] in forgotten]
    assert rows == [(job_id, "Running", None) for job_id in forgotten]
    assert month.rows(month.published, "SELECT ids_asked, ids_gone, ids_pending, ids_failed FROM manifest") == [
        (len(month.jobs), len(forgotten), 0, 0)
    ]


def test_a_night_requests_each_unfinished_job_once_and_no_finished_one(month: Month) -> None:
    for night in good(month):
        assert night.asked == dict.fromkeys(set(night.listed) - night.finished_before, 1), night.number
    half = of(month, KILLED)
    assert 0 < len(half.asked) < len(set(half.listed) - half.finished_before)
    assert of(month, KILLED + 1).asked.keys() > half.asked.keys() - of(month, KILLED + 1).finished_before
    assert [of(month, number).asked for number in (OUTAGE, VOIDED)] == [{}, {}]


def test_every_bad_night_gives_one_alert_and_one_recovery(month: Month) -> None:
    for number, cause in CAUSES.items():
        (alert,) = of(month, number).alerts
        assert alert.startswith("The nightly run failed")
        assert cause in alert
        (over,) = of(month, number + 1).alerts
        assert over.startswith("The nightly run succeeds again. It had failed")
        assert cause.removeprefix("The nightly run failed") in over


def test_new_keys_types_and_phases_are_kept_and_give_one_warning_each(month: Month) -> None:
    alerts = of(month, DRIFT_NIGHT).alerts
    assert [line.split()[2] for line in alerts] == list(DRIFTED)
    assert of(month, DRIFT_NIGHT + 1).alerts == [
        "The check job_phases_are_known on core.jobs no longer finds any rows."
    ]
    kept = f"SELECT count(DISTINCT root_job_id) FROM core.jobs WHERE extra ->> '$.status.{NEW_KEY}' = '99'"
    new = [job for job in month.jobs.values() if job.night == DRIFT_NIGHT]
    assert month.rows(month.published, kept) == [(len(new),)]
    types = f"SELECT count(*), bool_and(is_finished) FROM marts.root_jobs WHERE job_type = '{NEW_TYPE}'"
    assert month.rows(month.published, types) == [(3, True)]


def test_all_other_nights_give_no_alert(month: Month) -> None:
    news = {number + after for number in (*BAD, DRIFT_NIGHT) for after in (0, 1)}
    assert {night.number for night in month.nights if night.alerts} == news
    # In the morning the published file is too old after a failed night, whose alert was sent already.
    assert [night.alerts_by_morning for night in month.nights] == [[]] * NIGHTS


def test_the_health_command_fails_in_the_morning_after_a_bad_night_and_no_other(month: Month) -> None:
    assert [night.number for night in month.nights if night.failed_health_checks] == list(BAD)
    assert all("published 30.5 hours ago" in line for number in BAD for line in of(month, number).failed_health_checks)


def test_the_published_file_was_complete_at_every_read(month: Month) -> None:
    assert month.reader["failures"] == []
    assert month.reader["reads"] > 300
    published = [night.run["run_id"] for night in good(month)]
    seen = month.reader["versions"]
    # The last version may have been published while an earlier one was open.
    assert len(seen) >= len(published) - 1
    assert seen == published[: len(seen)]


def test_files_grow_no_faster_than_the_data_and_no_other_files_are_left(month: Month) -> None:
    tenth, twentieth, last = (of(month, number) for number in (10, 20, 30))
    for name in ("warehouse_bytes", "published_bytes"):
        by_job = [getattr(night, name) / len(night.listed) for night in (tenth, twentieth, last)]
        assert by_job == sorted(by_job, reverse=True), name
    left = {path.name for path in month.folder.iterdir()}
    assert left - {"home", "ids.txt"} - {f"month_{name}.log" for name in ("nights", "reader", "server")} == {
        "warehouse.duckdb",
        "cce_jobs.duckdb",
        "report.html",
    }


def test_dagsters_records_stop_growing(month: Month) -> None:
    middle, end = month.nights[10:20], month.nights[20:30]
    assert max(night.run_count for night in end) <= max(night.run_count for night in middle)
    assert max(night.records_bytes for night in end) <= 1.1 * max(night.records_bytes for night in middle)


def test_late_nights_take_no_more_cpu_time_than_early_ones(month: Month) -> None:
    # CPU time of the run's process, not elapsed time.
    early, late = (
        median(night.run["cpu_seconds"] for night in good(month, first, last)) for first, last in ((6, 15), (21, 30))
    )
    assert late <= 1.5 * early
