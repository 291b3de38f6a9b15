"""Incremental tables are the same as if everything were built anew, whatever trees changed in between."""

from random import Random
from typing import Any

import duckdb
import pytest

from cce_etl.errors import ConfigError, WarehouseError
from cce_etl.models import batches, incremental
from cce_etl.models.incremental import build_incremental, require_complete_build
from cce_etl.models.model import Model, read_models
from cce_etl.warehouse.migrations import schema_sql

Trees = dict[str, Any]
HEADER = "-- materialized: incremental\n-- grain: source, root_job_id\n"
# Few, so that trees hold, repeat and contradict each other.
IDS = [f"j{number}" for number in range(9)]
PHASES = ["Success", "Failed", "Running", "Initializing", "Odd"]


def random_node(random: Random, node: Any, job_id: str, levels: int) -> Any:
    below = [random.choice([*IDS, ""]) for _ in range(random.randrange(3))] if levels else []
    children = [random_node(random, node, child, levels - 1) for child in below]
    start = random.choice([None, random.randrange(20)])
    return node(job_id, *children, start=start, end=random.randrange(30), phase=random.choice(PHASES))


def change(connection: duckdb.DuckDBPyConnection, build: Any, trees: Trees) -> None:
    """Replace the trees of the same roots, and list them as changed."""
    fresh = build(*trees.values()).connection
    connection.register("incoming", fresh.sql("FROM core.jobs").to_arrow_table())
    connection.execute("DELETE FROM core.jobs WHERE root_job_id IN (SELECT root_job_id FROM incoming)")
    connection.execute("INSERT INTO core.jobs BY NAME FROM incoming")
    connection.execute("INSERT INTO raw.changed_roots SELECT source, root_job_id FROM incoming")


def tables(connection: duckdb.DuckDBPyConnection, models: list[Model]) -> dict[str, Any]:
    names = [model.name for model in models if model.materialized == "incremental"]
    return {name: sorted(connection.sql(f"FROM {name}").fetchall(), key=repr) for name in names}


def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})  # see `build`
    connection.execute(schema_sql())
    return connection


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("batch_rows", [3, 300_000])
def test_incremental_tables_are_as_if_everything_were_built_anew(
    node: Any, build: Any, models: list[Model], seed: int, batch_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", batch_rows)
    random, kept = Random(seed), warehouse()
    fleet: Trees = {}
    for _ in range(3):
        changed = {job_id: random_node(random, node, job_id, 3) for job_id in random.sample(IDS, random.randrange(4))}
        fleet |= changed
        change(kept, build, changed)
        build_incremental(kept, models, "code")
    anew = warehouse()
    change(anew, build, fleet)
    build_incremental(anew, models, "code")
    assert tables(kept, models) == tables(anew, models)
    assert kept.sql("FROM raw.changed_roots").fetchall() == []


def test_only_trees_that_changed_and_those_linked_to_them_are_built(node: Any, build: Any, models: list[Model]) -> None:
    kept = warehouse()
    change(kept, build, {"a": node("a", node("b")), "b": node("b", node("c")), "far": node("far", node("away"))})
    build_incremental(kept, models, "code")
    kept.execute("UPDATE core.steps SET job_type = 'as it was'")
    change(kept, build, {"a": node("a")})
    build_incremental(kept, models, "code")
    types = kept.sql("SELECT job_id, job_type FROM core.steps ORDER BY ALL").fetchall()
    # b stands on its own again, though nothing of it changed; far was left alone.
    assert types == [("away", "as it was"), ("c", "T")]


@pytest.mark.parametrize("reason", ["another code", "another SELECT", "a table is gone"])
def test_all_trees_are_built_anew_when_the_tables_may_be_outdated(
    node: Any, build: Any, models: list[Model], reason: str
) -> None:
    kept = warehouse()
    change(kept, build, {"a": node("a", node("b"))})
    build_incremental(kept, models, "code")
    kept.execute("UPDATE core.steps SET job_type = 'as it was'")
    if reason == "a table is gone":
        kept.execute("DROP TABLE core.root_jobs")
    others = [
        Model(**{field: getattr(model, field) for field in Model.__struct_fields__} | {"sql": f"{model.sql}\n-- other"})
        for model in models
    ]
    build_incremental(
        kept, others if reason == "another SELECT" else models, "other" if reason == "another code" else "code"
    )
    assert kept.sql("SELECT job_type FROM core.steps").fetchall() == [("T",)]


def test_a_build_that_was_stopped_continues(
    node: Any, build: Any, models: list[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 1)
    kept = warehouse()
    change(kept, build, {name: node(name, node(f"{name}-1")) for name in "abc"})
    keep, calls = incremental._write_batch, iter([keep_one, break_off])
    monkeypatch.setattr(incremental, "_write_batch", lambda *batch: next(calls)(keep, batch))
    with pytest.raises(KeyboardInterrupt):
        build_incremental(kept, models, "code")
    assert len(kept.sql("FROM raw.changed_roots").fetchall()) == 2
    with pytest.raises(WarehouseError, match="`cce-etl build` first"):
        require_complete_build(kept)
    monkeypatch.undo()
    build_incremental(kept, models, "code")
    require_complete_build(kept)
    assert kept.sql("SELECT job_id FROM core.steps ORDER BY ALL").fetchall() == [("a-1",), ("b-1",), ("c-1",)]


def keep_one(keep: Any, batch: Any) -> None:
    keep(*batch)


def break_off(keep: Any, batch: Any) -> None:
    raise KeyboardInterrupt


def test_an_incremental_model_that_selects_from_a_table_of_all_trees_is_refused(tmp_path: Any) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "whole.sql").write_text("SELECT count(*) AS n FROM core.jobs")
    (tmp_path / "core" / "part.sql").write_text(
        "-- materialized: incremental\n-- grain: source, root_job_id\nFROM core.whole"
    )
    with pytest.raises(ConfigError, match=r"core\.part.*core\.whole"):
        read_models(tmp_path)
