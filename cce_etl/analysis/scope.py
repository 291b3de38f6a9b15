"""Which steps a question is about: their type, source and root type, and whether the file has such steps."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from cce_etl.analysis.published import Published
from cce_etl.errors import ConfigError

_KNOWN: Final = "SELECT DISTINCT job_type, source, root_job_type FROM marts.steps WHERE job_type IS NOT NULL"
_MAX_NAME_CHARACTERS: Final = 80
_MAX_PLACES: Final = 4


@dataclass(frozen=True, slots=True)
class Scope:
    """A step type, in one source or in all, below one type of root job or below any."""

    step: str
    source: str | None = None
    root_type: str | None = None


def require_known(published: Published, scope: Scope) -> None:
    """Check that some step has the step type, source and root type of a scope.

    Raises:
        ConfigError: none has; the message names the nearest known names.
    """
    known = {(row["job_type"], row["source"], row["root_job_type"]) for row in published.records(_KNOWN)}
    for index, (kind, asked) in enumerate(
        (("step type", scope.step), ("source", scope.source), ("root type", scope.root_type))
    ):
        names = {row[index] for row in known} - {None}
        if asked is not None and asked not in names:
            short = asked[:_MAX_NAME_CHARACTERS]
            by_folded = {name.casefold(): name for name in sorted(names)}
            near = get_close_matches(short.casefold(), by_folded, n=3, cutoff=0)
            shown = ", ".join(repr(by_folded[name][:_MAX_NAME_CHARACTERS]) for name in near)
            advice = f"Nearest: {shown}." if near else "There are none at all."
            raise ConfigError(f"There is no {kind} {short!r} in {published.path}. {advice}")
    of_step = sorted((source, root_type or "") for step, source, root_type in known if step == scope.step)
    if not any(
        scope.source in (None, source) and scope.root_type in (None, root_type) for source, root_type in of_step
    ):
        places = ", ".join(f"below {root_type!r} in source {source!r}" for source, root_type in of_step[:_MAX_PLACES])
        raise ConfigError(f"There is no step of type {scope.step!r} there; it is {places}.")
