"""What roots can be told apart by: named values, one a root.

Lives here: which dimensions say something, and which say the same. Does not: slices and their tests (`slices`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Dimension:
    """Hold one value a root: `codes` are places in `values`, -1 for none."""

    name: str
    codes: IntArray
    values: tuple[str, ...]

    def of(self, places: NDArray[np.bool_]) -> "Dimension":
        """Return the dimension for some of the roots."""
        return replace(self, codes=self.codes[places])


def telling(dimensions: Sequence[Dimension], least_roots: int) -> list[Dimension]:
    """Return the dimensions that cut the roots into parts, none twice, without the values of few roots.

    Left out are ids (over half the values belong to one root each) and what all roots share. Of those that say the
    same the first name is kept, so give the plainest first.
    """
    found = [one for one in dimensions if _is_telling(one, least_roots)]
    return [_frequent(one, least_roots) for one in _distinct(found)]


def _sizes(dimension: Dimension) -> IntArray:
    return np.bincount(dimension.codes[dimension.codes >= 0], minlength=len(dimension.values))


def _is_telling(dimension: Dimension, least_roots: int) -> bool:
    sizes = _sizes(dimension)
    if 2 * np.sum(sizes == 1) > np.sum(sizes > 0):
        return False
    return bool(np.any((sizes >= least_roots) & (len(dimension.codes) - sizes >= least_roots)))


def _distinct(dimensions: Sequence[Dimension]) -> list[Dimension]:
    kept: list[Dimension] = []
    for dimension in dimensions:
        twin = next((place for place, one in enumerate(kept) if _say_the_same(one, dimension)), None)
        if twin is None:
            kept.append(dimension)
        elif np.sum(dimension.codes >= 0) > np.sum(kept[twin].codes >= 0):
            # The same said of more roots, as the parameters of all jobs do of the clusters of a list.
            kept[twin] = replace(dimension, name=kept[twin].name)
    return kept


def _say_the_same(one: Dimension, other: Dimension) -> bool:
    """Tell whether both cut the roots alike, or the same text stands in both wherever both know one."""
    knows, other_knows = one.codes >= 0, other.codes >= 0
    both = knows & other_knows
    shared = int(np.sum(both))
    if shared == 0 or shared < min(int(np.sum(knows)), int(np.sum(other_knows))):
        return False
    if bool(np.all(knows == other_knows)):
        sizes, other_sizes = _sizes(one), _sizes(other)
        if not np.array_equal(np.sort(sizes[sizes > 0]), np.sort(other_sizes[other_sizes > 0])):
            return False
        return len(_pairs(one, other, both)) == int(np.sum(sizes > 0))
    if set(one.values).isdisjoint(other.values):
        return False
    width = len(other.values)
    return all(one.values[pair // width] == other.values[pair % width] for pair in _pairs(one, other, both).tolist())


def _pairs(one: Dimension, other: Dimension, both: NDArray[np.bool_]) -> IntArray:
    pairs: IntArray = np.unique(one.codes[both] * len(other.values) + other.codes[both])
    return pairs


def _frequent(dimension: Dimension, least_roots: int) -> Dimension:
    is_kept = _sizes(dimension) >= least_roots
    places = np.append(np.where(is_kept, np.cumsum(is_kept) - 1, -1), -1)
    values = tuple(value for value, keep in zip(dimension.values, is_kept.tolist(), strict=True) if keep)
    return Dimension(dimension.name, places[dimension.codes], values)
