"""What clients of the server may do: run SELECT on its views, and nothing else.

Each statement is checked, and DuckDB's settings limit what a statement that passed the check could reach.
"""

from pathlib import Path
from typing import Final

from cce_etl.publish.views import SERVED_PREFIX
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.files import wal_path
from cce_etl.warehouse.quoting import literal

# Table functions that only compute values or list tables. Others stop the server, write logs or reach other machines.
_ALLOWED: Final = (
    "duckdb_columns|duckdb_constraints|duckdb_functions|duckdb_schemas|duckdb_tables|duckdb_types|duckdb_views|"
    "generate_series|json_each|json_tree|range|repeat|unnest"
)
# A call of an allowed table function, as json_serialize_sql writes it. It escapes quotes in values, so that no text in
# a query can look like a part of the tree. A call that is written in any other form is not allowed.
_ALLOWED_CALL: Final = (
    r'"type":"TABLE_FUNCTION","alias":"[^"\\]*","sample":null,"query_location":[0-9]+,'
    r'"function":\{"class":"FUNCTION","type":"FUNCTION","alias":"[^"\\]*","query_location":[0-9]+,'
    rf'"function_name":"(?i:{_ALLOWED})",'
)
# Clients may name views only: no attached database, no database that an extension attaches beside it under a similar
# name, and no file, which DuckDB would read as a table.
_TEXT: Final = r'"(?:[^"\\]|\\.)*'
_NOT_A_VIEW: Final = rf'(?i)"(?:catalog|schema)(?:_name)?":{_TEXT}{SERVED_PREFIX}|"table_name":{_TEXT}[./]'
# Quack calls this macro before each statement. json_serialize_sql uses DuckDB's parser and accepts SELECT alone. For
# any other statement, also among several, it returns an error.
_MAY_RUN: Final = f"""
    CREATE MACRO main.may_run(session, statement) AS (
        SELECT starts_with(tree, '{{"error":false,')
            AND NOT contains(regexp_replace(tree, '{_ALLOWED_CALL}', '', 'g'), '"type":"TABLE_FUNCTION"')
            AND NOT regexp_matches(tree, '{_NOT_A_VIEW}')
        FROM (SELECT json_serialize_sql(statement::VARCHAR)::VARCHAR AS tree)
    )
"""


def allow_only_reading(connection: Connection, published: Path, folder: str) -> None:
    """Allow only SELECT, no file but the published one, no other folder for results too large for memory, for good."""
    path = published.resolve()
    connection.execute(_MAY_RUN)
    connection.execute(
        f"""
        CREATE SCHEMA core;
        CREATE SCHEMA marts;
        SET GLOBAL quack_authorization_function = 'may_run';
        SET python_enable_replacements = false;
        SET temp_directory = {literal(folder)};
        SET allowed_paths = [{literal(path)}, {literal(wal_path(path))}];
        SET enable_external_access = false;
        SET lock_configuration = true;
        """
    )
