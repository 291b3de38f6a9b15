"""The best split in time of each of many slices, all at once.

Lives here: one change of level a slice, by least squares. Does not: series with several changes (`change_points`).
"""

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
    order = by_group(codes)
    order = order[codes[order] >= 0]
    own = codes[order]
    sizes = np.bincount(own, minlength=slice_count)
    starts = np.cumsum(sizes) - sizes
    sums = np.concatenate([[0.0], np.cumsum(values[order])])
    before = np.arange(len(order)) - starts[own]
    totals = sums[starts + sizes] - sums[starts]
    has_room = (before >= LEAST_SEGMENT) & (sizes[own] - before >= LEAST_SEGMENT)
    place = np.flatnonzero(has_room)
    count, size = before[place], sizes[own[place]]
    excess = sums[place] - sums[starts[own[place]]] - count * totals[own[place]] / size
    return _greatest(excess**2 * size / (count * (size - count)), place, own, order, slice_count)


def _greatest(
    gains: FloatArray, places: IntArray, own: IntArray, order: IntArray, slice_count: int
) -> tuple[FloatArray, IntArray, IntArray]:
    best = np.zeros(slice_count)
    last_before = np.full(slice_count, -1, dtype=np.int64)
    first_after = last_before.copy()
    if len(places) == 0:
        return best, last_before, first_after
    slices, first = _firsts(own[places])
    best[slices] = np.maximum.reduceat(gains, first)
    is_best = np.flatnonzero(gains == best[own[places]])
    slices, first = _firsts(own[places[is_best]])
    winners = places[is_best[first]]
    last_before[slices], first_after[slices] = order[winners - 1], order[winners]
    return best, last_before, first_after


def _firsts(ascending: IntArray) -> tuple[IntArray, IntArray]:
    """Return the distinct codes of an ascending array, and where each is first."""
    first = np.flatnonzero(np.diff(ascending, prepend=-1))
    return ascending[first], first
