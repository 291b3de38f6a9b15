"""Nodes of many trees as columns of core.jobs: lists while a few bodies are read, Arrow from then on.

Lives here: the columns' types, and documented trees to columns, an object a column and not one a row.
Does not: bodies of any other shape, whose rows `flatten` makes; to both of them the same tree is the same rows.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cce_etl.clock_columns import parsed_timestamps, planned_times
from cce_etl.transform import payload as limits
from cce_etl.transform.documented import DocumentedJob, Metadata, Spec, Status, decode_parameters
from cce_etl.transform.payload import JobRow, canonical_phase

_TIMESTAMP: Final = pa.timestamp("ns")
# A dictionary, because DuckDB looks at every map for a key that stands twice, which costs more than all other columns:
# steps of one job say the same, so there is a third of the maps to look at, or fewer.
_PARAMETERS: Final = pa.map_(pa.string(), pa.string())
_TYPES: Final[dict[str, pa.DataType]] = {
    "depth": pa.int32(),
    "ordinal": pa.int32(),
    "planned_at": _TIMESTAMP,
    "created_at": _TIMESTAMP,
    "updated_at": _TIMESTAMP,
    "completed_at": _TIMESTAMP,
    "extend_param": pa.dictionary(pa.int32(), _PARAMETERS),
    "is_leaf": pa.bool_(),
    "has_uid": pa.bool_(),
}
_SCHEMA: Final = pa.schema([(name, _TYPES.get(name, pa.string())) for name in JobRow.__struct_fields__])
_PLAIN: Final = pa.schema([field for field in _SCHEMA if field.name != "extend_param"])
# Decoded nodes of more bodies than this no longer fit a processor's cache; Arrow takes a tenth of their memory.
_BATCH_NODES: Final = 4_096
# No documented tree is deeper by far; one that is goes the way that has no limit of this kind.
_MOST_LEVELS: Final = 32
_NEVER: Final = -(2**63)
_NO_METADATA, _NO_SPEC, _NO_STATUS = Metadata(), Spec(), Status()


class Span(msgspec.Struct, frozen=True):
    """Name the rows of one tree among those of a `NodeColumns`."""

    start: int
    stop: int


class NodeColumns:
    """Hold the rows of many documented trees, by level within each, trees in the order they were added."""

    def __init__(self) -> None:
        self._sealed: list[pa.RecordBatch] = []
        self._sealed_count = 0
        self._parameters = _Parameters()
        self._open = _OpenNodes()
        self._table: pa.Table | None = None

    def add(self, root: DocumentedJob, root_job_id: str) -> Span | None:
        """Take in a tree that bears its id; None, and nothing taken in, when it is too deep or has too many nodes."""
        if len(self._open.nodes) >= _BATCH_NODES:
            self._seal()
        before = len(self._open.nodes)
        if not self._open.add(root, root_job_id, self._parameters):
            return None
        self._table = None
        return Span(self._sealed_count + before, self._sealed_count + len(self._open.nodes))

    def table(self) -> pa.Table:
        """Return all rows, in the columns of core.jobs that a tree fills."""
        if self._table is None:
            self._seal()
            table = pa.Table.from_batches(self._sealed, _PLAIN).combine_chunks()
            place = _SCHEMA.get_field_index("extend_param")
            self._table = table.add_column(place, _SCHEMA.field(place), self._parameters.array())
        return self._table

    def rows_of(self, spans: Sequence[Span]) -> pa.Table:
        """Return the rows of some trees, a row a node, in one piece: DuckDB unpacks the dictionary for each piece."""
        is_wanted = np.zeros(self.table().num_rows, np.bool_)
        for span in spans:
            is_wanted[span.start : span.stop] = True
        return self.table() if is_wanted.all() else self.table().filter(pa.array(is_wanted))

    def latest_times(self, spans: Sequence[Span]) -> list[int | None]:
        """Return the latest time that stands in each of the trees, in ns since 1970 UTC."""
        table = self.table()
        latest = pc.max_element_wise(table["created_at"], table["updated_at"]).cast(pa.int64()).fill_null(_NEVER)
        times = latest.to_numpy()
        found = [int(times[span.start : span.stop].max()) for span in spans]
        return [None if time == _NEVER else time for time in found]

    def _seal(self) -> None:
        if self._open.nodes:
            self._sealed.append(self._open.batch())
            self._sealed_count += len(self._open.nodes)
            self._open = _OpenNodes()


class _Parameters:
    """Number the extendParams met so far by the bytes they were sent in, and keep the number of each row's."""

    def __init__(self) -> None:
        self._codes: list[int] = []
        self._code_of: dict[bytes, int] = {}
        self._distinct: list[dict[str, str]] = []

    def extend(self, texts: Sequence[bytes]) -> bool:
        """Add a row each; tell whether all could be read, and add none when not."""
        code_of = self._code_of
        for text in texts:
            if text not in code_of and not self._add(text):
                return False
        self._codes += [code_of[text] for text in texts]
        return True

    def _add(self, text: bytes) -> bool:
        parameters = decode_parameters(text)
        if parameters is None:
            return False
        self._code_of[text] = len(self._distinct)
        self._distinct.append(parameters)
        return True

    def array(self) -> pa.DictionaryArray:
        """Return a map a row."""
        return _dictionary(self._codes, self._distinct)


def _dictionary(codes: Sequence[int], distinct: Sequence[dict[str, str]]) -> pa.DictionaryArray:
    ends = np.cumsum([0, *map(len, distinct)])
    keys = [key for parameters in distinct for key in parameters]
    values = [value for parameters in distinct for value in parameters.values()]
    arrays = pa.array(ends, pa.int32()), pa.array(keys, pa.string()), pa.array(values, pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.MapArray.from_arrays(*arrays))


