"""The share of false findings among many comparisons.

Lives here: q-values of one family. Does not: what belongs to a family (`cohorts`), the p-values (`comparisons`).
"""

from typing import Any

from numpy.typing import NDArray

FloatArray = NDArray[Any]


def q_values(p_values: FloatArray) -> FloatArray:
    """Return the q-value of each p-value: the least share of false findings at which it is one.

    Shape: as given, one family. Source: Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B 57.
    """
    from scipy.stats import false_discovery_control

    if len(p_values) == 0:
        return p_values
    result: FloatArray = false_discovery_control(p_values)
    return result
