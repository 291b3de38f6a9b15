"""What the roots of one step type are split by: dimensions, and the slices of their values and pairs of values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from cce_etl.statistics.arrays import BoolArray, FloatArray, IntArray
from cce_etl.statistics.residuals import MIN_ROOTS


@dataclass(frozen=True, slots=True, eq=False)
class Dimension:
    """A property with one value a root; `codes` are positions in `values`, -1 for none."""

    name: str
    codes: IntArray
    values: tuple[str, ...]

    def subset(self, is_kept: BoolArray) -> "Dimension":
        """Return the dimension of some of the roots."""
        return replace(self, codes=self.codes[is_kept])

    def sizes(self) -> IntArray:
        """Return how many roots have each value."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One value a root, in time order: a log duration, or 1 for a failure and 0 for none.

    Attributes:
        is_failure: Whether the values are failures.
        values: One value a root.
        strata: Which roots are comparable: those of the same number; -1 is none.
        created_ns: When each root was created, nanoseconds since 1970-01-01 UTC, ascending.
        dimensions: What the roots are split by.
    """

    is_failure: bool
    values: FloatArray
    strata: IntArray
    created_ns: IntArray
    dimensions: tuple[Dimension, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """The parts into which one dimension, or a pair of them, splits the roots.

    Attributes:
        dimensions: The position of each dimension among those of the sample.
        width: How many parts there can be; their codes are below it.
        codes: The codes of those parts that are compared.
    """

    dimensions: tuple[int, ...]
    width: int
    codes: IntArray


@dataclass(frozen=True, slots=True)
class Slice:
    """The roots of one part of a partition."""

    partition: Partition
    code: int


def informative_dimensions(dimensions: Sequence[Dimension], min_roots: int) -> list[Dimension]:
    """Return the dimensions that split the roots, none twice, without the values of fewer than `min_roots` roots.

    Left out are ids (over half of their values belong to one root each) and values that all roots share. Of those that
    split alike the first name is kept, so give the plainest names first.
    """
    return [_without_rare_values(one, min_roots) for one in _distinct([d for d in dimensions if _splits(d, min_roots)])]


def _splits(dimension: Dimension, min_roots: int) -> bool:
    sizes = dimension.sizes()
    if 2 * np.sum(sizes == 1) > np.sum(sizes > 0):
        return False
    return bool(np.any((sizes >= min_roots) & (len(dimension.codes) - sizes >= min_roots)))


def _distinct(dimensions: Sequence[Dimension]) -> list[Dimension]:
    kept: list[Dimension] = []
    for dimension in dimensions:
        twin = next((index for index, one in enumerate(kept) if _are_equivalent(one, dimension)), None)
        if twin is None:
            kept.append(dimension)
        elif np.sum(dimension.codes >= 0) > np.sum(kept[twin].codes >= 0):
            # The same values, known of more roots: all jobs have parameters, a list of clusters may be shorter.
            kept[twin] = replace(dimension, name=kept[twin].name)
    return kept


def _are_equivalent(one: Dimension, other: Dimension) -> bool:
    """Return whether both split the roots into the same parts, or have the same text wherever both have one."""
    is_known, is_other_known = one.codes >= 0, other.codes >= 0
    both = is_known & is_other_known
    shared = int(np.sum(both))
    if shared == 0 or shared < min(int(np.sum(is_known)), int(np.sum(is_other_known))):
        return False
    is_known_alike = bool(np.all(is_known == is_other_known))
    if is_known_alike:
        sizes, other_sizes = one.sizes(), other.sizes()
        if not np.array_equal(np.sort(sizes[sizes > 0]), np.sort(other_sizes[other_sizes > 0])):
            return False
    elif set(one.values).isdisjoint(other.values):
        return False
    width = len(other.values)
    pairs = np.unique(one.codes[both] * width + other.codes[both])
    if is_known_alike:
        return len(pairs) == int(np.sum(sizes > 0))
    return all(one.values[pair // width] == other.values[pair % width] for pair in pairs.tolist())


def _without_rare_values(dimension: Dimension, min_roots: int) -> Dimension:
    is_kept = dimension.sizes() >= min_roots
    new_codes = np.append(np.where(is_kept, np.cumsum(is_kept) - 1, -1), -1)
    values = tuple(value for value, keep in zip(dimension.values, is_kept.tolist(), strict=True) if keep)
    return Dimension(dimension.name, new_codes[dimension.codes], values)


def partitions_of(dimensions: Sequence[Dimension]) -> list[Partition]:
    """Return each dimension, then each pair of them, with the parts that have MIN_ROOTS roots inside and outside.

    A part of a pair that holds all roots of one of its two values is left out: it is the slice of that value.
    """

    def is_comparable(sizes: IntArray) -> BoolArray:
        return np.asarray((sizes >= MIN_ROOTS) & (len(dimensions[0].codes) - sizes >= MIN_ROOTS))

    sizes = [one.sizes() for one in dimensions]
    found = [Partition((index,), len(own), np.flatnonzero(is_comparable(own))) for index, own in enumerate(sizes)]
    for first, second in combinations(range(len(dimensions)), 2):
        width = len(sizes[second])
        pair = Partition((first, second), len(sizes[first]) * width, np.empty(0, dtype=np.int64))
        codes = part_codes(dimensions, pair)
        both = np.bincount(codes[codes >= 0], minlength=pair.width)
        is_own = (both != np.repeat(sizes[first], width)) & (both != np.tile(sizes[second], len(sizes[first])))
        found.append(replace(pair, codes=np.flatnonzero(is_own & is_comparable(both))))
    return [one for one in found if len(one.codes)]


def part_codes(dimensions: Sequence[Dimension], partition: Partition) -> IntArray:
    """Return the code of the part that each root is in, -1 for none."""
    if len(partition.dimensions) == 1:
        return dimensions[partition.dimensions[0]].codes
    one, other = (dimensions[index] for index in partition.dimensions)
    codes: IntArray = np.where((one.codes >= 0) & (other.codes >= 0), one.codes * len(other.values) + other.codes, -1)
    return codes


def slices_of(partitions: Sequence[Partition]) -> Iterator[Slice]:
    """Yield every slice, in the order of the partitions and their codes."""
    for partition in partitions:
        for code in partition.codes.tolist():
            yield Slice(partition, code)


def slice_values(dimensions: Sequence[Dimension], one: Slice) -> list[tuple[int, int]]:
    """Return the values that make a slice, each as the position of its dimension and its code."""
    if len(one.partition.dimensions) == 1:
        return [(one.partition.dimensions[0], one.code)]
    width = len(dimensions[one.partition.dimensions[1]].values)
    return list(zip(one.partition.dimensions, divmod(one.code, width), strict=True))
