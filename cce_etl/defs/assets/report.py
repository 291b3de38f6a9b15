"""The report as an asset, written again whenever the published file is."""

import dagster as dg

from cce_etl.defs.assets.published import PUBLISHED
from cce_etl.defs.metadata import ANALYSTS
from cce_etl.defs.resources import Warehouse, readable_failures

REPORT = dg.AssetKey(["published", "report"])


@dg.asset(key=REPORT, deps=[PUBLISHED], group_name="published", owners=[ANALYSTS], kinds={"python", "altair"})
def report(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
    """One page for everybody: durations, changes, cohorts, failures, what runs and what is stuck."""
    from cce_etl.analysis.report import write_report

    with readable_failures():
        published = warehouse.settings().published
        target = published.with_name("report.html")
        write_report(published, target)
    return dg.MaterializeResult(
        metadata={"path": dg.MetadataValue.path(target.absolute()), "file_bytes": target.stat().st_size}
    )
