"""The share of false findings among many comparisons.

Lives here: q-values of one family. Does not: what belongs to a family (`cohorts`), the p-values (`comparisons`).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[Any]


def q_values(p_values: FloatArray) -> FloatArray:
    """Return the q-value of each p-value: the least share of false findings at which it is one.

    Shape: as given, one family. Source: Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B 57.
    """
    # Not by scipy.stats, which takes nearly a second to import: a fifth of a small night, for these four lines.
    descending = np.argsort(p_values)[::-1]
    ranks = np.arange(len(p_values), 0, -1)
    result = np.empty(len(p_values))
    result[descending] = np.minimum.accumulate(np.minimum(p_values[descending] * len(p_values) / ranks, 1.0))
    return result
