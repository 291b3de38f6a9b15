"""A fault is planted in each model, and all models that select from it are built again: an error check must find it.

The faults follow from the meaning of a column. test_checks.py plants one fault for each check.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb
import pytest

from cce_etl.models.model import Check, Model, read_checks, run_check, sql_directory
from cce_etl.models.tables import make_table
from cce_etl.pipeline import run as pipeline

MODELS = pipeline.models()
TABLE = re.compile(r"\b(?:raw|core|intermediate|marts)\.\w+")
GATES = [check for check in read_checks(sql_directory()) if check.severity == "error"]
# A second of statistics, and no check compares its rows with what they were made of.
NOT_MADE_ANEW = {"intermediate.comparisons"}
# What a column whose name ends so becomes where it is not NULL.
WRONG = {
    r".*_count|ordinal|depth|max_depth|place_number|sibling_number|rank|depth_offset": "{} + 1",
    r".*seconds|seconds_lost": "-1 - {}",
    r".*_rate|.*_share|.*_rate_low|.*_rate_high|.*_incidence|survival|[pq]_value|success_rate_.*": "1.5",
    r"(is|has)_.*": "NOT {}",
    r"(next_)?phase": "CASE {0} WHEN 'Success' THEN 'Failed' WHEN 'Failed' THEN 'Success' ELSE 'Success' END",
    r".*_at|since": "make_timestamp_ns(epoch_ns({}) + 90000000000000)",
    r".*_on": "{} + 1",
}
UNSEEN = {
    # Nothing else counts what was found, and the ranks of what is left show only that something in between is gone.
    "intermediate.comparisons": {"a row is lost", "other_root_count is wrong", "step_count is wrong"},
}


def faults(model: Model) -> Iterator[tuple[str, str]]:
    """Yield each fault's name, and the SELECT that makes the faulty rows from the correct ones."""
    keys = model.grain.split(", ")
    first = f"row_number() OVER (ORDER BY {model.grain}) = 1"
    yield "a row is lost", f"SELECT * FROM {{}} QUALIFY NOT {first}"
    yield "a row stands twice", f"FROM {{0}} UNION ALL (SELECT * FROM {{0}} QUALIFY {first})"
    for key in keys:
        first_with = f"row_number() OVER (ORDER BY {key} IS NULL, {model.grain}) = 1"
        yield f"{key} is lost", f"SELECT * REPLACE (if({first_with}, NULL, {key}) AS {key}) FROM {{}}"
    for column in model.columns:
        for names, wrong in WRONG.items():
            if re.fullmatch(names, column):
                value = f"CASE WHEN {column} IS NOT NULL THEN {wrong.format(column)} END"
                yield f"{column} is wrong", f"SELECT * REPLACE ({value} AS {column}) FROM {{}}"


def plant(warehouse: Any, model: Model, select: str) -> None:
    """Put the fault into a model's table or view."""
    if model.materialized == "view":
        warehouse.connection.execute(f"CREATE OR REPLACE VIEW {model.name} AS {select.format(f'({model.sql})')}")
    else:
        warehouse.connection.execute(f"CREATE OR REPLACE TABLE {model.name} AS {select.format(model.name)}")


def is_noticed(warehouse: Any, model: Model, select: str) -> bool:
    """Plant a fault, build all that follows from it again, and return whether a check finds rows."""
    warehouse.connection.execute("BEGIN")
    try:
        plant(warehouse, model, select)
        return any(run_check(warehouse.connection, check, 1) for check in checks_as_made(warehouse, model))
    except duckdb.Error:  # what follows cannot even be made, so nothing is published
        return True
    finally:
        warehouse.connection.execute("ROLLBACK")


def checks_as_made(warehouse: Any, model: Model) -> Iterator[Check]:
    """Build the models that select from a model again; yield each check once all the tables that it reads are built."""
    outdated, followers = {model.name}, []
    for other in MODELS:
        if outdated & other.dependencies:
            outdated.add(other.name)
            followers.append(other)
    waiting = [check for check in GATES if outdated & tables(check)]
    for made in (model, *followers):
        if made is not model and made.name not in NOT_MADE_ANEW:
            make_table(warehouse.connection, made)
        outdated.remove(made.name)
        yield from [check for check in waiting if not outdated & tables(check)]
        waiting = [check for check in waiting if outdated & tables(check)]


