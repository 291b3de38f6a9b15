"""The service level in DuckDB's variables: typed, and of one connection alone."""

import duckdb

from cce_etl.models.slo_targets import set_slo

VARIABLES = "SELECT getvariable('slo_targets'), getvariable('slo_objective'), getvariable('slo_window_days')"


def test_what_is_set_can_be_read_and_set_anew() -> None:
    with duckdb.connect() as connection:
        assert connection.execute(VARIABLES).fetchall() == [(None, None, None)]
        set_slo(connection, {"A 'quoted'": 1, "B": 0.5}, 0.99, 7)
        assert connection.execute(VARIABLES).fetchall() == [({"A 'quoted'": 1.0, "B": 0.5}, 0.99, 7)]
        set_slo(connection, {}, 0.95, 28)
        assert connection.execute(VARIABLES).fetchall() == [({}, 0.95, 28)]
        types = connection.execute(f"SELECT typeof(COLUMNS(*)) FROM ({VARIABLES})").fetchall()
        assert types == [("MAP(VARCHAR, DOUBLE)", "DOUBLE", "INTEGER")]
