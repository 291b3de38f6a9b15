"""The best split in time of each of many slices, all at once.

Lives here: one change of level a slice, by least squares. Does not: series with several changes (`change_points`).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cce_etl.statistics.change_points import LEAST_SEGMENT
from cce_etl.statistics.residuals import by_group

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def best_splits(values: FloatArray, codes: IntArray, slice_count: int) -> tuple[FloatArray, IntArray, IntArray]:
    """Return, for each slice, the most that one split explains of its squares, and the roots on either side of it.

    Shape: `slice_count` each; `values` and `codes` are one a root in time order, code -1 in no slice. The gain is 0 and
    the roots are -1 for a slice of fewer than two least segments. Of equal gains the earliest split is taken.
    """
    order = by_group(codes)[np.sum(codes < 0) :]
    sizes = np.bincount(codes[order], minlength=slice_count)
    starts = np.cumsum(sizes) - sizes
    sums = np.concatenate([[0.0], np.cumsum(values[order])])
    best = np.zeros(slice_count)
    last_before, first_after = (np.full(slice_count, -1, dtype=np.int64) for _ in range(2))
    wide = np.flatnonzero(sizes >= 2 * LEAST_SEGMENT)
    if len(wide):
        best[wide], splits = _greatest(sums, starts[wide], sizes[wide])
        last_before[wide], first_after[wide] = order[splits - 1], order[splits]
    return best, last_before, first_after


def _greatest(sums: FloatArray, starts: IntArray, sizes: IntArray) -> tuple[FloatArray, IntArray]:
    """Return the greatest gain of each slice, and where in the values' order the first split is that has it."""
    rooms = sizes - 2 * LEAST_SEGMENT + 1
    firsts = np.cumsum(rooms) - rooms

    def each(of_slices: FloatArray | IntArray) -> Any:
        return np.repeat(of_slices, rooms)

    counts = np.arange(np.sum(rooms)) - each(firsts - LEAST_SEGMENT)
    places, wholes = counts + each(starts), each(sizes)
    excess = sums[places] - each(sums[starts]) - counts * each(sums[starts + sizes] - sums[starts]) / wholes
    gains = excess**2 * wholes / (counts * (wholes - counts))
    greatest: FloatArray = np.maximum.reduceat(gains, firsts)
    found = np.flatnonzero(gains == each(greatest))
    return greatest, places[found[np.searchsorted(found, firsts)]]
