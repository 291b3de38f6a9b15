"""Tables that SQL alone cannot say: each is computed from the rows that the model of its name under sql/ selects.

Lives here: which tables these are, and turning Arrow tables into arrays and results into Arrow tables.
Does not: the mathematics (`statistics`), what is selected (sql/), running it (`warehouse/models`).
"""

from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import pyarrow as pa

from cce_etl.models.computed.comparisons import compare_roots
from cce_etl.models.computed.job_measures import measure_jobs
from cce_etl.models.computed.step_durations import step_figures
from cce_etl.models.computed.step_savings import sum_savings
from cce_etl.models.computed.step_survival import survival_curves

# The name of a table, and what makes its rows out of those its model selects.
COMPUTATIONS: Final[Mapping[str, Callable[[pa.Table], pa.Table]]] = {
    "intermediate.comparisons": compare_roots,
    "core.job_measures": measure_jobs,
    "intermediate.step_durations_by_dimension": step_figures,
    "intermediate.step_savings": sum_savings,
    "marts.step_survival": survival_curves,
}


@cache
def code_version() -> str:
    """Return a name for the code of all computations; it changes with any file of them, so nothing old is kept."""
    package = Path(__file__).resolve().parents[1]
    files = sorted(path for room in ("computed", "statistics") for path in (package / room).glob("*.py"))
    return sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
