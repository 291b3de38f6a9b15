"""Arrow to arrays: what is unknown, and what is not timed."""

import numpy as np
import pyarrow as pa

from cce_etl.computed.forests import integers, read_forest, seconds


def test_unknown_parents_and_times_are_read() -> None:
    table = pa.table(
        {
            "root_number": [1, 1, 1, 1],
            "parent_position": pa.array([None, 0, 0, 0], pa.int64()),
            "started_ns": pa.array([1, None, 3, 5], pa.int64()),
            "ended_ns": pa.array([1, 2, None, 4], pa.int64()),
        }
    )
    forest = read_forest(table)
    assert forest.parents.tolist() == [-1, 0, 0, 0]
    assert forest.is_timed.tolist() == [True, False, False, False]
    assert (forest.starts_ns[2], forest.ends_ns[3]) == (3, 4)


def test_chunks_are_read_as_one_column() -> None:
    assert integers(pa.chunked_array([[1, None], [3]], pa.int64()), -1).tolist() == [1, -1, 3]


def test_nanoseconds_become_seconds_where_known() -> None:
    assert seconds(np.array([1_500_000_000, 7]), np.array([True, False])).to_pylist() == [1.5, None]
