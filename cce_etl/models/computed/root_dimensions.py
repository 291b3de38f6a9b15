"""The dimensions by which the roots of one step type are split, read from Arrow columns."""

import re
from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cce_etl.models.computed.arrow import integers
from cce_etl.statistics.arrays import IntArray
from cce_etl.statistics.groups import stable_argsort
from cce_etl.statistics.slices import Dimension

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
_FIRST_WEEKDAY: Final = 3  # 1970-01-01 was a Thursday
# From its first part with a digit on, a name numbers things: payments-prod of payments-prod-012-master-2 remains.
_NUMBERED: Final = re.compile(r"(-[^-]*[0-9].*|[-_.]*[0-9]+)$")


def root_dimensions(roots: pa.Table) -> list[Dimension]:
    """Return every dimension of the roots, those with the plainest names first; parameters follow by name.

    A parameter on which the steps of a root disagree counts as not given.
    """
    created_ns = integers(roots["created_at"], 0)
    plain = [text_dimension(name, roots[column]) for column, name in _COLUMNS.items()]
    names = roots["resource_name"].combine_chunks().dictionary_encode()
    prefixes = [None if name is None else _NUMBERED.sub("", name) for name in names.dictionary.to_pylist()]
    return [
        *plain,
        text_dimension("resource_name_prefix", pa.array(prefixes, pa.string()).take(names.indices)),
        Dimension("hour", created_ns // _HOUR_NS % 24, tuple(f"{hour:02}" for hour in range(24))),
        Dimension("weekday", (created_ns // (24 * _HOUR_NS) + _FIRST_WEEKDAY) % 7, _WEEKDAYS),
        *_parameter_dimensions("", roots["step_parameters"]),
        *_parameter_dimensions("root ", roots["root_parameters"]),
    ]


def encode_parameters(roots: pa.Table) -> pa.Table:
    """Return the roots with the keys and values of their parameters as dictionaries: sorting then moves no texts."""
    for name in ("step_parameters", "root_parameters"):
        lists = pa.concat_arrays(roots[name].chunks) if roots.num_rows else roots[name].combine_chunks()
        texts = [lists.values.field(part).dictionary_encode() for part in ("key", "value")]
        pairs = pa.StructArray.from_arrays(texts, ["key", "value"])
        encoded = pa.ListArray.from_arrays(lists.offsets, pairs, mask=lists.is_null())
        roots = roots.set_column(roots.schema.get_field_index(name), name, encoded)
    return roots


def text_dimension(name: str, texts: pa.ChunkedArray | pa.Array) -> Dimension:
    """Return a column of texts, one a root, as a dimension; its values are sorted, NULL is none."""
    array = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    encoded = array.cast(pa.string()).dictionary_encode()
    return _sorted_dimension(name, integers(encoded.indices, -1), encoded.dictionary)


def _sorted_dimension(name: str, codes: IntArray, values: pa.Array) -> Dimension:
    ascending = pc.sort_indices(values).to_numpy()
    new_codes = np.append(np.argsort(ascending), -1)
    return Dimension(name, new_codes[codes], tuple(values.take(pa.array(ascending)).to_pylist()))


def _parameter_dimensions(prefix: str, parameters: pa.ChunkedArray) -> Iterator[Dimension]:
    """Yield a dimension for each key of lists of (key, value), one list a root, by key."""
    lists = parameters.combine_chunks()
    pairs = pc.list_flatten(lists)
    owners = integers(pc.list_parent_indices(lists), -1)
    keys, values = (pairs.field(part).dictionary_encode() for part in ("key", "value"))
    key_codes = integers(keys.indices, -1)
    order = stable_argsort(key_codes, len(keys.dictionary))
    bounds = np.searchsorted(key_codes[order], np.arange(len(keys.dictionary) + 1))
    names = keys.dictionary.to_pylist()
    for number in sorted(np.flatnonzero(np.diff(bounds)).tolist(), key=names.__getitem__):
        own = order[bounds[number] : bounds[number + 1]]
        own_values = values.indices.take(pa.array(own)).dictionary_encode()
        codes = _agreed_codes(owners[own], integers(own_values.indices, -1), len(lists))
        yield _sorted_dimension(f"{prefix}{names[number]}", codes, values.dictionary.take(own_values.dictionary))


def _agreed_codes(owners: IntArray, codes: IntArray, root_count: int) -> IntArray:
    """Return the code of each root, -1 where it has none or several."""
    lowest = np.full(root_count, np.iinfo(np.int64).max)
    highest = np.full(root_count, -1, dtype=np.int64)
    np.minimum.at(lowest, owners, codes)
    np.maximum.at(highest, owners, codes)
    result: IntArray = np.where(lowest == highest, highest, -1)
    return result
