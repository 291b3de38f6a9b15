"""How often each step type fails, with the uncertainty of it.

Lives here: reading the rates. Does not: computing them or their intervals (marts.step_failure_rates).
"""

from typing import TYPE_CHECKING

from cce_etl.analysis.published import Published

if TYPE_CHECKING:
    import pandas

_RATES = """
    SELECT source, job_type, finished_count, failed_count, failure_rate, failure_rate_low, failure_rate_high
    FROM marts.step_failure_rates
    WHERE finished_count > 0
    ORDER BY failure_rate DESC, finished_count DESC, source, job_type
"""


def failure_rates(published: Published) -> "pandas.DataFrame":
    """Read the failure rate of every step type that has finished steps, highest first.

    Grain: source, job_type. Columns: these, finished_count, failed_count, failure_rate (0..1), failure_rate_low and
    failure_rate_high (Wilson's 95 % interval).
    """
    return published.frame(_RATES)
