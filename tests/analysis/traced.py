"""Traces as literals, and small published files with the tables that a trace is read from."""

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


_COLUMNS = """
    source VARCHAR, job_id VARCHAR, job_type VARCHAR, phase VARCHAR, is_finished BOOLEAN, reason VARCHAR,
    cluster_id VARCHAR, resource_id VARCHAR, resource_name VARCHAR, created_at TIMESTAMP_NS, ended_at TIMESTAMP_NS,
    observed_at TIMESTAMP_NS, critical_self_seconds DOUBLE
"""
_TABLES = f"""
    CREATE SCHEMA core;
    CREATE SCHEMA marts;
    CREATE TABLE core.jobs (
        source VARCHAR, root_job_id VARCHAR, path VARCHAR, extend_param MAP(VARCHAR, VARCHAR)
    );
    CREATE TABLE marts.root_jobs ({_COLUMNS});
    CREATE TABLE marts.steps (
        {_COLUMNS}, root_job_id VARCHAR, path VARCHAR, parent_path VARCHAR, depth INTEGER, ordinal INTEGER,
        parent_job_id VARCHAR, extend_param MAP(VARCHAR, VARCHAR), is_on_critical_path BOOLEAN
    );
"""


def write_published(path: Path, *traces: Trace) -> Path:
    """Write a file with the tables of some traces."""
    with duckdb.connect(path) as connection:
        connection.execute(_TABLES)
        for one in traces:
            for each in one.nodes:
                _insert(connection, one, each)
    return path


def _insert(connection: duckdb.DuckDBPyConnection, one: Trace, each: TraceNode) -> None:
    values: dict[str, Any] = {name: getattr(each, name) for name in TraceNode.__struct_fields__}
    times = {"created_at": "created_ns", "ended_at": "ended_ns", "observed_at": "observed_ns"}
    row: dict[str, Any] = {"source": one.source} | {name: values.pop(ns) for name, ns in times.items()} | values
    parameters = row.pop("extend_param")
    jobs = {"source": one.source, "root_job_id": one.root_job_id, "path": each.path}
    if each.depth:
        _insert_row(connection, "marts.steps", row | {"root_job_id": one.root_job_id}, parameters)
    else:
        left_out = ("path", "parent_path", "depth", "ordinal", "parent_job_id", "is_on_critical_path")
        root = {name: value for name, value in row.items() if name not in left_out}
        _insert_row(connection, "marts.root_jobs", root, None)
    _insert_row(connection, "core.jobs", jobs, parameters)


def _insert_row(
    connection: duckdb.DuckDBPyConnection, table: str, row: dict[str, Any], parameters: dict[str, str] | None
) -> None:
    marks = {name: f"make_timestamp_ns(${name}::BIGINT)" if name.endswith("_at") else f"${name}" for name in row}
    values = dict(row)
    if parameters is not None:
        marks["extend_param"] = "map_from_entries(list_zip($keys::VARCHAR[], $values::VARCHAR[]))"
        values |= {"keys": list(parameters), "values": list(parameters.values())}
    connection.execute(f"INSERT INTO {table} ({', '.join(marks)}) VALUES ({', '.join(marks.values())})", values)
