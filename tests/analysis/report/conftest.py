"""Published files with the tables of the report, written row by row: rich, with hostile names, and empty."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest

from cce_etl.analysis import Published, open_published
from cce_etl.analysis.report import report_page
from cce_etl.analysis.report.contents import Contents, read_contents
from cce_etl.analysis.report.page import render

# A name that is markup, one of control characters, and one that fills a page by itself.
SCRIPT: Final = "<script>alert('x')</script>\"'&amp;"
CONTROL: Final = "bell\x07 escape\x1b[31m right-to-left\u202e null\x01"
LONG: Final = "L" * 10_000
BEGUN: Final = "2026-05-15 06:00:00"

Rows = dict[str, list[tuple[Any, ...]]]
Write = Callable[[str, Rows], Path]
_WHO: Final = "source VARCHAR, root_job_id VARCHAR"
_STEP: Final = (
    f"{_WHO}, path VARCHAR, parent_path VARCHAR, depth INTEGER, ordinal INTEGER, job_id VARCHAR, job_type VARCHAR,"
    " resource_name VARCHAR, phase VARCHAR, created_at TIMESTAMP_NS, offset_seconds DOUBLE, duration_seconds DOUBLE,"
    " elapsed_seconds DOUBLE, is_on_critical_path BOOLEAN"
)
_KIND: Final = "source VARCHAR, job_type VARCHAR"
COLUMNS: Final = {
    "root_jobs": (
        "source VARCHAR, job_id VARCHAR, job_type VARCHAR, resource_name VARCHAR, phase VARCHAR, is_finished BOOLEAN,"
        " created_at TIMESTAMP_NS, duration_seconds DOUBLE, elapsed_seconds DOUBLE"
    ),
    "steps": _STEP,
    "step_durations": (
        f"{_KIND}, measured_count BIGINT, measured_root_count BIGINT, p50_seconds DOUBLE, p50_low_seconds DOUBLE,"
        " p50_high_seconds DOUBLE, p95_seconds DOUBLE, mean_seconds DOUBLE, km_event_count BIGINT,"
        " km_censored_count BIGINT, km_p50_seconds DOUBLE, km_p95_seconds DOUBLE"
    ),
    "step_durations_daily": (
        f"{_KIND}, created_on DATE, measured_count BIGINT, p50_seconds DOUBLE, p95_seconds DOUBLE"
    ),
    "step_blame": (
        f"{_KIND}, root_count BIGINT, step_count BIGINT, day_count BIGINT, critical_path_share DOUBLE,"
        " p50_seconds DOUBLE, p95_seconds DOUBLE, slow_step_count BIGINT, minutes_saved_per_day DOUBLE"
    ),
    "duration_changes": (
        f"{_KIND}, changed_at TIMESTAMP_NS, last_before_at TIMESTAMP_NS, first_after_at TIMESTAMP_NS,"
        " before_root_count BIGINT, after_root_count BIGINT, before_median_seconds DOUBLE, after_median_seconds DOUBLE,"
        " ratio DOUBLE, q_value DOUBLE, is_finding BOOLEAN, first_seen_then VARCHAR[]"
    ),
    "step_cohorts": (
        "job_type VARCHAR, measure VARCHAR, rank INTEGER, dimensions VARCHAR[], dimension_values VARCHAR[],"
        " since TIMESTAMP_NS, ratio DOUBLE, ratio_low DOUBLE, ratio_high DOUBLE, q_value DOUBLE, root_count BIGINT,"
        " other_root_count BIGINT, median_seconds DOUBLE, other_median_seconds DOUBLE, failed_count BIGINT,"
        " other_failed_count BIGINT, failure_rate DOUBLE, other_failure_rate DOUBLE"
    ),
    "step_failure_rates": (
        f"{_KIND}, finished_count BIGINT, failed_count BIGINT, failure_rate DOUBLE, failure_rate_low DOUBLE,"
        " failure_rate_high DOUBLE, blamed_count BIGINT, blamed_rate DOUBLE, blamed_rate_low DOUBLE,"
        " blamed_rate_high DOUBLE"
    ),
    "failure_reasons": (
        f"{_KIND}, reason_template VARCHAR, failure_count BIGINT, root_count BIGINT, first_failed_at TIMESTAMP_NS,"
        " last_failed_at TIMESTAMP_NS, seconds_lost DOUBLE, followed_count BIGINT, recovered_count BIGINT,"
        " recovery_rate DOUBLE"
    ),
    "running_jobs": (
        "source VARCHAR, job_id VARCHAR, job_type VARCHAR, resource_name VARCHAR, phase VARCHAR,"
        " observed_at TIMESTAMP_NS, age_seconds DOUBLE, running_step_count BIGINT, kind_finished_count BIGINT,"
        " kind_p99_seconds DOUBLE, kind_max_seconds DOUBLE, is_stuck BOOLEAN"
    ),
    "running_steps": (
        f"{_WHO}, path VARCHAR, root_job_type VARCHAR, job_type VARCHAR, resource_name VARCHAR, phase VARCHAR,"
        " observed_at TIMESTAMP_NS, age_seconds DOUBLE, age_percentile DOUBLE, success_rate_10_minutes DOUBLE,"
        " success_rate_30_minutes DOUBLE, kind_p99_seconds DOUBLE, kind_finished_count BIGINT, kind_root_count BIGINT,"
        " is_stuck BOOLEAN"
    ),
    "slo": (
        f"{_KIND}, target_seconds DOUBLE, target_origin VARCHAR, objective DOUBLE, window_start_at TIMESTAMP_NS,"
        " step_count BIGINT, within_count BIGINT, within_rate DOUBLE, error_budget_left DOUBLE, burn_rate DOUBLE"
    ),
    "data_quality_findings": f"{_WHO}, path VARCHAR, finding VARCHAR, detail VARCHAR",
}
# Columns that the waterfalls read and no row needs.
_MEASURES: Final = """
    ALTER TABLE marts.root_jobs ADD COLUMN critical_self_seconds DOUBLE;
    ALTER TABLE marts.root_jobs ADD COLUMN self_seconds DOUBLE;
    ALTER TABLE marts.steps ADD COLUMN critical_self_seconds DOUBLE;
    ALTER TABLE marts.steps ADD COLUMN self_seconds DOUBLE;
