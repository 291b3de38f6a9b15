"""Everything that the page shows, read from the published file."""

from dataclasses import dataclass
from typing import Any, Final

from cce_etl.analysis.published import Published
from cce_etl.analysis.report import queries
from cce_etl.analysis.report.panels import Panel, read_panels
from cce_etl.analysis.report.queries import Rows, read_rows
from cce_etl.analysis.report.waterfalls import Waterfall, read_waterfalls
from cce_etl.errors import WarehouseError

_NEEDED: Final = frozenset(
    f"marts.{name}"
    for name in (
        *("root_jobs", "steps", "step_durations", "step_durations_daily", "step_blame", "duration_changes"),
        *("step_cohorts", "step_failure_rates", "failure_reasons", "running_jobs", "running_steps", "slo"),
        "data_quality_findings",
    )
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What each section shows, in the order of the page."""

    manifest: Any
    overview: Any
    panels: tuple[Panel, ...]
    changes: Rows
    cohorts: Rows
    rates: Rows
    reasons: Rows
    blame: Rows
    running_jobs: Rows
    running_steps: Rows
    slowest: tuple[Waterfall, ...]
    newest: tuple[Waterfall, ...]
    slo: Rows
    findings: Rows
    tables: Rows


def read_contents(published: Published) -> Contents:
    """Read all sections. Raises WarehouseError for a file that lacks tables because its models were not built."""
    tables = read_rows(published, queries.TABLES)
    missing = sorted(_NEEDED - {row.table_name for row in tables})
    if missing:
        raise WarehouseError(
            f"{published.path} lacks {', '.join(missing)}. Run `cce-etl build`, then `cce-etl publish`."
        )
    sections = {name: read_rows(published, sql) for name, sql in queries.SECTIONS.items()}
    return Contents(
        manifest=read_rows(published, queries.MANIFEST)[0],
        overview=read_rows(published, queries.OVERVIEW)[0],
        panels=read_panels(published, sections["changes"]),
        slowest=read_waterfalls(published, queries.SLOWEST),
        newest=read_waterfalls(published, queries.NEWEST),
        tables=tables,
        **sections,
    )
