"""What an explanation is about: a step type, in which source, below which root type; and whether the file knows it.

Lives here: the scope and its checks. Does not: the queries (`explanation_queries`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from cce_etl.analysis.published import Published
from cce_etl.errors import ConfigError, WarehouseError

_NEEDED: Final = {
    *("marts.duration_changes.is_finding", "marts.failure_reasons.reason_template"),
    *("marts.steps.root_shape_id", "marts.steps.critical_seconds"),
    *("marts.step_blame.minutes_saved_per_day", "marts.step_cohorts.dimensions", "marts.steps.is_blamed"),
}
_COLUMNS: Final = "SELECT schema_name || '.' || table_name || '.' || column_name AS name FROM duckdb_columns()"
_KNOWN: Final = "SELECT DISTINCT job_type, source, root_job_type FROM marts.steps WHERE job_type IS NOT NULL"
_LONGEST_NAME: Final = 80
_PLACES_SHOWN: Final = 4


@dataclass(frozen=True, slots=True)
class Scope:
    """Name what is asked about: a step type, in one source or all, below one type of root job or any."""

    step: str
    source: str | None = None
    root_type: str | None = None


def require_tables(published: Published) -> None:
    """Raise WarehouseError for a file that was published before the tables of an explanation were built."""
    missing = _NEEDED - {row["name"] for row in published.records(_COLUMNS)}
    if missing:
        raise WarehouseError(
            f"{published.path} has no {min(missing)}: an older cce-etl published it. "
            "Run `cce-etl build`, then `cce-etl publish`."
        )


def require_known(published: Published, scope: Scope) -> None:
    """Raise ConfigError, naming the nearest known ones, when no step has the scope's type, source and root type."""
    known = {(row["job_type"], row["source"], row["root_job_type"]) for row in published.records(_KNOWN)}
    for place, (name, asked) in enumerate(
        (("step type", scope.step), ("source", scope.source), ("root type", scope.root_type))
    ):
        if asked is not None and asked not in (names := {row[place] for row in known} - {None}):
            raise ConfigError(
                f"There is no {name} {asked[:_LONGEST_NAME]!r} in {published.path}. {_nearest(asked, names)}"
            )
    where = sorted((source, root_type or "") for step, source, root_type in known if step == scope.step)
    if not any(scope.source in (None, source) and scope.root_type in (None, root_type) for source, root_type in where):
        places = ", ".join(f"{root_type!r} in source {source!r}" for source, root_type in where[:_PLACES_SHOWN])
        raise ConfigError(f"No step of type {scope.step!r} is there; it is below {places}.")


def _nearest(asked: str, names: Iterable[str]) -> str:
    by_folded = {name.casefold(): name for name in sorted(names)}
    near = get_close_matches(asked[:_LONGEST_NAME].casefold(), by_folded, n=3, cutoff=0)
    if not near:
        return "There are none at all."
    return f"Nearest: {', '.join(repr(by_folded[name][:_LONGEST_NAME]) for name in near)}."
