"""Texts and combinations of them as numbers from 0 on, so that arrays can be grouped by them.

Lives here: Arrow columns to codes and back. Does not: what is done with the groups (`statistics`).
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """Hold a number for each row, equal where the texts are, and the text that each number stands for."""

    numbers: NDArray[np.int32]
    values: pa.Array

    @property
    def count(self) -> int:
        """Return how many different texts there are."""
        return len(self.values)

    def of(self, rows: IntArray) -> "Texts":
        """Return the texts of some rows."""
        return Texts(self.numbers[rows], self.values)

    def taken(self, rows: IntArray) -> pa.Array:
        """Return the texts of some rows as a column."""
        return self.values.take(pa.array(self.numbers[rows]))


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """Hold a number for each row, equal where the rows are alike, and for each number the first row that has it."""

    numbers: NDArray[np.int32]
    first_rows: IntArray

    @property
    def count(self) -> int:
        """Return how many different numbers there are."""
        return len(self.first_rows)


def text_codes(column: pa.ChunkedArray) -> Texts:
    """Number the texts of a column; NULL is a text of its own."""
    # Encoded chunk by chunk, into one dictionary: as one array the texts would first be copied.
    encoded = column.dictionary_encode(null_encoding="encode").combine_chunks()
    return Texts(encoded.indices.to_numpy(), encoded.dictionary)


def pair_codes(first: Texts | Codes, second: Texts | Codes) -> Codes:
    """Number the pairs of two numberings of the same rows, in the order they come."""
    encoded = pa.array(first.numbers.astype(np.int64) * second.count + second.numbers).dictionary_encode()
    numbers = encoded.indices.to_numpy()
    # A new number is the largest so far.
    first_rows = np.searchsorted(np.maximum.accumulate(numbers), np.arange(len(encoded.dictionary)))
    return Codes(numbers, first_rows)
