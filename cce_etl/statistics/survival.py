"""How long things last when some have not ended yet: Kaplan-Meier and Aalen-Johansen estimates.

E. L. Kaplan and P. Meier 1958, Journal of the American Statistical Association 53; O. Aalen and S. Johansen 1978,
Scandinavian Journal of Statistics 5.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from cce_etl.statistics.arrays import BoolArray, FloatArray, IntArray
from cce_etl.statistics.groups import SortedGroups

# Probabilities such as 1 - 9/10 are not exact in binary, nor are weights.
_ROUNDING: Final = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalCurve:
    """The estimates at each time at which something ended or was censored, by rising time.

    Attributes:
        seconds: The times.
        at_risk: How many last at least as long.
        succeeded: How many end in success at that time.
        failed: How many end in failure at that time.
        censored: How many are last seen at that time.
        survival: The Kaplan-Meier estimate of the probability to last longer.
        success_incidence: The Aalen-Johansen estimate of the probability to have succeeded by then.
        failure_incidence: The Aalen-Johansen estimate of the probability to have failed by then.
    """

    seconds: FloatArray
    at_risk: IntArray
    succeeded: IntArray
    failed: IntArray
    censored: IntArray
    survival: FloatArray
    success_incidence: FloatArray
    failure_incidence: FloatArray


def survival_curve(seconds: FloatArray, has_succeeded: BoolArray, has_failed: BoolArray) -> SurvivalCurve:
    """Return the curve of lifetimes that ended in success, ended in failure, or are censored, in any order.

    A censored lifetime is at risk until its time, and its weight then passes to those that last longer (Efron 1967,
    "The two sample problem with censored data").
    """
    times, codes = np.unique(seconds, return_inverse=True)
    succeeded, failed, total = (
        np.bincount(codes[chosen], minlength=len(times)) for chosen in (has_succeeded, has_failed, slice(None))
    )
    censored = total - succeeded - failed
    at_risk = len(seconds) - np.cumsum(total) + total
    surviving = at_risk - succeeded - failed
    later = surviving - censored
    gains = np.log(surviving / np.where(later > 0, later, np.maximum(surviving, 1)), where=surviving > 0, out=times * 0)
    weights = np.exp(np.append(0.0, np.cumsum(gains))[: len(times)])
    # Dividing last keeps probabilities without censoring free of rounding.
    return SurvivalCurve(
        seconds=times,
        at_risk=at_risk,
        succeeded=succeeded,
        failed=failed,
        censored=censored,
        survival=np.minimum(surviving * weights / len(seconds), 1.0),
        success_incidence=np.cumsum(succeeded * weights) / len(seconds),
        failure_incidence=np.cumsum(failed * weights) / len(seconds),
    )


def survival_times(
    lifetimes: SortedGroups, censored_ranks: IntArray, censored_counts: IntArray, probability: float
) -> FloatArray:
    """Return the first time at which each group's Kaplan-Meier curve is at most `probability`; NaN if it never is.

    Args:
        lifetimes: The lifetimes; those that are censored at the time of an end come after it.
        censored_ranks: The ranks of censored lifetimes in their group, counted from 1, rising, group after group.
        censored_counts: How many of these each group has.
        probability: To last longer; 0.1 gives the 90th percentile.
    """
    sizes = lifetimes.sizes
    firsts = np.cumsum(censored_counts) - censored_counts
    is_censored = censored_counts > 0
    limits = np.where(is_censored, np.append(censored_ranks, 0)[np.where(is_censored, firsts, -1)], sizes + 1)
    # Up to the first censored lifetime the curve falls by 1 / size at each rank.
    ranks = np.maximum(1, np.ceil(sizes * (1 - probability - _ROUNDING))).astype(np.int64)
    is_reached = ranks < limits
    for group in np.flatnonzero(~is_reached & is_censored).tolist():
        own = censored_ranks[firsts[group] : firsts[group] + censored_counts[group]]
        ranks[group] = _rank_after_censoring(own, int(sizes[group]), probability)
        is_reached[group] = ranks[group] > 0
    return np.where(is_reached, lifetimes.at_rank(ranks - 1), np.nan)


def _rank_after_censoring(censored_ranks: IntArray, size: int, probability: float) -> int:
    """Return the rank, counted from 1, at which the curve reaches the probability after a censored one; 0 for never.

    From one censored lifetime to the next, the curve at a rank is weight * (size - rank) / size.
    """
    left = size - censored_ranks
    weights = np.exp(np.cumsum(np.log1p(1 / np.where(left > 0, left, np.inf))))
    ranks = np.maximum(censored_ranks + 1, np.ceil(size * (1 - (probability + _ROUNDING) / weights)).astype(np.int64))
    found = ranks[ranks < np.append(censored_ranks[1:], size + 1)]
    return int(found[0]) if found.size else 0
