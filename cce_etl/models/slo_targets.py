"""The service level to measure, told to marts.slo by DuckDB's variables, which last as long as the connection.

Lives here: their names and types. Does not: settings (`settings`), what is measured (sql/marts/slo.sql).
"""

from collections.abc import Mapping

from cce_etl.warehouse.connection import Connection


def set_slo(connection: Connection, targets: Mapping[str, float], objective: float, window_days: int) -> None:
    """Set what models built from now on read: seconds by job_type, share of steps, days of the window."""
    connection.execute("SET VARIABLE slo_targets = CAST(? AS MAP(VARCHAR, DOUBLE))", [dict(targets)])
    connection.execute("SET VARIABLE slo_objective = CAST(? AS DOUBLE)", [objective])
    connection.execute("SET VARIABLE slo_window_days = CAST(? AS INTEGER)", [window_days])
