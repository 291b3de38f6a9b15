"""Many slices compared with all that is not in them, at once: durations by ranks, failures by counts.

Lives here: the two tests, vectorised over slices. Does not: which slices there are (`slices`), ratios (`ratios`).
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Tables as likely as the one seen, but for rounding, are as extreme (as in R's fisher.test).
_ROUNDING: Final = 1e-7
# How many slices' tables are held at once.
_ROWS_AT_ONCE: Final = 256


def average_ranks(values: FloatArray) -> tuple[FloatArray, float]:
    """Return the rank of each value, equal ones their average, and the sum of t**3 - t over ties of t values."""
    _, places, sizes = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(sizes)
    wide = sizes.astype(np.float64)
    ranks: FloatArray = (ends - (sizes - 1) / 2.0)[places]
    return ranks, float(np.sum(wide**3 - wide))


def rank_sum_log_p(rank_sums: FloatArray, counts: IntArray, total: int, ties: float) -> tuple[FloatArray, FloatArray]:
    """Return the natural logarithm of the two-sided p-value of each slice, and its z: above 0 when it is slower.

    Shape: one of each per slice, of `counts` among `total` roots; each count within 1 .. total - 1. Normal
    approximation with ties and continuity. Source: Mann and Whitney 1947, Annals of Mathematical Statistics 18.
    """
    from scipy.special import log_ndtr

    own = counts.astype(np.float64)
    others = total - own
    above = rank_sums - own * (own + 1) / 2 - own * others / 2
    variance = own * others / 12 * (total + 1 - ties / (total * (total - 1)))
    with np.errstate(divide="ignore", invalid="ignore"):
        size = (np.abs(above) - 0.5) / np.sqrt(variance)
    size = np.where(variance > 0, size, 0.0)
    log_p: FloatArray = np.minimum(0.0, np.log(2.0) + log_ndtr(-size))
    return log_p, np.sign(above) * np.maximum(size, 0.0)


def fisher_log_p(failed: IntArray, counts: IntArray, total_failed: int, total: int) -> FloatArray:
    """Return the natural logarithm of the two-sided exact p-value of each slice.

    Shape: one per slice, `failed` of its `counts` roots, of `total_failed` among `total`. All tables with the same
    margins that are no likelier are as extreme. Source: Fisher 1935, Journal of the Royal Statistical Society 98.
    """
    # The narrow slices first: a table has at most as many columns as its slice has roots.
    pairs, places = np.unique(np.stack([counts, failed], axis=1), axis=0, return_inverse=True)
    chunks = [
        _fisher_chunk(pairs[start : start + _ROWS_AT_ONCE], total_failed, total)
        for start in range(0, len(pairs), _ROWS_AT_ONCE)
    ]
    return np.concatenate([*chunks, np.empty(0)])[places.reshape(-1)]


def _fisher_chunk(pairs: IntArray, total_failed: int, total: int) -> FloatArray:
    log_factorials = _log_factorials(total.bit_length())

    def log_choose(of: IntArray, out: IntArray) -> FloatArray:
        is_possible = (out >= 0) & (out <= of)
        inside = np.where(is_possible, out, 0)
        result: FloatArray = log_factorials[of] - log_factorials[inside] - log_factorials[of - inside]
        return np.where(is_possible, result, -np.inf)

    counts, failed = pairs[:, :1], pairs[:, 1:]
    table = np.arange(min(total_failed, int(counts.max())) + 1, dtype=np.int64)[None, :]
    rest = np.full_like(counts, total - total_failed)
    log_all = log_factorials[total] - log_factorials[counts] - log_factorials[total - counts]
    log_likelihood = log_choose(np.full_like(table, total_failed), table) + log_choose(rest, counts - table) - log_all
    seen = np.take_along_axis(log_likelihood, failed, axis=1)
    extreme = np.where(log_likelihood <= seen + _ROUNDING, log_likelihood, -np.inf)
    # SciPy's logsumexp takes half a millisecond for a few rows, a tenth of the whole search.
    highest = extreme.max(axis=1, keepdims=True)
    log_p: FloatArray = np.minimum(0.0, highest[:, 0] + np.log(np.exp(extreme - highest).sum(axis=1)))
    return log_p


@lru_cache(maxsize=4)
def _log_factorials(bits: int) -> FloatArray:
    """Return the natural logarithms of the factorials of all numbers of so many bits."""
    from scipy.special import gammaln

    result: FloatArray = gammaln(np.arange(2**bits, dtype=np.float64) + 1)
    return result


def stratified_log_p(
    failed: FloatArray, counts: IntArray, failed_of_strata: FloatArray, of_strata: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return the natural logarithm of the two-sided p-value of each slice within strata, and its z.

    Shape: slices by strata, `failed` of their `counts` roots; `failed_of_strata` among `of_strata` roots, one a
    stratum. Normal approximation with continuity. Source: Mantel and Haenszel 1959, Journal of the National Cancer
    Institute 22.
    """
    from scipy.special import log_ndtr

    rates = failed_of_strata / np.maximum(of_strata, 1)
    above = (failed - counts * rates).sum(axis=1)
    left = (of_strata - counts) / np.maximum(of_strata - 1, 1)
    variance = (counts * rates * (1 - rates) * left).sum(axis=1)
    size = np.zeros(len(above))
    np.divide(np.maximum(np.abs(above) - 0.5, 0.0), np.sqrt(variance), out=size, where=variance > 0)
    log_p: FloatArray = np.minimum(0.0, np.log(2.0) + log_ndtr(-size))
    return log_p, np.sign(above) * size
