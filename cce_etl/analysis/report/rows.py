"""Answers as rows a template can walk: named tuples whose missing values are None.

Lives here: one query, one frame. Does not: which queries (`questions`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cce_etl.analysis.published import Published

if TYPE_CHECKING:
    import pandas

Rows = tuple[Any, ...]


def read_rows(published: Published, sql: str, parameters: Sequence[object] = ()) -> Rows:
    """Return the rows of a query. Raises WarehouseError for one that the file does not accept."""
    return rows_of(published.frame(sql, parameters))


def rows_of(frame: "pandas.DataFrame") -> Rows:
    """Return the rows of a frame, None standing for every kind of missing value (NaN, NaT, NA)."""
    return tuple(frame.astype(object).where(frame.notna(), None).itertuples(index=False, name="Row"))
