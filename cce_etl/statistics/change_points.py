"""When a level changed: in one series of roots in time order.

Lives here: finding the changes of a series, confirming each. Does not: the best split of many slices (`splits`).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cce_etl.statistics.residuals import clipped, spread_of_differences
from cce_etl.statistics.significance import average_ranks, rank_sum_log_p

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LEAST_SEGMENT: Final = 7
PENALTY_FACTOR: Final = 4.0
PERMUTATIONS: Final = 999
CONFIRMED_BELOW: Final = 0.01
_CELLS_AT_ONCE: Final = 1_000_000
# The search costs the square of the length: 28,000 values took 1.1 s, 27 such series half a minute.
_MOST_POINTS: Final = 8_000


@dataclass(frozen=True, slots=True)
class Change:
    """Hold a change of level: the segments [start, split) and [split, end) of a series, in roots, and its p-value."""

    start: int
    split: int
    end: int
    p_value: float


def penalty(noise: float, counts: IntArray) -> FloatArray:
    """Return what a change must explain of series of so many values, in squared units of the values."""
    result: FloatArray = PENALTY_FACTOR * noise**2 * np.log(np.maximum(counts, 2))
    return result


def changes(values: FloatArray) -> list[Change]:
    """Return the confirmed changes of level of a series, earliest first.

    Shape: one value a root, in time order. The p-value is the normal limit of the permutations of ranks over the two
    segments, times the places the change could have been at: counted permutations end at 1 in 1,000, too coarse to be
    one of many comparisons. Source: Celisse et al. 2018, Computational Statistics and Data Analysis 128.
    """
    noise = spread_of_differences(values)
    if len(values) < 2 * LEAST_SEGMENT or noise == 0:
        return []
    tame = clipped(values, noise)
    bounds = [0, *_breaks(tame, float(penalty(noise, np.array(len(values)))))]
    found = []
    for start, split, end in zip(bounds, bounds[1:], bounds[2:], strict=False):
        if is_confirmed(tame[start:end], split - start):
            found.append(Change(start, split, end, _rank_p(values, start, split, end)))
    return found


def is_confirmed(values: FloatArray, split: int) -> bool:
    """Tell whether shuffled values hardly ever differ as much between any two parts as these do between theirs.

    Hardly ever: with p at most CONFIRMED_BELOW of PERMUTATIONS tries, of which no more are made than it takes to tell.
    """
    seen = _greatest_step(values[None, :], range(split, split + 1))[0]
    generator = np.random.default_rng(len(values))
    rows = max(1, _CELLS_AT_ONCE // len(values))
    splits = _splits_of(len(values))
    as_great = 0
    for start in range(0, PERMUTATIONS, rows):
        count = min(rows, PERMUTATIONS - start)
        shuffled = generator.permuted(np.broadcast_to(values, (count, len(values))), axis=1)
        as_great += int(np.sum(_greatest_step(shuffled, splits) >= seen * (1 - 1e-12)))
        if (1 + as_great) / (1 + PERMUTATIONS) > CONFIRMED_BELOW:
            return False
    return True


def _breaks(values: FloatArray, cost: float) -> list[int]:
    """Return the ends of the segments, the last being the end of the series.

    Of a long series means of neighbours are searched, weighted so that the cost of every segmentation between them is
    that of the values; then each end is moved to the best place between its neighbours.
    """
    stride = -(-len(values) // _MOST_POINTS)
    firsts = np.arange(len(values) // stride) * stride  # the last mean has what is left over, too
    means = np.add.reduceat(values, firsts) / np.diff(firsts, append=len(values))
    least = -(-LEAST_SEGMENT // stride)
    weighted = np.sqrt(stride) * means
    if not _may_change(weighted, cost, least):
        return [len(values)]
    from ruptures import KernelCPD  # type: ignore[import-untyped]  # brings all of scipy.stats

    detector = KernelCPD(kernel="linear", min_size=least).fit(weighted[:, None])
    ends = [*(int(end) * stride for end in detector.predict(pen=cost)[:-1]), len(values)]
    return ends if stride == 1 else [*_refined(values, ends), len(values)]


def _may_change(values: FloatArray, cost: float, least: int) -> bool:
    """Tell whether a change at any place could explain more than it costs; where none could, there is none.

    A change between two segments explains no more than what they differ from the mean of all, each by itself. That
    is bounded for all places in a tenth of the time the search takes, and rules a change out in most series.
    """
    sums = np.concatenate([[0.0], np.cumsum(values - np.mean(values))])
    explained = _most_before(sums, least) + _most_before(sums[::-1], least)[::-1]
    return bool(np.max(explained[least : len(sums) - least], initial=0.0) >= cost * (1 - 1e-9))


def _most_before(sums: FloatArray, least: int) -> FloatArray:
    """Return, for each place, no less than the square of the sum over any segment ending there, over its length.

    Lengths are taken in bands a fifth wide, all of a band for its shortest.
    """
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    most = np.zeros(len(sums))
    shortest = least
    while shortest < len(sums):
        width = shortest // 5 + 1
        starts, ends = sums[:-shortest], sums[shortest:]
        origin = (width - 1) // 2  # the window ends at its place
        highest = maximum_filter1d(starts, width, mode="nearest", origin=origin)
        lowest = minimum_filter1d(starts, width, mode="nearest", origin=origin)
        furthest = np.maximum(highest - ends, ends - lowest)
        most[shortest:] = np.maximum(most[shortest:], furthest**2 / shortest)
        shortest += width
    return most


def _refined(values: FloatArray, ends: list[int]) -> list[int]:
    refined, start = [], 0
    for _, following in pairwise(ends):
        part = values[start:following]
        splits = _splits_of(len(part))
        start += splits[int(np.argmax(_explained(part[None, :], splits)[0]))]
        refined.append(start)
    return refined


def _rank_p(values: FloatArray, start: int, split: int, end: int) -> float:
    ranks, ties = average_ranks(values[start:end])
    count = np.array([end - split], dtype=np.int64)
    log_p, _ = rank_sum_log_p(np.array([ranks[split - start :].sum()]), count, end - start, ties)
    return float(min(1.0, np.exp(log_p[0]) * len(values)))


def _splits_of(count: int) -> range:
    return range(LEAST_SEGMENT, count - LEAST_SEGMENT + 1)


def _greatest_step(rows: FloatArray, splits: range) -> FloatArray:
    """Return, for each row, the most that a split at one of the places explains of its squares."""
    greatest: FloatArray = np.max(_explained(rows, splits), axis=1)
    return greatest


def _explained(rows: FloatArray, splits: range) -> FloatArray:
    count = rows.shape[1]
    sums = np.cumsum(rows, axis=1)
    sizes = np.arange(splits.start, splits.stop)
    # In place: of millions of shuffled values, each further array costs as much as the arithmetic.
    explained: FloatArray = sums[:, splits.start - 1 : splits.stop - 1] - sums[:, -1:] / count * sizes
    explained *= explained
    explained *= count / (sizes * (count - sizes))
    return explained