"""
_MANIFEST: Final = """
    CREATE TABLE main.manifest AS SELECT
        TIMESTAMP_NS '2026-07-01 02:00:00' AS published_at, 'run-1' AS run_id, $1::BIGINT AS ids_asked,
        120::BIGINT AS ids_fetched, 2::BIGINT AS ids_failed, 3::BIGINT AS ids_pending, 4::BIGINT AS ids_running,
        5::BIGINT AS ids_gone, map($2::VARCHAR[], $3::BIGINT[]) AS table_rows, '1.2.3' AS cce_etl_version,
        version() AS duckdb_version
"""


def rows_named(kind: str, source: str = "eu") -> Rows:
    """Return rows for every table, in which `kind` is the name of a step type, a resource, a reason and a cohort."""
    return (
        _trees(kind, source)
        | _durations(kind, source)
        | _changes(kind, source)
        | _cohorts(kind)
        | _failures(kind, source)
        | _running(kind, source)
        | _quality(kind, source)
    )


def _trees(kind: str, source: str) -> Rows:
    root = ("eu-root-1", "CreateCluster", kind, "Success", True, "2026-05-30 10:00:00", 600.0, None)
    failed = ("eu-root-2", "CreateCluster", kind, "Failed", True, "2026-05-29 10:00:00", 100.0, None)
    running = ("eu-root-3", None, None, "Running", False, "2026-05-31 10:00:00", None, 5_400.0)
    step = (source, "eu-root-1", "0", "", 1, 0, "s-0", kind, kind, "Success", "2026-05-30 10:00:10", 10.0, 500.0, None)
    below = (source, "eu-root-1", "0/0", "0", 2, 0, "s-1", None, kind, kind, "2026-05-30 10:00:20", 20.0, 60.0, None)
    waiting = (source, "eu-root-1", "1", "", 1, 1, "s-2", kind, kind, "Initializing", None, None, None, None)
    return {
        "root_jobs": [(source, *each) for each in (root, failed, running)],
        "steps": [(*step, True), (*below, None), (*waiting, None)],
    }


def _durations(kind: str, source: str) -> Rows:
    days = [(f"2026-05-{day:02d}", 10 + day % 4, 60.0 + day, 90.0 + 2 * day) for day in range(1, 31)]
    target = (130.0, "p95 of the previous 28 days", 0.95, "2026-05-03 00:00:00", 90, 84, 0.9333, -0.333, 1.333)
    return {
        "step_durations": [(source, kind, 348, 120, 75.0, 70.0, 81.5, 130.0, 80.0, 350, 4, 76.0, None)],
        "step_durations_daily": [(source, kind, *day) for day in days],
        "step_blame": [(source, kind, 120, 360, 30, 0.625, 75.0, 130.0, 18, 12.5)],
        "slo": [(source, kind, *target)],
    }


def _changes(kind: str, source: str) -> Rows:
    around = (BEGUN, "2026-05-15 01:00:00", "2026-05-15 11:00:00")
    found = (*around, 60, 58, 60.0, 180.0, 3.0, 0.00001, True, [f"cluster.flavor={kind}"])
    candidate: tuple[Any, ...] = ("2026-05-20 06:00:00", BEGUN, BEGUN, 9, 8, 60.0, 61.0, 1.02, 0.6, False, [])
    return {"duration_changes": [(source, kind, *each) for each in (found, candidate)]}


def _cohorts(kind: str) -> Rows:
    slow = ("duration", 1, ["cluster.flavor", "az"], [kind, "eu-1"], BEGUN, 3.02, 2.81, 3.33, 0.0000002)
    failing = ("failure", 1, ["az"], [None], None, float("inf"), None, None, 0.004)
    return {
        "step_cohorts": [
            (kind, *slow, 40, 80, 180.0, 60.0, None, None, None, None),
            (kind, *failing, 40, 80, None, None, 10, 0, 0.25, 0.0),
        ]
    }


def _failures(kind: str, source: str) -> Rows:
    return {
        "step_failure_rates": [(source, kind, 360, 12, 0.0333, 0.0192, 0.0573, 9, 0.025, 0.0132, 0.0468)],
        "failure_reasons": [
            (source, kind, kind, 9, 9, "2026-05-02 00:00:00", "2026-05-29 00:00:00", 900.0, 4, 3, 0.75),
            (source, None, None, 1, 1, "2026-05-02 00:00:00", "2026-05-02 00:00:00", None, 0, 0, None),
        ],
    }


def _running(kind: str, source: str) -> Rows:
    at = "2026-05-31 11:30:00"
    stuck = ("0", None, kind, kind, "Running", at, 5_400.0, 100.0, 0.0004, 0.02, 130.0, 360, 120, True)
    young = ("1", "CreateCluster", kind, None, "Running", at, 30.0, None, None, None, None, 0, 0, False)
    return {
        "running_jobs": [
            (source, "eu-root-3", None, None, "Running", at, 5_400.0, 2, 0, None, None, False),
            (source, "eu-root-4", kind, kind, "Running", at, 3_600.0, 0, 118, 700.0, 900.0, True),
        ],
        "running_steps": [(source, "eu-root-3", *each) for each in (stuck, young)],
    }


def _quality(kind: str, source: str) -> Rows:
    return {
        "data_quality_findings": [
            (source, "eu-root-1", "0/0", "ends before it starts", kind),
            (source, "eu-root-2", "", "ends before it starts", "-1 s"),
        ]
    }


@pytest.fixture(scope="session")
def write(tmp_path_factory: pytest.TempPathFactory) -> Write:
    """Return a writer of published files: a name and the rows of each table, missing ones being empty."""

    def write_file(name: str, rows: Rows) -> Path:
        path = tmp_path_factory.mktemp("report") / f"{name}.duckdb"
        with duckdb.connect(path) as connection:
            connection.begin()  # one commit instead of thirty
            connection.execute("CREATE SCHEMA marts")
            for table, columns in COLUMNS.items():
                connection.execute(f"CREATE TABLE marts.{table} ({columns})")
                if some := rows.get(table):
                    marks = ", ".join("?" for _ in some[0])
                    connection.executemany(f"INSERT INTO marts.{table} VALUES ({marks})", some)
            connection.execute(_MEASURES)
            names = [f"marts.{table}" for table in COLUMNS]
            counts = [len(rows.get(table, [])) for table in COLUMNS]
            connection.execute(_MANIFEST, [125 if rows else 0, names, counts])
            connection.commit()
        return path

    return write_file


@pytest.fixture(scope="session")
def rich(write: Write) -> Path:
    """Return a published file with rows in every table."""
    return write("rich", rows_named("InstallMaster"))


@pytest.fixture(scope="session")
def hostile(write: Write) -> Path:
    """Return a published file whose names are markup, control characters and a page long."""
    several = [rows_named(name, source) for name, source in ((SCRIPT, "eu"), (CONTROL, "de"), (LONG, LONG))]
    return write("hostile", {table: [row for rows in several for row in rows[table]] for table in COLUMNS})


@pytest.fixture(scope="session")
def empty(write: Write) -> Path:
    """Return a published file without a row."""
    return write("empty", {})


@pytest.fixture(scope="session")
def rich_contents(rich: Path) -> Contents:
    """Return what the report of the rich file holds, to be shown as it is or with a part replaced."""
    with open_published(rich) as published:
        return read_contents(published)


@pytest.fixture(scope="session")
def rich_page(rich_contents: Contents) -> str:
    """Return the report of the rich file."""
    return render(rich_contents)


@pytest.fixture(scope="session")
def empty_contents(empty: Path) -> Contents:
    """Return what the report of the empty file holds."""
    with open_published(empty) as published:
        return read_contents(published)


@pytest.fixture(scope="session")
def hostile_page(hostile: Path) -> str:
    """Return the report of the file with hostile names."""
    return report_page(hostile)


@pytest.fixture
def opened(rich: Path) -> Iterator[Published]:
    """Yield the rich file, open."""
    with open_published(rich) as published:
        yield published
