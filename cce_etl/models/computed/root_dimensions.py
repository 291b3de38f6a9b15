"""What the roots of one step type can be told apart by, read from Arrow columns.

Lives here: the names of dimensions, and their values. Does not: which of them say something (`statistics.dimensions`).
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cce_etl.statistics.dimensions import Dimension
from cce_etl.statistics.residuals import by_group

IntArray = NDArray[np.int64]

# Columns that are dimensions as they are, the plainest name first.
_COLUMNS: Final = {
    "source": "source",
    "root_job_type": "root_type",
    "cluster_version": "cluster_version",
    "flavor": "flavor",
    "availability_zone": "availability_zone",
}
_HOUR_NS: Final = 3_600 * 10**9
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# 1970-01-01 was a Thursday.
_FIRST_WEEKDAY: Final = 3
# From the first part with a digit on a name numbers things: payments-prod of payments-prod-012-master-2.
_NUMBERED: Final = re.compile(r"(-[^-]*[0-9].*|[-_.]*[0-9]+)$")


def root_dimensions(roots: pa.Table) -> list[Dimension]:
    """Return every dimension of the roots, those with the plainest names first; parameters follow by name.

    A parameter that a root's steps disagree on counts as not given.
    """
    created_ns = roots["created_at"].cast(pa.int64()).to_numpy()
    plain = [text_dimension(name, roots[column]) for column, name in _COLUMNS.items()]
    named = text_dimension("resource_name_prefix", _prefixes(roots["resource_name"]))
    hours = Dimension("hour", created_ns // _HOUR_NS % 24, tuple(f"{hour:02}" for hour in range(24)))
    weekdays = Dimension("weekday", (created_ns // (24 * _HOUR_NS) + _FIRST_WEEKDAY) % 7, _WEEKDAYS)
    steps = _of_parameters("", roots["step_parameters"])
    return [*plain, named, hours, weekdays, *steps, *_of_parameters("root ", roots["root_parameters"])]


def with_encoded_parameters(roots: pa.Table) -> pa.Table:
    """Return the roots with each key and value of their parameters held once: sorting then moves numbers, not texts."""
    for name in ("step_parameters", "root_parameters"):
        lists = pa.concat_arrays(roots[name].chunks) if roots.num_rows else roots[name].combine_chunks()
        texts = [lists.values.field(part).dictionary_encode() for part in ("key", "value")]
        pairs = pa.StructArray.from_arrays(texts, ["key", "value"])
        encoded = pa.ListArray.from_arrays(lists.offsets, pairs, mask=lists.is_null())
        roots = roots.set_column(roots.schema.get_field_index(name), name, encoded)
    return roots


def _prefixes(names: pa.ChunkedArray) -> pa.Array:
    encoded = names.combine_chunks().dictionary_encode()
    prefixes = [None if name is None else _NUMBERED.sub("", name) for name in encoded.dictionary.to_pylist()]
    return pa.array(prefixes, pa.string()).take(encoded.indices)


def text_dimension(name: str, texts: pa.ChunkedArray | pa.Array) -> Dimension:
    """Return a column of texts, one a root, as a dimension; its values in order, NULL for none."""
    array = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    encoded = array.cast(pa.string()).dictionary_encode()
    return _in_order(name, _integers(encoded.indices), encoded.dictionary)


def in_order_met(array: pa.ChunkedArray | pa.Array) -> IntArray:
    """Return the number of each value, counted from 0 in the order in which they are met; -1 for NULL."""
    values = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return _integers(values.dictionary_encode().indices)


def _in_order(name: str, codes: IntArray, words: pa.Array) -> Dimension:
    """Return a dimension whose values stand in order, whatever order they were met in."""
    ascending = pc.sort_indices(words).to_numpy()
    places = np.append(np.argsort(ascending), -1)
    return Dimension(name, places[codes], tuple(words.take(pa.array(ascending)).to_pylist()))


def _integers(array: pa.Array) -> IntArray:
    numbers: Any = pc.fill_null(array.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
    return np.asarray(numbers, dtype=np.int64)


def _of_parameters(prefix: str, entries: pa.ChunkedArray) -> Iterator[Dimension]:
    """Yield a dimension for each key of lists of (key, value), one list a root, by key."""
    lists = entries.combine_chunks()
    pairs = pc.list_flatten(lists)
    owners = _integers(pc.list_parent_indices(lists))
    keys = pairs.field("key").dictionary_encode()
    key_codes = _integers(keys.indices)
    order = by_group(key_codes)
    bounds = np.searchsorted(key_codes[order], np.arange(len(keys.dictionary) + 1))
    names = keys.dictionary.to_pylist()
    values = pairs.field("value").dictionary_encode()
    for number in sorted(np.flatnonzero(np.diff(bounds)).tolist(), key=names.__getitem__):
        own = order[bounds[number] : bounds[number + 1]]
        met = values.indices.take(pa.array(own)).dictionary_encode()
        codes = _agreed(owners[own], _integers(met.indices), len(lists))
        yield _in_order(f"{prefix}{names[number]}", codes, values.dictionary.take(met.dictionary))


def _agreed(owners: IntArray, codes: IntArray, root_count: int) -> IntArray:
    """Return the code of each root, -1 where it has none or several."""
    least = np.full(root_count, np.iinfo(np.int64).max)
    greatest = np.full(root_count, -1, dtype=np.int64)
    np.minimum.at(least, owners, codes)
    np.maximum.at(greatest, owners, codes)
    result: IntArray = np.where(least == greatest, greatest, -1)
    return result