class _OpenNodes:
    """Hold decoded nodes, a level of a tree after the other, and for each the place of its parent, -1 for a root."""

    def __init__(self) -> None:
        self.nodes: list[DocumentedJob] = []
        self._parents: list[int] = []
        self._depths: list[int] = []
        self._root_job_ids: list[str] = []

    def add(self, root: DocumentedJob, root_job_id: str, parameters: _Parameters) -> bool:
        """Add a tree; tell whether it could be, and add nothing when not."""
        found = _by_level(root, len(self.nodes))
        if found is None:
            return False
        nodes, parents, depths = found
        if not parameters.extend([bytes(node.spec.extend_param) if node.spec else b"" for node in nodes]):
            return False
        self.nodes += nodes
        self._parents += parents
        self._depths += depths
        self._root_job_ids += [root_job_id] * len(nodes)
        return True

    def batch(self) -> pa.RecordBatch:
        """Return the nodes as a batch of Arrow, all columns but the parameters."""
        columns = self._places() | self._words()
        uids = [node.metadata.uid if node.metadata else None for node in self.nodes]
        named = zip(uids, self._root_job_ids, columns["path"], strict=True)
        job_ids = pa.array([uid or f"{root_job_id}/{path}" for uid, root_job_id, path in named], pa.string())
        parents = np.array(self._parents)
        columns |= {
            "job_id": job_ids,
            "parent_job_id": job_ids.take(pa.array(parents, mask=parents < 0)),
            "root_job_id": self._root_job_ids,
            # A made-up id holds a slash, which no UUID does, so only what was sent is read as a time.
            "planned_at": planned_times(job_ids),
            "has_uid": [bool(uid) for uid in uids],
        }
        return pa.RecordBatch.from_arrays([_array(field, columns[field.name]) for field in _PLAIN], schema=_PLAIN)

    def _places(self) -> dict[str, Any]:
        parents, places = np.array(self._parents), np.arange(len(self.nodes))
        is_first = (parents < 0) | (np.diff(parents, prepend=-1) != 0)  # siblings stand together
        ordinals = places - np.maximum.accumulate(np.where(is_first, places, 0))
        paths: list[str] = []
        for parent, ordinal in zip(self._parents, ordinals.tolist(), strict=True):
            above = paths[parent] if parent >= 0 else ""
            paths.append("" if parent < 0 else f"{above}/{ordinal}" if above else str(ordinal))
        return {"path": paths, "depth": self._depths, "ordinal": ordinals}

    def _words(self) -> dict[str, Any]:
        metadata = [node.metadata or _NO_METADATA for node in self.nodes]
        specs = [node.spec or _NO_SPEC for node in self.nodes]
        statuses = [node.status or _NO_STATUS for node in self.nodes]
        phases = pa.array([status.phase for status in statuses], pa.string())
        created_texts = pa.array([one.created_text for one in metadata], pa.string())
        updated_texts = pa.array([one.updated_text for one in metadata], pa.string())
        return {
            "job_type": [spec.job_type for spec in specs],
            "cluster_id": [spec.cluster_id for spec in specs],
            "resource_id": [spec.resource_id for spec in specs],
            "resource_name": [spec.resource_name for spec in specs],
            "phase": phases,
            "canonical_phase": _canonical_phases(phases),
            "reason": [status.reason for status in statuses],
            "created_at": parsed_timestamps(created_texts),
            "updated_at": parsed_timestamps(updated_texts),
            "completed_at": pa.nulls(len(phases), _TIMESTAMP),
            "created_text": created_texts,
            "updated_text": updated_texts,
            "extra": pa.nulls(len(phases), pa.string()),
            "is_leaf": [not spec.sub_jobs for spec in specs],
        }


def _by_level(root: DocumentedJob, first: int) -> tuple[list[DocumentedJob], list[int], list[int]] | None:
    """Return a tree's nodes by level, siblings together, their parents' places when it begins at `first`, their depths.

    None when it is too deep, or has too many nodes.
    """
    nodes, parents, depths, level = [root], [-1], [0], [root]
    most_levels = min(_MOST_LEVELS, limits.MAX_LEVELS)
    for depth in range(1, most_levels + 1):
        below: list[DocumentedJob] = []
        for place, node in enumerate(level, first):
            steps = node.spec and node.spec.sub_jobs
            if steps:
                below += steps
                parents += [place] * len(steps)
        if not below:
            return nodes, parents, depths
        first += len(level)
        nodes += below
        depths += [depth] * len(below)
        level = below
        if depth == most_levels or len(nodes) > limits.MAX_NODES:
            break
    return None


def _canonical_phases(phases: pa.StringArray) -> pa.StringArray:
    distinct = phases.dictionary_encode()
    return pa.array(map(canonical_phase, distinct.dictionary.to_pylist()), pa.string()).take(distinct.indices)


def table_of_rows(rows: Sequence[JobRow]) -> pa.Table:
    """Return rows as the same columns."""
    columns: list[Any] = list(zip(*map(msgspec.structs.astuple, rows), strict=True)) or [()] * len(_SCHEMA)
    arrays = [_array(field, values) for field, values in zip(_SCHEMA, columns, strict=True)]
    return pa.Table.from_arrays(arrays, schema=_SCHEMA)


def _array(field: pa.Field, values: Any) -> pa.Array:
    if field.name != "extend_param":
        return values if isinstance(values, pa.Array) else pa.array(values, field.type)
    return _dictionary(range(len(values)), values)
