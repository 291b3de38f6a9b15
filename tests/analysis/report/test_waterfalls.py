"""Bars of the slowest and the newest jobs."""

from typing import Any, Final

import pytest

from cce_etl.analysis import Published, open_published
from cce_etl.analysis.report import queries
from cce_etl.analysis.report.waterfalls import MAX_ROWS, Waterfall, read_waterfalls

from .conftest import Write

# The offset and the duration of the steps of each job.
JOBS: Final[dict[str, list[tuple[float, float]]]] = {
    "early step": [(-20.0, 50.0), (90.0, 30.0)],
    "negative": [(5.0, -1.0)],
    "many steps": [(float(number), 100.0 + number) for number in range(60)],
}


def test_the_slowest_jobs_have_a_duration_and_the_newest_a_start(opened: Published) -> None:
    slowest = [job.job_id for job in read_waterfalls(opened, queries.SLOWEST)]
    newest = [job.job_id for job in read_waterfalls(opened, queries.NEWEST)]
    assert slowest == ["eu-root-1", "eu-root-2"]
    assert newest == ["eu-root-3", "eu-root-1", "eu-root-2"]


def test_bars_start_where_their_steps_do_and_what_has_not_started_has_none(opened: Published) -> None:
    job = read_waterfalls(opened, queries.SLOWEST)[0]
    bars = [(bar.depth, bar.phase, bar.start_seconds, bar.seconds, bar.is_on_critical_path) for bar in job.bars]
    assert bars == [
        (0, "Success", 0.0, 600.0, False),
        (1, "Success", 10.0, 500.0, True),
        (2, "InstallMaster", 20.0, 60.0, False),
        (1, "Initializing", None, None, False),
    ]
    assert (job.span_seconds, job.job_count) == (600.0, 4)


def steps(job_id: str, *more: tuple[float, float]) -> list[tuple[Any, ...]]:
    """Return steps of a job, given by offset and duration."""
    kind = ("T", None, "Success", "2026-05-01 00:00:00")
    return [
        ("s", job_id, str(number), "", 1, number, f"j{number}", *kind, offset, seconds, None, False)
        for number, (offset, seconds) in enumerate(more)
    ]


@pytest.fixture(scope="module")
def jobs(write: Write) -> dict[str, Waterfall]:
    """Return the waterfalls of three jobs of 100 s, by job id."""
    roots = [("s", each, "T", None, "Success", True, "2026-05-01 00:00:00", 100.0, None) for each in JOBS]
    rows = [row for each, own in JOBS.items() for row in steps(each, *own)]
    with open_published(write("jobs", {"root_jobs": roots, "steps": rows})) as published:
        return {job.job_id: job for job in read_waterfalls(published, queries.NEWEST)}


def test_a_step_that_starts_before_its_root_moves_the_roots_bar(jobs: dict[str, Waterfall]) -> None:
    job = jobs["early step"]
    assert [(bar.start_seconds, bar.seconds) for bar in job.bars] == [(20.0, 100.0), (0.0, 50.0), (110.0, 30.0)]
    assert job.span_seconds == 140.0


def test_a_negative_duration_has_no_length(jobs: dict[str, Waterfall]) -> None:
    assert [bar.seconds for bar in jobs["negative"].bars] == [100.0, 0.0]


def test_of_many_steps_the_longest_are_shown_in_the_order_of_time_with_the_root(jobs: dict[str, Waterfall]) -> None:
    job = jobs["many steps"]
    assert (job.job_count, len(job.bars)) == (61, MAX_ROWS)
    assert [bar.seconds for bar in job.bars] == [100.0, *(100.0 + number for number in range(21, 60))]
