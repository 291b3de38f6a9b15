"""Every slice of one step type's roots: single values of a dimension, and pairs of values of two.

Lives here: which slices there are, and who is in them. Does not: comparing them (`windows`), choosing (`cohorts`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cce_etl.statistics.dimensions import Dimension
from cce_etl.statistics.residuals import LEAST_ROOTS

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Hold one value a root of one step type, in time order: a log duration, or 1 for a failure and 0 for none.

    `groups` tells which roots are alike; a sample of failures needs none.
    """

    job_type: str
    is_failure: bool
    values: FloatArray
    groups: IntArray
    created_ns: IntArray
    dimensions: tuple[Dimension, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Hold a dimension or a pair of them, and the codes of those of its parts that are compared, `width` at most."""

    dimensions: tuple[int, ...]
    width: int
    codes: IntArray


@dataclass(frozen=True, slots=True)
class Slice:
    """Name one slice: a part of a partition."""

    partition: Partition
    code: int


def partitions(dimensions: Sequence[Dimension]) -> list[Partition]:
    """Return each dimension and each pair of them with the parts that have LEAST_ROOTS inside and outside.

    Singles come first. A pair's part that is all of one of its two values is left out: it is that value's own slice.
    """
    found: list[Partition] = []
    sizes: list[IntArray] = []
    for place, one in enumerate(dimensions):
        sizes.append(np.bincount(one.codes[one.codes >= 0], minlength=len(one.values)))
        found.append(Partition((place,), len(one.values), np.flatnonzero(_is_wide(sizes[place], len(one.codes)))))
    for first, second in combinations(range(len(dimensions)), 2):
        width = len(dimensions[second].values)
        pair = Partition((first, second), len(dimensions[first].values) * width, np.empty(0, dtype=np.int64))
        codes = codes_of(dimensions, pair)
        both = np.bincount(codes[codes >= 0], minlength=pair.width)
        is_own = (both != np.repeat(sizes[first], width)) & (both != np.tile(sizes[second], len(sizes[first])))
        found.append(Partition(pair.dimensions, pair.width, np.flatnonzero(is_own & _is_wide(both, len(codes)))))
    return [one for one in found if len(one.codes)]


def _is_wide(sizes: IntArray, total: int) -> BoolArray:
    return np.asarray((sizes >= LEAST_ROOTS) & (total - sizes >= LEAST_ROOTS))


def codes_of(dimensions: Sequence[Dimension], partition: Partition) -> IntArray:
    """Return which part each root is in, -1 for none."""
    if len(partition.dimensions) == 1:
        return dimensions[partition.dimensions[0]].codes
    one, other = (dimensions[place] for place in partition.dimensions)
    codes: IntArray = np.where((one.codes >= 0) & (other.codes >= 0), one.codes * len(other.values) + other.codes, -1)
    return codes


def slices_of(parts: Sequence[Partition]) -> Iterator[Slice]:
    """Yield every slice, in order."""
    for partition in parts:
        for code in partition.codes.tolist():
            yield Slice(partition, code)


def words_of(dimensions: Sequence[Dimension], one: Slice) -> tuple[list[str], list[str]]:
    """Return the names of a slice's dimensions and their values."""
    own = [dimensions[place] for place in one.partition.dimensions]
    places = [one.code] if len(own) == 1 else list(divmod(one.code, len(own[1].values)))
    return [part.name for part in own], [part.values[place] for part, place in zip(own, places, strict=True)]


def singles_within(one: Slice, dimensions: Sequence[Dimension]) -> list[tuple[int, int]]:
    """Return the place and code of each single value a pair is made of; none for a single one."""
    if len(one.partition.dimensions) == 1:
        return []
    first, second = one.partition.dimensions
    return list(zip((first, second), divmod(one.code, len(dimensions[second].values)), strict=True))
