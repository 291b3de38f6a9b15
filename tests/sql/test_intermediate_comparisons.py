"""The input of the comparisons: one row per root and step type."""

from math import log
from typing import Any

import pytest

from cce_etl.pipeline import run as pipeline

[MODEL] = [model for model in pipeline.models() if model.name == "intermediate.comparisons"]


def _inputs(warehouse: Any) -> dict[tuple[str, str], dict[str, Any]]:
    warehouse.build(set(MODEL.dependencies))
    rows = warehouse.connection.sql(MODEL.sql).to_arrow_table().to_pylist()
    return {(row["root_job_id"], row["job_type"]): row for row in rows}


def test_a_root_counts_once_with_the_median_of_its_successes(node: Any, build: Any) -> None:
    steps = [
        node("a", end=10, job_type="Install"),
        node("b", end=40, job_type="Install"),
        node("c", end=90, job_type="Install", phase="Failed"),
        node("d", end=0, job_type="Install"),
        node("e", end=None, job_type="Install", phase="Running"),
        node("f", start=5, end=9, job_type="Check"),
    ]
    rows = _inputs(build(node("r", *steps, phase="Failed", job_type="Create")))
    assert set(rows) == {("r", "Install"), ("r", "Check")}
    install = rows["r", "Install"]
    assert install["log_seconds"] == pytest.approx(log(20))
    counts = [install[f"{name}step_count"] for name in ("", "finished_", "measured_")]
    assert counts == [5, 4, 2]
    assert install["root_job_type"] == "Create"
    assert (install["is_blamed"], rows["r", "Check"]["is_blamed"]) == (True, False)


def test_parameters_of_all_steps_and_of_the_root_come_along(node: Any, build: Any) -> None:
    warehouse = build(node("r", node("a"), node("b")))
    for job_id, parameters in (("r", "{'k': 'root'}"), ("a", "{'zone': 'x', 'id': '1'}"), ("b", "{'zone': 'x'}")):
        warehouse.connection.execute(f"UPDATE core.jobs SET extend_param = MAP {parameters} WHERE job_id = '{job_id}'")
    row = _inputs(warehouse)["r", "T"]
    assert sorted((one["key"], one["value"]) for one in row["step_parameters"]) == [
        *(("id", "1"), ("zone", "x"), ("zone", "x"))
    ]
    assert row["root_parameters"] == [{"key": "k", "value": "root"}]


def test_a_cluster_is_what_it_was_when_the_step_started(node: Any, build: Any) -> None:
    warehouse = build(node("early", node("a", start=0)), node("late", node("b", start=500)))
    warehouse.connection.execute(
        """INSERT INTO raw.clusters (source, cluster_id, version, flavor, observed_at)
        SELECT 's', 'c', version, 'small', make_timestamp_ns((1_700_000_000 + seconds) * 1_000_000_000::BIGINT)
        FROM (VALUES ('v1', 100), ('v2', 400)) AS seen (version, seconds)"""
    )
    rows = _inputs(warehouse)
    assert [rows[root, "T"]["cluster_version"] for root in ("early", "late")] == ["v1", "v2"]
    assert rows["late", "T"]["flavor"] == "small"


def test_a_step_without_a_name_takes_the_name_of_its_root(node: Any, build: Any) -> None:
    rows = _inputs(build(node("r", node("a"), resource_name="prod-1")))
    assert rows["r", "T"]["resource_name"] == "prod-1"
