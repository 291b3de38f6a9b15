"""Savings per step type: one type at a time, per source, in exact nanoseconds."""

from typing import Any

import pyarrow as pa

from cce_etl.models.computed.step_savings import compute

SECOND = 10**9
INPUT = pa.schema(
    [
        ("source", pa.string()),
        ("job_type", pa.string()),
        ("kind_number", pa.int64()),
        ("cut_ns", pa.int64()),
        ("root_number", pa.int64()),
        ("started_ns", pa.int64()),
        ("ended_ns", pa.int64()),
        ("path", pa.string()),
        ("parent_path", pa.string()),
    ]
)


def job(root: int, path: str, start: int, end: int | None, **slow: Any) -> dict[str, Any]:
    """Make a row, times in seconds; `slow` are job_type, kind_number and cut_ns."""
    ended_ns = None if end is None else end * SECOND
    parent_path = path.rpartition("/")[0] if path else None
    place = {"source": "s", "root_number": root, "path": path, "parent_path": parent_path}
    return place | {"started_ns": start * SECOND, "ended_ns": ended_ns} | slow


def savings(*jobs: dict[str, Any]) -> list[tuple[Any, ...]]:
    rows = compute(pa.Table.from_pylist(list(jobs), INPUT)).to_pylist()
    return [tuple(row.values()) for row in rows]


def test_each_type_is_made_faster_alone_and_summed_over_the_roots() -> None:
    rows = savings(
        job(0, "", 0, 20),
        job(0, "0", 0, 10, job_type="A", kind_number=0, cut_ns=4 * SECOND + 1),
        job(0, "1", 10, 20, job_type="B", kind_number=1, cut_ns=3 * SECOND),
        job(1, "", 0, 10),
        job(1, "0", 0, 10, job_type="A", kind_number=0, cut_ns=2 * SECOND),
    )
    assert rows == [("s", "A", 2, 6.000000001), ("s", "B", 1, 3.0)]


def test_a_slow_step_beside_a_longer_one_saves_nothing() -> None:
    slow = {"job_type": None, "kind_number": 0, "cut_ns": SECOND}
    assert savings(job(0, "", 0, 20), job(0, "0", 0, 20), job(0, "1", 0, 10, **slow)) == [("s", None, 1, 0.0)]


def test_a_running_step_saves_nothing() -> None:
    slow = {"job_type": "A", "kind_number": 0, "cut_ns": SECOND}
    assert savings(job(0, "", 0, 20), job(0, "0", 0, None), job(0, "1", 5, 20, **slow)) == [("s", "A", 1, 1.0)]


def test_no_slow_step_gives_an_empty_table_of_the_same_types() -> None:
    types = ["string", "string", "int64", "double"]
    assert [str(kind) for kind in compute(INPUT.empty_table()).schema.types] == types
