"""What a client in another process may run on the server, and that everything else is refused."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from cce_etl.publish.permissions import allow_only_reading
from cce_etl.publish.server import server
from cce_etl.warehouse.lake import load_extensions
from tests.publish.analyst import Analyst, listener_of, publish
from tests.warehouse.lakes import needs_extensions

pytestmark = needs_extensions

OUTSIDE = "this is no business of a client"
TABLES = "SELECT DISTINCT table_name FROM duckdb_columns() WHERE database_name = current_database() ORDER BY ALL"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served") / "it's published.duckdb"
    publish(path, 3)
    (path.parent / "secret.txt").write_text(OUTSIDE)
    (path.parent / "secret.csv").write_text(f"a\n{OUTSIDE}\n")
    return path


@pytest.fixture(scope="module")
def attached(analyst: Analyst, published: Path) -> Iterator[Analyst]:
    listener = listener_of()
    with server(published, listener):
        analyst.attach(listener)
        yield analyst


def test_an_analyst_sees_core_marts_and_the_manifest(attached: Analyst) -> None:
    assert attached.says("FROM cce.marts.step_counts") == [["Install", 3]]
    assert attached.says("SELECT job FROM cce.marts.steps WHERE job > 0") == [[1], [2]]
    assert attached.says("SELECT max(job), any_value(epoch_ns(created_at)) FROM cce.core.jobs") == [[3, 123]]
    assert attached.says("FROM cce.manifest") == [[3]]
    assert attached.sends(TABLES) == [["jobs"], ["manifest"], ["step_counts"], ["steps"]]


def test_a_query_of_several_tables_runs_at_the_server(attached: Analyst) -> None:
    assert attached.sends("SELECT count(*) FROM marts.steps JOIN core.jobs USING (job)") == [[3]]
    assert attached.sends("SELECT sum(n) FROM marts.step_counts, LATERAL (SELECT 1 FROM range(2)) AS r") == [[6]]
    assert attached.sends("DESCRIBE marts.steps")[0][:2] == ["job", "BIGINT"]
    assert attached.sends("SELECT * FROM (PIVOT marts.steps ON job_type IN ('Install') USING count(*)) LIMIT 1") == [
        [0, 1]
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO marts.steps VALUES (9, 'x')",
        "WITH x AS (SELECT 9, 'x') INSERT INTO marts.steps FROM x",
        "UPDATE marts.steps SET job = 1",
        "DELETE FROM marts.steps",
        "DROP VIEW marts.steps",
        "SELECT 1; DROP SCHEMA marts CASCADE",
        "ALTER VIEW marts.steps RENAME TO other",
        "CREATE TABLE t (a INTEGER)",
        "CREATE TEMP TABLE t (a INTEGER)",
        "CREATE OR REPLACE VIEW marts.steps AS SELECT 1",
        "CREATE OR REPLACE MACRO may_run(session, statement) AS true",
        "BEGIN TRANSACTION",
        "USE served_1",
        "COPY (SELECT 1) TO '{folder}/written.csv'",
        "COPY marts.steps TO '{folder}/written.parquet'",
        "EXPORT DATABASE '{folder}/written'",
        "ATTACH '{folder}/written.duckdb' AS other",
        "ATTACH ':memory:' AS other",
        "DETACH served_1",
        "INSTALL spatial",
        "LOAD '{folder}/secret.txt'",
        "SET threads = 1",
        "SET GLOBAL quack_authorization_function = 'quack_nop_authorization'",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "PRAGMA database_list",
        "CREATE SECRET (TYPE quack, TOKEN 'another')",
        "CHECKPOINT",
        "PREPARE p AS SELECT 1",
        "EXPLAIN ANALYZE SELECT 1",
        "CALL quack_stop('quack:127.0.0.1:9494')",
        "FROM quack_stop('quack:127.0.0.1:9494')",
        "SELECT (FROM QUACK_STOP('quack:127.0.0.1:9494'))",
        "FROM quack_serve('quack:127.0.0.1:1', token => 'another')",
        "FROM quack_query('quack:127.0.0.1:1', 'SELECT 1', token => 'another')",
        "FROM quack_active_connections()",
        "FROM quack_identify(name => 'x')",
        "FROM query('FROM quack_active_connections()')",
        "FROM json_execute_serialized_sql(json_serialize_sql('FROM whoami()'))",
        "WITH x AS (FROM whoami()) FROM x",
        "SELECT job FROM marts.steps WHERE EXISTS (FROM whoami())",
        """SELECT 1 AS "a"",""type"":""x", 2 FROM whoami() AS "range" """,
        "FROM range(1) AS r, glob('/etc/*')",
        "SUMMARIZE FROM duckdb_secrets()",
        "FROM enable_logging('Quack')",
        "FROM read_text('{folder}/secret.txt')",
        "FROM read_csv('{folder}/secret.csv')",
        "FROM '{folder}/secret.csv'",
        "FROM 'secret.csv'",
        "FROM '{folder}/it''s published.duckdb'",
        "FROM read_duckdb('{folder}/it''s published.duckdb', table_name = 'bodies')",
        "FROM served_1.raw.bodies",
        "FROM Served_1.main.notes",
        "DESCRIBE served_1.raw.bodies",
        "SHOW TABLES FROM served_1.raw",
        "no SQL at all",
    ],
)
def test_anything_else_is_refused(attached: Analyst, published: Path, statement: str) -> None:
    before = sorted(path.name for path in published.parent.iterdir())
    refused = attached.sends(statement.replace("{folder}", str(published.parent)))
    assert isinstance(refused, str)
    assert "Authorization failed" in refused
    assert OUTSIDE not in refused
    assert sorted(path.name for path in published.parent.iterdir()) == before
    assert attached.says("FROM cce.manifest") == [[3]]


@pytest.mark.parametrize("statement", ["CREATE TABLE cce.t AS SELECT 1", "DROP VIEW cce.marts.steps"])
def test_an_attached_database_takes_no_writes(attached: Analyst, statement: str) -> None:
    assert "Authorization failed" in attached.says(statement)
    assert attached.says("SELECT count(*) FROM cce.marts.steps") == [[3]]


def test_even_what_may_run_reaches_no_file_and_no_setting(published: Path) -> None:
    """Hold the second line: what a statement could do if it were let through."""
    with duckdb.connect() as connection:
        load_extensions(connection, "httpfs", "quack")
        allow_only_reading(connection, published, str(published.parent / "spilled"))
        for statement in (
            f"FROM read_text('{published.parent.parent}/*')",
            f"FROM read_csv('{published.parent}/secret.csv')".replace("it's", "it''s"),
            "FROM 'http://127.0.0.1:1/x.csv'",
            "COPY (SELECT 1) TO 'written.csv'",
            "ATTACH 'written.duckdb'",
            "INSTALL spatial",
            "SET GLOBAL quack_authorization_function = 'quack_nop_authorization'",
            "SET enable_external_access = true",
            "SET lock_configuration = false",
        ):
            with pytest.raises(duckdb.Error, match=r"disabled|locked"):
                connection.execute(statement)
