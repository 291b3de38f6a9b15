"""The definitions that runs and workers load in these tests, with the same time in all processes."""

from cce_etl.defs.assembly import build_definitions
from tests.integration.scale.sources import NOW

defs = build_definitions(lambda: NOW)
