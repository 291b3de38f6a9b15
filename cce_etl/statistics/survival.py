"""How long things last when some have not ended yet: Kaplan-Meier and Aalen-Johansen estimates.

Lives here: curves of one kind, percentiles of many groups at once. Does not: what lasts, and what its end was.
E. L. Kaplan and P. Meier (1958); O. Aalen and S. Johansen (1978).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cce_etl.statistics.groups import FloatArray, IntArray, SortedGroups

BoolArray = NDArray[np.bool_]
# Shares such as 1 - 9/10 are not exact in binary, nor are weights.
_SLACK: Final = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Hold what is known at each time at which something ended or was cut off, by rising time."""

    seconds: FloatArray
    at_risk: IntArray
    succeeded: IntArray
    failed: IntArray
    censored: IntArray
    survival: FloatArray
    success_incidence: FloatArray
    failure_incidence: FloatArray


def curve(seconds: FloatArray, has_succeeded: BoolArray, has_failed: BoolArray) -> Curve:
    """Return the curves of lifetimes that ended in success, in failure, or are cut off, in any order.

    What is cut off at a time is at risk at it, and leaves its weight to what lasts longer.
    """
    # Divided last: without a cut-off the shares are then plain ones, free of rounding.
    times, places = np.unique(seconds, return_inverse=True)
    succeeded, failed, alike = (
        np.bincount(places[chosen], minlength=len(times)) for chosen in (has_succeeded, has_failed, slice(None))
    )
    censored = alike - succeeded - failed
    at_risk = len(seconds) - np.cumsum(alike) + alike
    surviving = at_risk - succeeded - failed
    later = surviving - censored
    gains = np.log(surviving / np.where(later > 0, later, np.maximum(surviving, 1)), where=surviving > 0, out=times * 0)
    weights = np.exp(np.append(0.0, np.cumsum(gains))[: len(times)])
    return Curve(
        times,
        at_risk,
        succeeded,
        failed,
        censored,
        np.minimum(surviving * weights / len(seconds), 1.0),
        np.cumsum(succeeded * weights) / len(seconds),
        np.cumsum(failed * weights) / len(seconds),
    )


def percentiles(lifetimes: SortedGroups, cut_offs: IntArray, cut_off_counts: IntArray, share: float) -> FloatArray:
    """Return the first time at which at most `share` of each group lasts longer; NaN when that is never reached.

    `cut_offs` are the places, counted from 1 within their group, of what is cut off: group after group, rising, so many
    of each as `cut_off_counts` says. What is cut off at the time of an end stands behind that.
    """
    sizes = lifetimes.sizes
    firsts = np.cumsum(cut_off_counts) - cut_off_counts
    has_cut_offs = cut_off_counts > 0
    ends = np.where(has_cut_offs, np.append(cut_offs, 0)[np.where(has_cut_offs, firsts, -1)], sizes + 1)
    ranks = np.maximum(1, np.ceil(sizes * (1 - share - _SLACK))).astype(np.int64)
    is_reached = ranks < ends
    for group in np.flatnonzero(~is_reached & has_cut_offs).tolist():
        own = cut_offs[firsts[group] : firsts[group] + cut_off_counts[group]]
        ranks[group] = _rank_behind(own, int(sizes[group]), share)
        is_reached[group] = ranks[group] > 0
    return np.where(is_reached, lifetimes.at(ranks - 1), np.nan)


def _rank_behind(cut_offs: IntArray, size: int, share: float) -> int:
    """Return the rank, counted from 1, at which the curve comes down to `share` behind a first cut-off; 0 for never.

    Up to the next cut-off, the curve behind a rank is weight * (size - rank) / size.
    """
    left = size - cut_offs
    weights = np.exp(np.cumsum(np.log1p(1 / np.where(left > 0, left, np.inf))))
    ranks = np.maximum(cut_offs + 1, np.ceil(size * (1 - (share + _SLACK) / weights)).astype(np.int64))
    found = ranks[ranks < np.append(cut_offs[1:], size + 1)]
    return int(found[0]) if found.size else 0
