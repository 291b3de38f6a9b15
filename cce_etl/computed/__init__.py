"""Tables that SQL alone cannot say: each is computed from the rows that the model of its name under sql/ selects.

Lives here: which tables these are, and turning Arrow tables into arrays and results into Arrow tables.
Does not: the mathematics (`statistics`), what is selected (sql/), running it (`warehouse/models`).
"""

from collections.abc import Callable, Mapping
from typing import Final

import pyarrow as pa

# The name of a table, and what makes its rows out of those its model selects.
COMPUTATIONS: Final[Mapping[str, Callable[[pa.Table], pa.Table]]] = {}
