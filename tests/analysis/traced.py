"""Traces as literals, and small published files of the tables a trace is read from.

Lives here: a node's usual values. Does not: expectations.
"""

from pathlib import Path
from typing import Any

import duckdb

from cce_etl.analysis.traces.tree import Trace, TraceNode

SECOND = 1_000_000_000
# 2026-06-01 00:00:00 UTC
BEGIN = 1_780_272_000 * SECOND
OBSERVED = BEGIN + 1_000 * SECOND


def node(
    path: str, start: float | None = 0, end: float | None = 1, phase: str | None = "Success", **more: Any
) -> TraceNode:
    """Return a node of the job type `T<path>`; start and end in seconds after BEGIN."""
    above = path.rpartition("/")[0] if path else None
    values: dict[str, Any] = {
        "path": path,
        "parent_path": above,
        "depth": path.count("/") + 1 if path else 0,
        "ordinal": int(path.rpartition("/")[2] or 0),
        "job_id": f"job {path}",
        "parent_job_id": None if above is None else f"job {above}",
        "job_type": f"T{path}",
        "phase": phase,
        "is_finished": phase in ("Success", "Failed"),
        "reason": None,
        "cluster_id": None,
        "resource_id": None,
        "resource_name": None,
        "extend_param": {},
        "created_ns": None if start is None else BEGIN + round(start * SECOND),
        "ended_ns": None if end is None or phase not in ("Success", "Failed") else BEGIN + round(end * SECOND),
        "observed_ns": OBSERVED,
        "is_on_critical_path": False,
        "critical_self_seconds": None,
    }
    return TraceNode(**values | more)


def trace(*nodes: TraceNode, asked: tuple[str, ...] = ("",)) -> Trace:
    """Return a trace of nodes that come in order."""
    return Trace("s", "root", list(nodes), list(asked))


_TABLES = """
    CREATE SCHEMA core;
    CREATE SCHEMA marts;
    CREATE TABLE core.placed_jobs (
        source VARCHAR DEFAULT 's', root_job_id VARCHAR DEFAULT 'root', path VARCHAR, parent_path VARCHAR,
        depth INTEGER, ordinal INTEGER, job_id VARCHAR, parent_job_id VARCHAR, job_type VARCHAR, phase VARCHAR,
        is_finished BOOLEAN, reason VARCHAR, cluster_id VARCHAR, resource_id VARCHAR, resource_name VARCHAR,
        extend_param MAP(VARCHAR, VARCHAR), created_at TIMESTAMP_NS, ended_at TIMESTAMP_NS, observed_at TIMESTAMP_NS
    );
    CREATE TABLE marts.steps (
        source VARCHAR, root_job_id VARCHAR, path VARCHAR, is_on_critical_path BOOLEAN, critical_self_seconds DOUBLE
    );
    CREATE TABLE marts.root_jobs (source VARCHAR, job_id VARCHAR, critical_self_seconds DOUBLE);
"""
_JOB = """
    INSERT INTO core.placed_jobs BY NAME SELECT
        $source AS source, $root_job_id AS root_job_id, $path AS path, $parent_path AS parent_path, $depth AS depth,
        $ordinal AS ordinal, $job_id AS job_id, $parent_job_id AS parent_job_id, $job_type AS job_type,
        $phase AS phase, $is_finished AS is_finished, $reason AS reason, $cluster_id AS cluster_id,
        $resource_id AS resource_id, $resource_name AS resource_name,
        map_from_entries(list_zip($keys::VARCHAR[], $values::VARCHAR[])) AS extend_param,
        make_timestamp_ns($created_ns::BIGINT) AS created_at, make_timestamp_ns($ended_ns::BIGINT) AS ended_at,
        make_timestamp_ns($observed_ns::BIGINT) AS observed_at
"""


def write_published(path: Path, *traces: Trace) -> Path:
    """Write a file with the tables of some traces; every node's critical self time stands in marts."""
    with duckdb.connect(path) as connection:
        connection.execute(_TABLES)
        for one in traces:
            for each in one.nodes:
                _insert(connection, one, each)
    return path


def _insert(connection: duckdb.DuckDBPyConnection, one: Trace, each: TraceNode) -> None:
    values: dict[str, Any] = {name: getattr(each, name) for name in TraceNode.__struct_fields__}
    sent = values.pop("extend_param")
    is_critical, critical_seconds = values.pop("is_on_critical_path"), values.pop("critical_self_seconds")
    place = {"source": one.source, "root_job_id": one.root_job_id}
    connection.execute(_JOB, values | place | {"keys": list(sent), "values": list(sent.values())})
    if each.depth:
        row = [*place.values(), each.path, is_critical, critical_seconds]
        connection.execute("INSERT INTO marts.steps VALUES ($1, $2, $3, $4, $5)", row)
    else:
        connection.execute("INSERT INTO marts.root_jobs VALUES ($1, $2, $3)", [*place.values(), critical_seconds])
