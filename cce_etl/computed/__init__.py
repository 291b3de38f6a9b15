"""Tables that SQL alone cannot say: each is computed from the rows that the model of its name under sql/ selects.

Lives here: which tables these are, and turning Arrow tables into arrays and results into Arrow tables.
Does not: the mathematics (`statistics`), what is selected (sql/), running it (`warehouse/models`).
"""

from collections.abc import Callable, Mapping
from typing import Final

import pyarrow as pa

from cce_etl.computed.comparisons import compare_roots
from cce_etl.computed.job_measures import measure_jobs
from cce_etl.computed.step_savings import sum_savings

# The name of a table, and what makes its rows out of those its model selects.
COMPUTATIONS: Final[Mapping[str, Callable[[pa.Table], pa.Table]]] = {
    "core.comparisons": compare_roots,
    "core.job_measures": measure_jobs,
    "core.step_savings": sum_savings,
}
