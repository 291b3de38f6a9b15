"""What runs and workers load in these tests: the definitions as they are, at one moment for all processes.

Lives here: that moment. Does not: anything that runs.
"""

from cce_etl.defs.assembly import build_definitions
from tests.integration.scale.fleet import NOW

defs = build_definitions(lambda: NOW)
