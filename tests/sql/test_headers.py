"""The words above each model: complete, true, and short enough to read."""

from collections.abc import Iterator
from typing import Any

import pytest

from cce_etl.models.model import sql_directory
from cce_etl.pipeline import run as pipeline

MODELS = pipeline.models()
FILES = sorted(sql_directory().rglob("*.sql"))


@pytest.fixture(scope="module")
def warehouse(node: Any, build: Any) -> Any:
    """Return trees that give every model rows, several for most grains."""
    children = [node("x"), node("x", end=-1), node("", phase=None, start=None), node("d", cluster_id="e", start=-5)]
    children += [node("on", phase="Running"), node("late", start=999, phase="Running")]
    nested = node("x", node("y"), node("z", start=90_000))
    alone = (node("f", phase="Failed", reason="no"), node("busy", phase="Running"))
    built = build(node("r", *children, phase="Running"), nested, node("q", node("r")), *alone, *_slow_since(node))
    built.connection.execute(
        """INSERT INTO raw.clusters BY NAME
        SELECT 's' AS source, 'c' AS cluster_id, 'v1.30' AS version, make_timestamp_ns(0) AS observed_at"""
    )
    built.connection.execute(
        """INSERT INTO raw.fetch_runs SELECT 'run', 's', 'run', make_timestamp_ns(0), make_timestamp_ns(range),
        1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1 FROM range(1)"""
    )
    return built


def _slow_since(node: Any) -> Iterator[Any]:
    """Yield an hourly root job for some days, later ones four times as long on one cluster's machines."""
    for hour in range(120):
        name = ("blue-1", "red-1")[hour % 2]
        start = -3_600 * (400 - hour)
        length = (40 + hour % 7) * (4 if hour >= 60 and name == "red-1" else 1)
        step = node(f"s{hour}", start=start, end=start + length, job_type="Install", resource_name=name)
        yield node(f"h{hour}", step, start=start, end=start + length)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_columns_are_documented_in_their_order(warehouse: Any, model: Any) -> None:
    columns = [row[0] for row in warehouse.rows(f"DESCRIBE {model.name}")]
    assert columns == list(model.columns)
    assert all(model.columns.values())
    assert model.description


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_the_grain_tells_rows_apart(warehouse: Any, model: Any) -> None:
    [(row_count,)] = warehouse.rows(f"SELECT count(*) FROM {model.name}")
    [(key_count,)] = warehouse.rows(f"SELECT count(*) FROM (SELECT DISTINCT {model.grain} FROM {model.name})")
    assert row_count == key_count > 0


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_models_read_core_and_marts_and_only_core_reads_raw(model: Any) -> None:
    assert model.dependencies
    read = {name.partition(".")[0] for name in model.dependencies}
    assert read <= ({"raw", "core", "marts"} if model.name.startswith("core.") else {"core", "marts"})


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_instants_are_naive_nanoseconds_and_seconds_are_doubles(warehouse: Any, model: Any) -> None:
    types = {row[0]: row[1] for row in warehouse.rows(f"DESCRIBE {model.name}")}
    assert {kind for name, kind in types.items() if name.endswith("_at")} <= {"TIMESTAMP_NS"}
    assert {kind for name, kind in types.items() if name.endswith(("_seconds", "_rate"))} <= {"DOUBLE"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_has_at_most_80_lines(path: Any) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 80
