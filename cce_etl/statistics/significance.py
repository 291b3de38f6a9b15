"""Tests of many slices at once, each against all roots outside it, and the q-values of many tests.

P-values are natural logarithms: those of large slices are too small for a float.
"""

from functools import lru_cache
from typing import Final

import numpy as np

from cce_etl.statistics.arrays import FloatArray, IntArray

# Tables whose likelihood differs from that of the observed one by rounding alone count as equally extreme, as in R's
# fisher.test.
_ROUNDING: Final = 1e-7
_MAX_ROWS: Final = 256  # slices whose tables are held in memory at once


def midranks(values: FloatArray) -> tuple[FloatArray, float]:
    """Return each value's rank, ties sharing their average, and the sum of t**3 - t over all ties of t values."""
    _, codes, sizes = np.unique(values, return_inverse=True, return_counts=True)
    wide = sizes.astype(np.float64)
    ranks: FloatArray = (np.cumsum(sizes) - (sizes - 1) / 2.0)[codes]
    return ranks, float(np.sum(wide**3 - wide))


def rank_sum_log_p(
    rank_sums: FloatArray, counts: IntArray, total: int, tie_sum: float
) -> tuple[FloatArray, FloatArray]:
    """Return the log p-value and z of the two-sided Wilcoxon rank-sum test of each slice; z > 0: its values are higher.

    The normal approximation with corrections for ties and continuity (Mann and Whitney 1947, Annals of Mathematical
    Statistics 18).

    Args:
        rank_sums: The sum of the `midranks` of each slice's roots.
        counts: How many roots are in each slice, 1 to total - 1.
        total: How many roots there are.
        tie_sum: As `midranks` returns it.
    """
    inside = counts.astype(np.float64)
    outside = total - inside
    excess = rank_sums - inside * (inside + 1) / 2 - inside * outside / 2
    variance = inside * outside / 12 * (total + 1 - tie_sum / (total * (total - 1)))
    return _normal_test(excess, variance)


def _normal_test(excess: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return log p and z of counts that exceed their expectation, corrected for continuity."""
    from scipy.special import log_ndtr

    size = np.zeros(len(excess))
    np.divide(np.maximum(np.abs(excess) - 0.5, 0.0), np.sqrt(np.maximum(variance, 0.0)), out=size, where=variance > 0)
    log_p: FloatArray = np.minimum(0.0, np.log(2.0) + log_ndtr(-size))
    return log_p, np.sign(excess) * size


def fisher_exact_log_p(failed: IntArray, counts: IntArray, total_failed: int, total: int) -> FloatArray:
    """Return the log p-value of Fisher's two-sided exact test of each slice.

    All tables of the same margins that are no likelier than the observed one count as extreme (Fisher 1935, Journal of
    the Royal Statistical Society 98).

    Args:
        failed: How many of each slice's roots failed.
        counts: How many roots are in each slice.
        total_failed: How many of all roots failed.
        total: How many roots there are.
    """
    # Small slices come first: a table has at most as many columns as its slice has roots.
    pairs, positions = np.unique(np.stack([counts, failed], axis=1), axis=0, return_inverse=True)
    parts = [
        _fisher_exact_of_some(pairs[start : start + _MAX_ROWS], total_failed, total)
        for start in range(0, len(pairs), _MAX_ROWS)
    ]
    return np.concatenate([*parts, np.empty(0)])[positions.reshape(-1)]


def _fisher_exact_of_some(pairs: IntArray, total_failed: int, total: int) -> FloatArray:
    log_factorials = _log_factorials(total.bit_length())

    def log_choose(of: IntArray, chosen: IntArray) -> FloatArray:
        is_possible = (chosen >= 0) & (chosen <= of)
        inside = np.where(is_possible, chosen, 0)
        result: FloatArray = log_factorials[of] - log_factorials[inside] - log_factorials[of - inside]
        return np.where(is_possible, result, -np.inf)

    counts, failed = pairs[:, :1], pairs[:, 1:]
    table = np.arange(min(total_failed, int(counts.max())) + 1, dtype=np.int64)[None, :]
    rest = np.full_like(counts, total - total_failed)
    log_all = log_factorials[total] - log_factorials[counts] - log_factorials[total - counts]
    log_likelihood = log_choose(np.full_like(table, total_failed), table) + log_choose(rest, counts - table) - log_all
    observed = np.take_along_axis(log_likelihood, failed, axis=1)
    extreme = np.where(log_likelihood <= observed + _ROUNDING, log_likelihood, -np.inf)
    # scipy's logsumexp takes half a millisecond for a few rows, a tenth of the whole search.
    highest = extreme.max(axis=1, keepdims=True)
    log_p: FloatArray = np.minimum(0.0, highest[:, 0] + np.log(np.exp(extreme - highest).sum(axis=1)))
    return log_p


@lru_cache(maxsize=4)
def _log_factorials(bits: int) -> FloatArray:
    """Return the log factorials of all numbers of so many bits."""
    from scipy.special import gammaln

    result: FloatArray = gammaln(np.arange(2**bits, dtype=np.float64) + 1)
    return result


def cochran_mantel_haenszel_log_p(
    failed: FloatArray, counts: IntArray, stratum_failed: FloatArray, stratum_counts: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return the log p-value and z of the Cochran-Mantel-Haenszel test of each slice; z > 0: more roots fail in it.

    It compares failures within strata. The normal approximation with correction for continuity (Mantel and Haenszel
    1959, Journal of the National Cancer Institute 22).

    Args:
        failed: How many roots failed, slices by strata.
        counts: How many roots there are, slices by strata.
        stratum_failed: How many roots failed in each stratum, inside and outside of slices.
        stratum_counts: How many roots are in each stratum.
    """
    rates = stratum_failed / np.maximum(stratum_counts, 1)
    outside = (stratum_counts - counts) / np.maximum(stratum_counts - 1, 1)
    return _normal_test((failed - counts * rates).sum(axis=1), (counts * rates * (1 - rates) * outside).sum(axis=1))


def benjamini_hochberg(p_values: FloatArray) -> FloatArray:
    """Return the q-value of each p-value: the lowest false discovery rate at which it is a discovery.

    Source: Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B 57.
    """
    # As scipy.stats.false_discovery_control does it. That module takes nearly a second to import, a fifth of a small
    # night, for these four lines.
    descending = np.argsort(p_values)[::-1]
    ranks = np.arange(len(p_values), 0, -1)
    result = np.empty(len(p_values))
    result[descending] = np.minimum.accumulate(np.minimum(p_values[descending] * len(p_values) / ranks, 1.0))
    return result
