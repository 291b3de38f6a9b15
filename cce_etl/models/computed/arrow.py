"""Between Arrow tables and the arrays of the statistics: texts and groups of rows as numbers, and trees of jobs."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cce_etl.statistics.arrays import BoolArray, FloatArray, IntArray
from cce_etl.statistics.forest import Forest, preorder_parents, run_starts


@dataclass(frozen=True, slots=True, eq=False)
class EncodedTexts:
    """A column of texts as numbers: equal where the texts are, each the position of its text in `values`."""

    numbers: NDArray[np.int32]
    values: pa.Array

    @property
    def count(self) -> int:
        """Return how many different texts there are."""
        return len(self.values)

    def subset(self, rows: IntArray) -> "EncodedTexts":
        """Return the texts of some rows."""
        return EncodedTexts(self.numbers[rows], self.values)

    def column(self, rows: IntArray) -> pa.Array:
        """Return the texts of some rows as a column."""
        return self.values.take(pa.array(self.numbers[rows]))


@dataclass(frozen=True, slots=True, eq=False)
class RowGroups:
    """Rows in groups: the number of each row's group, and the first row of each group."""

    numbers: NDArray[np.int32]
    first_rows: IntArray

    @property
    def count(self) -> int:
        """Return how many groups there are."""
        return len(self.first_rows)


def encode_texts(column: pa.ChunkedArray) -> EncodedTexts:
    """Return a column's texts as numbers; NULL is a text of its own."""
    # Encoding before combining the chunks copies no text.
    encoded = column.dictionary_encode(null_encoding="encode").combine_chunks()
    return EncodedTexts(encoded.indices.to_numpy(), encoded.dictionary)


def group_pairs(first: EncodedTexts | RowGroups, second: EncodedTexts | RowGroups) -> RowGroups:
    """Return the rows grouped by the pairs of their numbers in both, groups numbered in the order they first occur."""
    encoded = pa.array(first.numbers.astype(np.int64) * second.count + second.numbers).dictionary_encode()
    numbers = encoded.indices.to_numpy()
    # A group's first row is where the largest number so far reaches it.
    return RowGroups(numbers, np.searchsorted(np.maximum.accumulate(numbers), np.arange(len(encoded.dictionary))))


def first_occurrence_codes(column: pa.ChunkedArray | pa.Array) -> IntArray:
    """Return the number of each value, counted from 0 in the order they first occur; -1 for NULL."""
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return integers(values.dictionary_encode().indices, -1)


def integers(column: pa.ChunkedArray | pa.Array, when_null: int) -> IntArray:
    """Return a column of integers as an array."""
    values: IntArray = column.cast(pa.int64()).fill_null(when_null).to_numpy(zero_copy_only=False)
    return values


def nullable_floats(values: FloatArray) -> pa.Array:
    """Return numbers as a column, NULL for NaN."""
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def seconds_column(nanoseconds: IntArray, is_known: BoolArray) -> pa.Array:
    """Return nanoseconds as a column of seconds, NULL where not known; exact to the nanosecond below 26 days."""
    return pa.array(nanoseconds / 1e9, pa.float64(), mask=~is_known)


def read_forest(jobs: pa.Table, parents: IntArray) -> Forest:
    """Return the trees of a table of jobs.

    A job whose parent is unknown goes below its root. One that lacks a time, ends before it starts, or lasts longer
    than 292 years, which 64 bits of nanoseconds cannot hold, is not timed.

    Args:
        jobs: Columns root_number, started_ns and ended_ns; whole trees, each from its root down.
        parents: As `parent_positions` returns them.
    """
    starts_ns, ends_ns = integers(jobs["started_ns"], 0), integers(jobs["ended_ns"], 0)
    has_times = pc.and_(jobs["started_ns"].is_valid(), jobs["ended_ns"].is_valid()).to_numpy()
    roots = root_positions(jobs)
    is_orphan = (parents < 0) & (roots != np.arange(len(roots)))
    return Forest(
        np.where(is_orphan, roots, parents),
        starts_ns,
        ends_ns,
        has_times & (starts_ns <= ends_ns) & (ends_ns - starts_ns >= 0),
    )


def parent_positions(jobs: pa.Table) -> IntArray:
    """Return the position of the job at each job's parent_path in its tree, -1 where none is there.

    Args:
        jobs: Columns root_number, path and parent_path, sorted by root_number and then by path in byte order. In that
            order only jobs below a job come between it and its children, so a parent is the last job before its child
            that is one level higher, if it is there at all.
    """
    paths = jobs["path"].fill_null("")
    depths = pc.count_substring(paths, "/").to_numpy() + (pc.binary_length(paths).to_numpy() > 0)
    found = preorder_parents(depths)
    numbers = integers(jobs["root_number"], 0)
    is_parent = pc.equal(jobs["path"].take(pa.array(found)), jobs["parent_path"]).fill_null(fill_value=False).to_numpy()
    return np.where(is_parent & (found < np.arange(len(found))) & (numbers[found] == numbers), found, -1)


def root_positions(jobs: pa.Table) -> IntArray:
    """Return the position of each job's root: the first of the rows with its root_number."""
    numbers = integers(jobs["root_number"], 0)
    firsts = run_starts(numbers)
    return np.repeat(firsts, np.diff(firsts, append=len(numbers)))
