"""Texts and combinations of them as numbers from 0 on, so that arrays can be grouped by them.

Lives here: Arrow columns to codes and back. Does not: what is done with the groups (`statistics`).
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """Hold a number for each row, equal where the rows are alike, and for each number the first row that has it."""

    numbers: IntArray
    first_rows: IntArray

    @property
    def count(self) -> int:
        """Return how many different numbers there are."""
        return len(self.first_rows)


def text_codes(column: pa.ChunkedArray, order: IntArray) -> Codes:
    """Number the texts of a column, its rows in the order given; NULL is a text of its own."""
    return _codes(column.combine_chunks(), order)


def pair_codes(first: Codes, second: Codes) -> Codes:
    """Number the pairs of two numberings of the same rows."""
    pairs = first.numbers * second.count + second.numbers
    return _codes(pa.array(pairs), np.arange(len(pairs)))


def _codes(values: pa.Array, order: IntArray) -> Codes:
    encoded = values.dictionary_encode(null_encoding="encode")
    numbers: IntArray = encoded.indices.to_numpy(zero_copy_only=False)[order].astype(np.int64)
    first_rows = np.zeros(len(encoded.dictionary), dtype=np.int64)
    first_rows[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)  # of equal places, the last one written stays
    return Codes(numbers, first_rows)


def texts_at(column: pa.ChunkedArray, rows: IntArray) -> pa.Array:
    """Return the texts of some rows."""
    return pc.take(column, pa.array(rows, pa.int64())).combine_chunks().cast(pa.string())
