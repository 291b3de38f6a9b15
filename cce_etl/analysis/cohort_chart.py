"""Cohorts side by side: the median with its interval, and the range most steps lie in.

Lives here: the drawing. Does not: the figures (`cohorts`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cce_etl.analysis.palette import BLUE, INK, ORANGE, titled

if TYPE_CHECKING:
    import altair
    import pandas

_SUBTITLE = "Dot: median. Thick bar: its 95 % interval (jobs resampled as wholes). Thin line: 10th to 90th percentile."


def cohort_chart(
    compared: "pandas.DataFrame", by: Sequence[str], title: str, period: str | None = None
) -> "altair.FacetChart":
    """Draw the rows of `compare_cohorts`, one line a cohort of the columns `by`, slowest first.

    `period` names one more column of it, of at most two values, drawn in two colours and shapes within each cohort.
    """
    raise NotImplementedError
