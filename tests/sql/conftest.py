"""Fixtures that load trees, written as literals, into a new database. A model is built when a query needs it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from cce_etl.models.model import Model
from cce_etl.models.tables import make_table
from cce_etl.pipeline import run as pipeline
from cce_etl.warehouse.migrations import schema_sql

Rows = list[tuple[Any, ...]]
START = 1_700_000_000_000_000_000  # 2023-11-14 22:13:20 UTC
OBSERVED = START + 1_000 * 10**9
PHASES = ("Initializing", "Running", "Success", "Failed")
COLUMNS = (
    *("source", "job_id", "parent_job_id", "root_job_id", "path", "depth", "ordinal", "is_leaf", "has_uid"),
    *(
        "job_type",
        "cluster_id",
        "resource_id",
        "resource_name",
        "reason",
        "phase",
        "canonical_phase",
        "created_text",
        "updated_text",
    ),
    *("planned_at", "created_at", "updated_at", "completed_at", "observed_at"),
)


@dataclass(frozen=True)
class Node:
    """One job: its columns, and its sub-jobs."""

    job_id: str
    children: tuple["Node", ...] = ()
    columns: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Warehouse:
    """A database in which a model is built when a query first names it, or one that selects from it."""

    connection: duckdb.DuckDBPyConnection
    models: list[Model]
    built: set[str] = field(default_factory=set)

    def rows(self, sql: str) -> Rows:
        """Return the rows of a query."""
        self.build(set(re.findall(r"\b(?:core|intermediate|marts)\.\w+", sql)))
        return self.connection.execute(sql).fetchall()

    def build(self, names: set[str]) -> None:
        """Build these models and all they select from, without comments, which take a third of the time."""
        for model in reversed(self.models):
            if model.name in names:
                names |= model.dependencies
        for model in self.models:
            if model.name in names - self.built:
                make_table(self.connection, model)
                self.built.add(model.name)

    def build_all(self) -> None:
        """Build every model."""
        self.build({model.name for model in self.models})


def _node(job_id: str, *children: Node, start: float | None = 0, end: float | None = 10, **columns: Any) -> Node:
    """Make a job; `start`, `end`, `planned` and `completed` count seconds from 2023-11-14 22:13:20 UTC."""
    clocks = {"created_at": start, "updated_at": end}
    clocks |= {f"{name}_at": columns.pop(name, None) for name in ("planned", "completed")}
    nanoseconds = {name: None if at is None else START + round(at * 10**9) for name, at in clocks.items()}
    texts = {"created_text": None if start is None else "sent", "updated_text": None if end is None else "sent"}
    return Node(job_id, children, nanoseconds | texts | columns)


def _flatten(source: str, root: Node) -> Iterator[dict[str, Any]]:
    pending: list[tuple[Node, str | None, str, int, int]] = [(root, None, "", 0, 0)]
    while pending:
        node, parent_job_id, path, depth, ordinal = pending.pop()
        has_uid = node.job_id != ""
        job_id = node.job_id or f"{root.job_id}/{path}"
        phase = node.columns.get("phase", "Success")
        defaults = {"job_type": "T", "cluster_id": "c", "phase": phase, "observed_at": OBSERVED}
        place = {"parent_job_id": parent_job_id, "root_job_id": root.job_id, "path": path, "depth": depth}
        canonical_phase = phase if phase in PHASES else None
        keys = {"source": source, "job_id": job_id, "ordinal": ordinal, "canonical_phase": canonical_phase}
        yield defaults | node.columns | place | keys | {"is_leaf": not node.children, "has_uid": has_uid}
        for index, child in enumerate(node.children):
            pending.append((child, job_id, f"{path}/{index}" if path else str(index), depth + 1, index))


def _insert(connection: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]) -> None:
    """Insert all rows at once. One by one they take as long as building the models."""
    connection.register("incoming", pa.table({name: [row.get(name) for row in rows] for name in COLUMNS}))
    values = ", ".join(f"make_timestamp_ns({name}::BIGINT)" if name.endswith("_at") else name for name in COLUMNS)
    connection.execute(f"INSERT INTO core.jobs ({', '.join(COLUMNS)}) SELECT {values} FROM incoming")
    connection.unregister("incoming")


@pytest.fixture(scope="session")
def models() -> list[Model]:
    """Return every model, each after those it selects from."""
    return pipeline.models()


@pytest.fixture(scope="session")
def node() -> Callable[..., Node]:
    """Return a maker of jobs: id ('' for none), sub-jobs, then columns by name."""
    return _node


@pytest.fixture(scope="session")
def build(models: list[Model]) -> Callable[..., Warehouse]:
    """Return a loader of trees, in the order given."""

    def build_from(*roots: Node, source: str = "s", others: dict[str, tuple[Node, ...]] | None = None) -> Warehouse:
        # Of one thread: over a few rows two wait for each other for as long as they work.
        connection = duckdb.connect(config={"threads": 1})
        connection.execute(schema_sql())
        trees = {source: roots} | (others or {})
        _insert(connection, [row for name, some in trees.items() for root in some for row in _flatten(name, root)])
        return Warehouse(connection, models)

    return build_from
