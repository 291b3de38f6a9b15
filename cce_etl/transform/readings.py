"""Bodies to the rows of core.jobs, whatever their shape.

Lives here: which of the two ways a body goes, the fast one of the documented shape or the one that reads every shape.
Does not: what a body says (`documented`, `job`), which of several bodies counts (`observations`).
"""

from collections.abc import Sequence

import msgspec
import pyarrow as pa

from cce_etl.errors import PayloadError
from cce_etl.transform.documented import decode_documented
from cce_etl.transform.flatten import NodeColumns, Span, table_of_rows
from cce_etl.transform.job_rows import flatten
from cce_etl.transform.payload import Dialect, JobRow, canonical_phase, decode_job, is_terminal
from cce_etl.transform.versions import decode_for, latest_time


class Reading(msgspec.Struct, frozen=True):
    """Hold what a body is; its rows, or where its `BodyReader` has them."""

    job_id: str
    dialect: Dialect
    is_terminal: bool
    rows: list[JobRow] | Span


class BodyReader:
    """Read many bodies and keep their rows until they are written."""

    def __init__(self) -> None:
        self._columns = NodeColumns()

    def read(self, body: bytes, asked_for: str | None = None) -> Reading:
        """Read the body that came for an id, or that alone says its id.

        Raises PayloadError when it is no job, another job, or no id is known.
        """
        return self._read_documented(body, asked_for) or _read_any(body, asked_for)

    def _read_documented(self, body: bytes, asked_for: str | None) -> Reading | None:
        root = decode_documented(body)
        uid = root.metadata.uid if root and root.metadata else None
        if root is None or not uid or (asked_for is not None and asked_for != uid):
            return None
        span = self._columns.add(root, uid)
        if span is None:
            return None
        phase = canonical_phase(root.status.phase if root.status else None)
        return Reading(uid, Dialect.V3, phase is not None and phase.is_terminal, span)

    def table(self, readings: Sequence[Reading]) -> pa.Table:
        """Return the rows of some readings of this reader, in the columns of core.jobs that a tree fills."""
        spans = [one.rows for one in readings if isinstance(one.rows, Span)]
        rows = [row for one in readings if not isinstance(one.rows, Span) for row in one.rows]
        tables = [self._columns.rows_of(spans), table_of_rows(rows)]
        return pa.concat_tables([table for table in tables if table.num_rows] or tables[:1])

    def latest_times(self, readings: Sequence[Reading]) -> list[int | None]:
        """Return the latest time that stands in each reading's tree, in ns since 1970 UTC."""
        of_spans = iter(self._columns.latest_times([one.rows for one in readings if isinstance(one.rows, Span)]))
        return [next(of_spans) if isinstance(one.rows, Span) else latest_time(one.rows) for one in readings]


def _read_any(body: bytes, asked_for: str | None) -> Reading:
    decoded = decode_job(body) if asked_for is None else decode_for(asked_for, body)
    job_id = asked_for or decoded.job.uid
    if job_id is None:
        raise PayloadError("missing_uid", "expected a job's id, which alone names it in a file", path="metadata.uid")
    return Reading(job_id, decoded.dialect, is_terminal(decoded.job), flatten(decoded.job, job_id))
