"""What Dagster loads: `dagster dev -m cce_etl.definitions`."""

from cce_etl.defs.assembly import build_definitions

defs = build_definitions()