@cache
def tables(check: Check) -> frozenset[str]:
    return frozenset(TABLE.findall(re.sub(r"--.*", "", check.sql)))


@pytest.fixture(scope="module")
def built(node: Any, build: Any) -> Any:
    """Return correct data that gives every model rows: nested, failed, running and contradictory jobs, and a change."""
    children = [
        node("x", planned=-3),
        node("x", end=-1),
        node("", phase=None, start=None),
        node("d", cluster_id="e", start=-5),
    ]
    children += [node("on", phase="Running"), node("late", start=999, phase="Running"), node("g", phase="Failed")]
    nested = node("x", node("y"), node("z", start=90_000))
    failed = node("f", node("h", phase="Failed", reason="no disk 7"), phase="Failed", reason="no", planned=-1)
    alone = (failed, node("again", start=20), node("busy", node("on2", phase="Running"), phase="Running"))
    # Where jobs move between trees, checks leave room: the first rows, of which one is lost, are of a source without.
    simple = [node("late", start=-9, end=-7), node("away", cluster_id="e"), node("never", start=None, phase="Odd")]
    others = {"a": (node("a", *simple, node("c", start=-5, planned=-7), phase="Running"),)}
    known = (node("r", *children, phase="Running"), nested, node("q", node("r")), *alone, *slow_since(node))
    built = build(*known, others=others)
    built.connection.execute("SET threads = 1")
    built.connection.execute(
        """INSERT INTO raw.clusters BY NAME SELECT 's' AS source, 'c' AS cluster_id, 'v1.3' || range AS version,
            make_timestamp_ns(range) AS observed_at FROM range(2)"""
    )
    built.connection.execute(
        """INSERT INTO raw.fetch_runs SELECT 'run', 's', 'run', make_timestamp_ns(0), make_timestamp_ns(5000000000),
        10, 4, 2, 1, 1, 2, 2, 20, 9, 1, 1, 0.5, 1000, 0.1, 0.2"""
    )
    built.connection.execute(
        """INSERT INTO raw.job_ids BY NAME SELECT source, root_job_id AS job_id, 1 AS attempts,
            if(canonical_phase IN ('Success', 'Failed'), 'finished', 'running') AS state, observed_at AS last_fetched_at
            FROM core.jobs WHERE depth = 0"""
    )
    built.connection.execute(
        """INSERT INTO raw.dead_letters BY NAME SELECT 's' AS source, 'lost' || range AS job_id, 'gone' AS kind,
            'gone' AS message, 1 AS attempts, make_timestamp_ns(-1) AS failed_at FROM range(2)"""
    )
    built.build_all()
    return built


def slow_since(node: Any) -> Iterator[Any]:
    """Yield root jobs of 50 days until now: half way one machine becomes slow, and every other install on it fails."""
    for number in range(120):
        name = ("blue-1", "red-1")[number % 2]
        start = -36_000 * (119 - number)
        length = (40 + number % 7) * (4 if number >= 60 and name == "red-1" else 1)
        phase = "Failed" if number % 4 == 1 else "Success"
        step = node(f"s{number}", start=start, end=start + length, job_type="Install", resource_name=name)
        check = node(f"c{number}", start=start, end=start + 5, job_type="Check", resource_name=name, phase=phase)
        yield node(f"h{number}", step, check, start=start, end=start + length, job_type="Create", phase=phase)


def test_good_data_fails_no_check(built: Any) -> None:
    assert {check.name: rows for check in GATES if (rows := run_check(built.connection, check))} == {}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_fault_in_a_model_fails_a_check(built: Any, model: Model) -> None:
    unseen = {name for name, select in faults(model) if not is_noticed(built, model, select)}
    assert unseen == UNSEEN.get(model.name, set())
