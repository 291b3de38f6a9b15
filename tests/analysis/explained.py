"""Small published files with the tables of an explanation, written as literal rows with default values."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

Rows = Sequence[Mapping[str, Any]]
_TABLES = """
    CREATE SCHEMA marts;
    CREATE TABLE marts.steps (
        source VARCHAR DEFAULT 's', root_job_id VARCHAR, root_job_type VARCHAR DEFAULT 'CreateCluster',
        path VARCHAR DEFAULT '0', job_id VARCHAR DEFAULT 'step', job_type VARCHAR DEFAULT 'InstallMaster',
        resource_name VARCHAR, phase VARCHAR DEFAULT 'Success', is_finished BOOLEAN DEFAULT true,
        is_blamed BOOLEAN DEFAULT false, created_at TIMESTAMP_NS, duration_seconds DOUBLE,
        root_shape_id VARCHAR DEFAULT 'usual', critical_seconds DOUBLE
    );
    CREATE TABLE marts.root_jobs (
        source VARCHAR DEFAULT 's', job_id VARCHAR, phase VARCHAR DEFAULT 'Failed', is_finished BOOLEAN DEFAULT true,
        observed_at TIMESTAMP_NS
    );
    CREATE TABLE marts.duration_changes (
        source VARCHAR DEFAULT 's', job_type VARCHAR DEFAULT 'InstallMaster', changed_at TIMESTAMP_NS,
        last_before_at TIMESTAMP_NS, first_after_at TIMESTAMP_NS, before_root_count BIGINT DEFAULT 40,
        after_root_count BIGINT DEFAULT 30, before_median_seconds DOUBLE DEFAULT 100,
        after_median_seconds DOUBLE DEFAULT 300, ratio DOUBLE DEFAULT 3, p_value DOUBLE DEFAULT 0.0001,
        q_value DOUBLE DEFAULT 0.0002, is_finding BOOLEAN DEFAULT true, first_seen_then VARCHAR[]
    );
    CREATE TABLE marts.step_cohorts (
        job_type VARCHAR DEFAULT 'InstallMaster', measure VARCHAR DEFAULT 'duration', rank INTEGER DEFAULT 1,
        dimensions VARCHAR[], dimension_values VARCHAR[], comparison VARCHAR DEFAULT 'whole window',
        since TIMESTAMP_NS, ratio DOUBLE DEFAULT 3.1, ratio_low DOUBLE DEFAULT 2.5, ratio_high DOUBLE DEFAULT 3.6,
        p_value DOUBLE DEFAULT 1e-9, q_value DOUBLE DEFAULT 1e-7, root_count BIGINT DEFAULT 31,
        other_root_count BIGINT DEFAULT 400, step_count BIGINT DEFAULT 90, median_seconds DOUBLE DEFAULT 950,
        other_median_seconds DOUBLE DEFAULT 290, failed_count BIGINT, other_failed_count BIGINT,
        failure_rate DOUBLE, other_failure_rate DOUBLE
    );
    CREATE TABLE marts.step_blame (
        source VARCHAR DEFAULT 's', job_type VARCHAR DEFAULT 'InstallMaster', root_seconds DOUBLE,
        critical_self_seconds DOUBLE, minutes_saved_per_day DOUBLE
    );
    CREATE TABLE marts.failure_reasons (
        source VARCHAR DEFAULT 's', job_type VARCHAR DEFAULT 'InstallMaster', reason_template VARCHAR,
        failure_count BIGINT DEFAULT 1, first_failed_at TIMESTAMP_NS, last_failed_at TIMESTAMP_NS,
        seconds_lost DOUBLE DEFAULT 10, followed_count BIGINT DEFAULT 0, recovered_count BIGINT DEFAULT 0,
        example_job_id VARCHAR DEFAULT 'example', example_reason VARCHAR
    );
"""
END = "2026-06-29 00:00:00"


def write_published(path: Path, **tables: Rows) -> Path:
    """Write a file with these rows in marts; without other rows of root_jobs its data ends at END."""
    rows = {"root_jobs": [{"observed_at": END}], **tables}
    with duckdb.connect(path) as connection:
        connection.execute(f"BEGIN; {_TABLES}")
        for table, some in rows.items():
            for row in some:
                names, marks = ", ".join(row), ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO marts.{table} ({names}) VALUES ({marks})", list(row.values()))
        connection.execute("COMMIT")
    return path


def steps(seconds: Sequence[float], day: str, **columns: Any) -> list[dict[str, Any]]:
    """Return one step a root job with these durations, all started at midnight of a day."""
    return [
        {"root_job_id": f"{day} {number}", "job_id": f"{day} {number} step", "created_at": f"{day} 00:00:00"}
        | {"duration_seconds": value, **columns}
        for number, value in enumerate(seconds)
    ]
