"""Between Arrow tables of jobs and arrays of trees.

Lives here: reading a forest, nanoseconds to seconds. Does not: what is asked of a forest (`statistics`).
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cce_etl.statistics.forest import Flags, Forest, Ints, first_of_each


def read_forest(jobs: pa.Table) -> Forest:
    """Read root_number, parent_position, started_ns and ended_ns of whole trees, each from its root down.

    A job whose parent is unknown stands below the root; one that lacks a time, ends before it starts, or lasts longer
    than 292 years, which 64 bits of nanoseconds cannot hold, is not timed.
    """
    starts_ns, ends_ns = integers(jobs["started_ns"], 0), integers(jobs["ended_ns"], 0)
    is_timed = flags(pc.and_(jobs["started_ns"].is_valid(), jobs["ended_ns"].is_valid()))
    parents, roots = integers(jobs["parent_position"], -1), root_positions(jobs)
    is_orphan = (parents < 0) & (roots != np.arange(len(roots)))
    return Forest(
        np.where(is_orphan, roots, parents),
        starts_ns,
        ends_ns,
        is_timed & (starts_ns <= ends_ns) & (ends_ns - starts_ns >= 0),
    )


def root_positions(jobs: pa.Table) -> Ints:
    """Return the position of each job's root: the first of the rows with its root_number."""
    numbers = integers(jobs["root_number"], 0)
    firsts = first_of_each(numbers)
    return np.repeat(firsts, np.diff(firsts, append=len(numbers)))


def integers(column: pa.ChunkedArray, when_null: int) -> Ints:
    """Return a column of integers as an array."""
    values: Ints = column.fill_null(when_null).to_numpy()
    return values


def flags(column: pa.ChunkedArray) -> Flags:
    """Return a column of booleans, none NULL, as an array."""
    values: Flags = column.to_numpy()
    return values


def seconds(nanoseconds: Ints, is_known: Flags) -> pa.Array:
    """Return nanoseconds as a column of seconds, NULL where not known; exact to the nanosecond below 26 days."""
    return pa.array(nanoseconds / 1e9, pa.float64(), mask=~is_known)
