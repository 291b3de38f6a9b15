"""Arrow columns as arrays: parents, unknown values, and jobs that are not timed."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cce_etl.models.computed.arrow import (
    first_occurrence_codes,
    integers,
    parent_positions,
    read_forest,
    seconds_column,
)


def table(*jobs: tuple[int, str | None, str | None]) -> pa.Table:
    """Make jobs of (root_number, path, parent_path)."""
    names = ("root_number", "path", "parent_path")
    schema = pa.schema([("root_number", pa.int64()), ("path", pa.string()), ("parent_path", pa.string())])
    return pa.Table.from_pylist([dict(zip(names, job, strict=True)) for job in jobs], schema)


def test_unknown_parents_and_times_are_accepted() -> None:
    jobs = pa.table(
        {
            "root_number": [1, 1, 1, 1],
            "started_ns": pa.array([1, None, 3, 5], pa.int64()),
            "ended_ns": pa.array([1, 2, None, 4], pa.int64()),
        }
    )
    forest = read_forest(jobs, np.array([-1, -1, 0, 0]))
    assert forest.parents.tolist() == [-1, 0, 0, 0]
    assert forest.is_timed.tolist() == [True, False, False, False]
    assert (forest.starts_ns[2], forest.ends_ns[3]) == (3, 4)


def test_a_parent_is_the_job_at_the_parent_path_of_the_same_tree() -> None:
    jobs = [(1, "", None), (1, "0", ""), (1, "0/0", "0"), (1, "0/1", "0"), (1, "1", ""), (2, "", None), (2, "0", "")]
    assert parent_positions(table(*jobs)).tolist() == [-1, 0, 1, 1, 0, -1, 5]


def test_in_byte_order_ten_stands_before_two_and_below_no_one_else() -> None:
    jobs = [(1, "", None), (1, "1", ""), (1, "1/0", "1"), (1, "10", ""), (1, "10/0", "10"), (1, "2", "")]
    assert parent_positions(table(*jobs)).tolist() == [-1, 0, 1, 0, 3, 0]


def test_a_job_that_shares_its_path_with_another_is_below_the_same_parent() -> None:
    jobs = [(1, "", None), (1, "0", ""), (1, "0/1", "0"), (1, "0/1/0", "0/1"), (1, "0/1~2", "0"), (1, "0~2", "")]
    assert parent_positions(table(*jobs)).tolist() == [-1, 0, 1, 2, 1, 0]


@pytest.mark.parametrize(
    "jobs",
    [
        [(1, "", None), (1, "0/0", "0")],
        [(1, "", None), (1, "0", ""), (1, "1/0", "1")],
        [(1, "", None), (1, "0", ""), (2, "", None), (2, "0/0", "0")],
        [(1, "0/0", "0")],
        [(1, "", None), (1, "0", ""), (1, "0/0/0", "0/0")],
        [(1, "", None), (1, "0", ""), (1, None, "")],
    ],
)
def test_a_job_without_another_at_its_parent_path_has_none(jobs: list[tuple[int, str | None, str | None]]) -> None:
    assert parent_positions(table(*jobs)).tolist()[-1] == -1


@given(st.lists(st.lists(st.integers(0, 12), max_size=4), max_size=30), st.integers(1, 3))
def test_parents_are_those_a_lookup_by_path_finds(ordinals: list[list[int]], tree_count: int) -> None:
    paths = {"/".join(map(str, one)) for one in ordinals}
    jobs = [
        (tree, path, path.rpartition("/")[0] if path else None)
        for tree in range(tree_count)
        for path in sorted(paths, key=str.encode)
    ]
    places = {(tree, path): place for place, (tree, path, _) in enumerate(jobs)}
    expected = [-1 if parent is None else places.get((tree, parent), -1) for tree, _, parent in jobs]
    assert parent_positions(table(*jobs)).tolist() == expected


def test_chunks_are_read_as_one_column() -> None:
    assert integers(pa.chunked_array([[1, None], [3]], pa.int64()), -1).tolist() == [1, -1, 3]


def test_nanoseconds_become_seconds_where_known() -> None:
    assert seconds_column(np.array([1_500_000_000, 7]), np.array([True, False])).to_pylist() == [1.5, None]


def test_values_are_numbered_in_the_order_they_first_occur() -> None:
    assert first_occurrence_codes(pa.array(["b", None, "a", "b"])).tolist() == [0, -1, 1, 0]
