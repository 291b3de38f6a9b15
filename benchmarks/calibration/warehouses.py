"""A synthetic fleet as rows of core.jobs in a database of its own, with the models built on them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.calibration.fleets import Roots, Steps, draw_roots, draw_steps
from benchmarks.calibration.plans import DAY_NS, STARTS_AT_NS, Plan, Study
from cce_etl.models.build import build_models
from cce_etl.pipeline import run as pipeline
from cce_etl.warehouse.connection import Connection, open_warehouse

RESULTS: Final = frozenset({"marts.step_cohorts", "marts.duration_changes"})
_INSTANT: Final = pa.timestamp("ns")


@contextmanager
def built_fleet(plan: Plan) -> Iterator[Connection]:
    """Draw a fleet, load it and build the models of its findings; yield the warehouse, which is deleted afterwards."""
    generator = np.random.default_rng([plan.seed, list(Study).index(plan.study), 1])
    roots = draw_roots(plan, generator)
    steps = draw_steps(plan, roots, generator)
    with TemporaryDirectory() as folder, open_warehouse(Path(folder) / "fleet.duckdb") as connection:
        _insert(connection, "core.jobs", _job_rows(plan, roots, steps))
        build_models(connection, needed_models())
        yield connection


def needed_models() -> list[Any]:
    """Return the models of the findings and all they select from, in order."""
    needed = set(RESULTS)
    models = pipeline.models()
    for model in reversed(models):
        if model.name in needed:
            needed |= model.dependencies
    return [model for model in models if model.name in needed]


def _insert(connection: Connection, table: str, rows: pa.Table) -> None:
    connection.register("incoming_fleet", rows)
    connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming_fleet")
    connection.unregister("incoming_fleet")


def _job_rows(plan: Plan, roots: Roots, steps: list[Steps]) -> pa.Table:
    """Return the rows of all roots and steps."""
    root_ids = np.array([f"root-{number}" for number in range(len(roots.kinds))])
    ends_ns, is_failed = roots.started_ns.copy(), np.zeros(len(root_ids), dtype=np.bool_)
    for one in steps:
        np.maximum.at(ends_ns, one.roots, one.ended_ns)
        np.logical_or.at(is_failed, one.roots, one.is_failed)
    positions = np.arange(len(root_ids))
    root_rows = Steps("", positions, np.zeros_like(positions), roots.started_ns, ends_ns + 10**6, is_failed)
    tables = [_rows(plan, roots, root_ids, one) for one in (root_rows, *steps)]
    return pa.concat_tables(tables)


def _rows(plan: Plan, roots: Roots, root_ids: NDArray[Any], jobs: Steps) -> pa.Table:
    is_root = jobs.job_type == ""
    own = root_ids[jobs.roots]
    paths = np.where(is_root, "", jobs.ordinals.astype(str))
    has_run = jobs.started_ns >= 0
    phases = np.where(has_run, np.where(jobs.is_failed, "Failed", "Success"), "Initializing")
    count = len(own)
    columns = {
        "source": roots.regions[jobs.roots],
        "job_id": own if is_root else np.char.add(np.char.add(own.astype(str), "/"), paths.astype(str)),
        "parent_job_id": pa.nulls(count, pa.string()) if is_root else own,
        "root_job_id": own,
        "path": paths,
        "depth": np.full(count, 0 if is_root else 1),
        "ordinal": jobs.ordinals,
        "job_type": roots.kinds[jobs.roots] if is_root else np.full(count, jobs.job_type),
        "cluster_id": np.char.add("cluster-", roots.clusters[jobs.roots].astype(str)),
        "resource_name": _resource_names(roots, jobs),
        "phase": phases,
        "canonical_phase": phases,
        "created_at": pa.array(jobs.started_ns, _INSTANT, mask=~has_run),
        "updated_at": pa.array(jobs.ended_ns, _INSTANT, mask=~has_run),
        "extend_param": _parameters(plan, roots, jobs),
        "is_leaf": np.full(count, not is_root),
        "has_uid": np.ones(count, dtype=np.bool_),
        "observed_at": pa.array(np.full(count, STARTS_AT_NS + (plan.days + 1) * DAY_NS), _INSTANT),
    }
    return pa.table(
        {name: value if isinstance(value, pa.Array) else pa.array(value) for name, value in columns.items()}
    )


def _resource_names(roots: Roots, jobs: Steps) -> NDArray[Any]:
    numbers = np.char.mod("%03d", roots.clusters[jobs.roots])
    names = np.char.add(np.char.add(roots.names[jobs.roots].astype(str), "-"), numbers)
    return names if jobs.job_type == "" else np.char.add(np.char.add(names, "-server-"), jobs.ordinals.astype(str))


def _parameters(plan: Plan, roots: Roots, jobs: Steps) -> pa.Array:
    """Return the parameters: properties of the cluster and ids; roots have more of them, and messy fleets lack some."""
    own = jobs.roots
    values = {
        "cluster.flavor": roots.flavors[own],
        "cluster.version": roots.versions[own],
        "availability-zone": np.char.add(roots.regions[own].astype(str), roots.zones[own].astype(str)),
        "serverID": np.char.add(np.char.mod("%d-", own), jobs.ordinals.astype(str)),
    }
    if jobs.job_type == "":
        values |= {"alpha.cce/node-count": roots.node_counts[own].astype(str), "order-id": np.full(len(own), "")}
        values |= {"policy": np.array(["", "none", "static"])[roots.clusters[own] % 3]}
    elif jobs.job_type.startswith("C"):
        values = {}
    keys, count = list(values), len(own)
    columns = [column.astype(object) for column in values.values()]
    items = np.stack(columns, axis=1) if keys else np.empty((count, 0), dtype=object)
    is_sent = np.ones(items.shape, dtype=np.bool_)
    if plan.study is Study.MESSY:
        is_sent &= (own[:, None] * 7 + np.arange(len(keys))) % 5 > 1
    offsets = np.concatenate([[0], np.cumsum(is_sent.sum(axis=1))])
    names = np.broadcast_to(np.array(keys, dtype=object), items.shape)[is_sent]
    return pa.MapArray.from_arrays(
        pa.array(offsets, pa.int32()), pa.array(names, pa.string()), pa.array(items[is_sent], pa.string())
    )
