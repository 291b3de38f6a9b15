"""raw.check_runs: which gates a run has passed, so that publishing need not check the same tables again."""

from collections.abc import Sequence

from cce_etl.warehouse.connection import Connection, transaction


def record_check_run(
    connection: Connection, run_id: str, gate: str, checked_at: int, error_checks: Sequence[str]
) -> None:
    """Append a row for a gate whose checks were all run.

    Args:
        checked_at: Nanoseconds since 1970 UTC.
        error_checks: The names of the failed checks of severity error.
    """
    with transaction(connection):
        connection.execute(
            "INSERT INTO raw.check_runs SELECT $1, $2, make_timestamp_ns($3), $4::VARCHAR[]",
            [run_id, gate, checked_at, list(error_checks)],
        )


def gate_is_passed(connection: Connection, run_id: str, gate: str) -> bool:
    """Return whether no check of severity error failed when a run last checked a gate, and nothing was loaded since."""
    rows = connection.execute(
        """
        SELECT len(error_checks) = 0 AND NOT EXISTS (FROM raw.fetch_runs WHERE ended_at > check_runs.checked_at)
        FROM raw.check_runs AS check_runs WHERE run_id = $1 AND gate = $2
        ORDER BY checked_at DESC LIMIT 1
        """,
        [run_id, gate],
    ).fetchall()
    return rows == [(True,)]
