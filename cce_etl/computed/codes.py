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

    numbers: NDArray[np.int32]
    first_rows: IntArray

    @property
    def count(self) -> int:
        """Return how many different numbers there are."""
        return len(self.first_rows)


def text_codes(column: pa.ChunkedArray, order: IntArray) -> Codes:
    """Number the texts of a column, its rows in the order given; NULL is a text of its own."""
    # Chunk by chunk, which share one dictionary: as one array the texts would first be copied.
    chunks = column.dictionary_encode(null_encoding="encode").chunks
    numbers = np.concatenate([np.empty(0, np.int32), *(chunk.indices.to_numpy() for chunk in chunks)])[order]
    first_rows = np.zeros(numbers.max(initial=-1) + 1, dtype=np.int64)
    first_rows[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)  # of equal places, the last one written stays
    return Codes(numbers, first_rows)


def pair_codes(first: Codes, second: Codes) -> Codes:
    """Number the pairs of two numberings of the same rows, in the order they come."""
    return _numbered(pa.array(first.numbers.astype(np.int64) * second.count + second.numbers).dictionary_encode())


def _numbered(encoded: pa.DictionaryArray) -> Codes:
    numbers = encoded.indices.to_numpy()
    # A new number is the largest so far.
    first_rows = np.searchsorted(np.maximum.accumulate(numbers), np.arange(len(encoded.dictionary)))
    return Codes(numbers, first_rows)


def texts_at(column: pa.ChunkedArray, rows: IntArray) -> pa.Array:
    """Return the texts of some rows."""
    return pc.take(column, pa.array(rows, pa.int64())).combine_chunks().cast(pa.string())
