"""Between Arrow tables of jobs and arrays of trees.

Lives here: reading a forest, nanoseconds to seconds. Does not: what is asked of a forest (`statistics`).
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cce_etl.statistics.forest import Flags, Forest, Ints, first_of_each, last_a_level_higher


def read_forest(jobs: pa.Table, parents: Ints) -> Forest:
    """Read root_number, started_ns and ended_ns of whole trees, each from its root down, given `parent_positions`.

    A job whose parent is unknown stands below the root; one that lacks a time, ends before it starts, or lasts longer
    than 292 years, which 64 bits of nanoseconds cannot hold, is not timed.
    """
    starts_ns, ends_ns = integers(jobs["started_ns"], 0), integers(jobs["ended_ns"], 0)
    is_timed = flags(pc.and_(jobs["started_ns"].is_valid(), jobs["ended_ns"].is_valid()))
    roots = root_positions(jobs)
    is_orphan = (parents < 0) & (roots != np.arange(len(roots)))
    return Forest(
        np.where(is_orphan, roots, parents),
        starts_ns,
        ends_ns,
        is_timed & (starts_ns <= ends_ns) & (ends_ns - starts_ns >= 0),
    )


def parent_positions(jobs: pa.Table) -> Ints:
    """Return the position of the job at each job's parent_path in its tree, -1 where none is there.

    Rows come by root_number, then by path in byte order, in which all that stands between a job and what is below it
    is below it as well: a parent is the last one before that stands a level higher, or is not there.
    """
    paths = jobs["path"].fill_null("")
    found = last_a_level_higher(pc.count_substring(paths, "/").to_numpy() + (pc.binary_length(paths).to_numpy() > 0))
    numbers = integers(jobs["root_number"], 0)
    at_parent_path = pc.equal(jobs["path"].take(pa.array(found)), jobs["parent_path"])
    is_there = flags(at_parent_path.fill_null(fill_value=False))
    return np.where(is_there & (found < np.arange(len(found))) & (numbers[found] == numbers), found, -1)


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
