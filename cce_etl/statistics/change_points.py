"""Changes of level in series of values in time order: all changes of one series, or the best split of many slices."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from cce_etl.statistics.arrays import FloatArray, IntArray
from cce_etl.statistics.groups import stable_argsort
from cce_etl.statistics.residuals import noise_deviation, winsorized
from cce_etl.statistics.significance import midranks, rank_sum_log_p

MIN_SEGMENT: Final = 7
PENALTY_FACTOR: Final = 4.0
PERMUTATIONS: Final = 999
MAX_PERMUTATION_P: Final = 0.01
_MAX_CELLS: Final = 1_000_000
# The search costs the square of the length: 28,000 values took 1.1 s, 27 such series half a minute.
_MAX_POINTS: Final = 8_000


@dataclass(frozen=True, slots=True)
class Change:
    """A change of level between the segments [start, split) and [split, end) of a series, and its p-value."""

    start: int
    split: int
    end: int
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class BestSplits:
    """The best split of each slice: how many squares it explains, and the last root before and first root after it.

    A slice of fewer than 2 * MIN_SEGMENT roots has the gain 0 and the roots -1.
    """

    gains: FloatArray
    last_before: IntArray
    first_after: IntArray


def penalty(deviation: float, counts: IntArray) -> FloatArray:
    """Return what a change must explain in series of so many values, in squared units of the values.

    It is a multiple of the Schwarz criterion's variance * log(n) (Yao 1988, Statistics and Probability Letters 6).
    """
    result: FloatArray = PENALTY_FACTOR * deviation**2 * np.log(np.maximum(counts, 2))
    return result


def find_changes(values: FloatArray) -> list[Change]:
    """Return the changes of level of a series that a permutation test confirms, earliest first.

    Candidates come from kernel change-point detection with a linear kernel (Celisse et al. 2018, Computational
    Statistics and Data Analysis 128), solved exactly by PELT (Killick et al. 2012, Journal of the American Statistical
    Association 107). The p-value is that of the rank-sum test of both segments, times the length of the series for the
    places the change could have been at (Bonferroni): a p-value of counted permutations is at least 1 in 1,000, too
    coarse for one of many tests.

    Args:
        values: One value a root, in time order.
    """
    deviation = noise_deviation(values)
    if len(values) < 2 * MIN_SEGMENT or deviation == 0:
        return []
    series = winsorized(values, deviation)
    bounds = [0, *_segment_ends(series, float(penalty(deviation, np.array(len(values)))))]
    found = []
    for start, split, end in zip(bounds, bounds[1:], bounds[2:], strict=False):
        if is_split_confirmed(series[start:end], split - start):
            ranks, tie_sum = midranks(values[start:end])
            rank_sum, count = np.array([ranks[split - start :].sum()]), np.array([end - split])
            log_p, _ = rank_sum_log_p(rank_sum, count, end - start, tie_sum)
            found.append(Change(start, split, end, float(min(1.0, np.exp(log_p[0]) * len(values)))))
    return found


def is_split_confirmed(values: FloatArray, split: int) -> bool:
    """Return whether the split explains more than the best splits of nearly all permutations of the values.

    Nearly all: the p-value is at most MAX_PERMUTATION_P. No more permutations are made than the answer needs (Besag and
    Clifford 1991, Biometrika 78).
    """
    observed = _explained(values[None, :], range(split, split + 1))[0, 0]
    generator = np.random.default_rng(len(values))
    rows = max(1, _MAX_CELLS // len(values))
    splits = _possible_splits(len(values))
    exceeding = 0
    for start in range(0, PERMUTATIONS, rows):
        count = min(rows, PERMUTATIONS - start)
        shuffled = generator.permuted(np.broadcast_to(values, (count, len(values))), axis=1)
        exceeding += int(np.sum(np.max(_explained(shuffled, splits), axis=1) >= observed * (1 - 1e-12)))
        if (1 + exceeding) / (1 + PERMUTATIONS) > MAX_PERMUTATION_P:
            return False
    return True


def _segment_ends(values: FloatArray, cost: float) -> list[int]:
    """Return the ends of the best segments, the last being the length of the series.

    A long series is searched as means of neighbours, weighted so that every segmentation costs what it costs of the
    values; each end is then moved to the best split of the values between its neighbours.
    """
    stride = -(-len(values) // _MAX_POINTS)
    firsts = np.arange(len(values) // stride) * stride  # the last mean includes the remainder
    means = np.add.reduceat(values, firsts) / np.diff(firsts, append=len(values))
    min_length = -(-MIN_SEGMENT // stride)
    weighted = np.sqrt(stride) * means
    if not _may_change(weighted, cost, min_length):
        return [len(values)]
    from ruptures import KernelCPD  # type: ignore[import-untyped]  # it imports all of scipy.stats

    detector = KernelCPD(kernel="linear", min_size=min_length).fit(weighted[:, None])
    ends = [*(int(end) * stride for end in detector.predict(pen=cost)[:-1]), len(values)]
    if stride > 1:
        start = 0
        for index, following in enumerate(ends[1:]):
            part = values[start:following]
            splits = _possible_splits(len(part))
            start = ends[index] = start + splits[int(np.argmax(_explained(part[None, :], splits)[0]))]
    return ends


def _may_change(values: FloatArray, cost: float, min_length: int) -> bool:
    """Return False only where no change at any place can explain more than it costs.

    Two segments explain at most the sum of what each explains by its own deviation from the overall mean. A bound of
    that for all places takes a tenth of the time of the search, and rules out changes in most series.
    """
    sums = np.concatenate([[0.0], np.cumsum(values - np.mean(values))])
    explained = _segment_bounds(sums, min_length) + _segment_bounds(sums[::-1], min_length)[::-1]
    return bool(np.max(explained[min_length : len(sums) - min_length], initial=0.0) >= cost * (1 - 1e-9))


def _segment_bounds(sums: FloatArray, min_length: int) -> FloatArray:
    """Return for each place an upper bound of sum**2 / length over all segments that end there.

    Lengths are taken in bands, each a fifth wide, as if all of a band were as short as its shortest.

    Args:
        sums: Cumulative sums of the values, the first being 0.
        min_length: The length of the shortest segment.
    """
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    bounds = np.zeros(len(sums))
    shortest = min_length
    while shortest < len(sums):
        width = shortest // 5 + 1
        starts, ends = sums[:-shortest], sums[shortest:]
        origin = (width - 1) // 2  # makes the filter's window end at its place
        highest = maximum_filter1d(starts, width, mode="nearest", origin=origin)
        lowest = minimum_filter1d(starts, width, mode="nearest", origin=origin)
        largest = np.maximum(highest - ends, ends - lowest)
        bounds[shortest:] = np.maximum(bounds[shortest:], largest**2 / shortest)
        shortest += width
    return bounds


def _possible_splits(count: int) -> range:
    return range(MIN_SEGMENT, count - MIN_SEGMENT + 1)


def _explained(rows: FloatArray, splits: range) -> FloatArray:
    """Return how much each split of each row reduces the sum of squares about its mean; rows by splits."""
    count = rows.shape[1]
    sums = np.cumsum(rows, axis=1)
    sizes = np.arange(splits.start, splits.stop)
    # In place: of millions of permuted values, each further array costs as much as the arithmetic.
    explained: FloatArray = sums[:, splits.start - 1 : splits.stop - 1] - sums[:, -1:] / count * sizes
    explained *= explained
    explained *= count / (sizes * (count - sizes))
    return explained


def best_splits(values: FloatArray, codes: IntArray, slice_count: int) -> BestSplits:
    """Return the split of each slice that most reduces the squares about its mean, the earliest of equal ones.

    Args:
        values: One value a root, in time order.
        codes: The slice of each root, -1 for none.
        slice_count: How many slices there are.
    """
    order = stable_argsort(codes, slice_count)[: np.count_nonzero(codes >= 0)]
    sizes = np.bincount(codes[order], minlength=slice_count)
    starts = np.cumsum(sizes) - sizes
    sums = np.concatenate([[0.0], np.cumsum(values[order])])
    gains = np.zeros(slice_count)
    last_before, first_after = (np.full(slice_count, -1, dtype=np.int64) for _ in range(2))
    long = np.flatnonzero(sizes >= 2 * MIN_SEGMENT)
    if len(long):
        gains[long], splits = _greatest_gains(sums, starts[long], sizes[long])
        last_before[long], first_after[long] = order[splits - 1], order[splits]
    return BestSplits(gains, last_before, first_after)


def _greatest_gains(sums: FloatArray, starts: IntArray, sizes: IntArray) -> tuple[FloatArray, IntArray]:
    """Return each slice's greatest gain and the first position that has it; `sums` accumulate over all slices."""
    split_counts = sizes - 2 * MIN_SEGMENT + 1
    firsts = np.cumsum(split_counts) - split_counts
    slices = np.repeat(np.arange(len(sizes)), split_counts)
    counts = np.arange(len(slices)) - firsts[slices] + MIN_SEGMENT
    positions, totals = counts + starts[slices], sizes[slices]
    slice_sums = sums[starts + sizes] - sums[starts]
    excess = sums[positions] - sums[starts][slices] - counts * slice_sums[slices] / totals
    gains = excess**2 * totals / (counts * (totals - counts))
    greatest: FloatArray = np.maximum.reduceat(gains, firsts)
    found = np.flatnonzero(gains == greatest[slices])
    return greatest, positions[found[np.searchsorted(found, firsts)]]
