"""What clients of the server may do: run SELECT on its views, and nothing else.

Lives here: the check of each statement, and the settings that hold should a statement pass it.
Does not: the views (`offers`), who is let in (`serving`).
"""

from typing import Final

from cce_etl.publish.views import SERVED_PREFIX, ServedDatabase
from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.quoting import literal

# Table functions that only compute or tell what there is. Others stop the server, write logs or reach other machines.
_ALLOWED: Final = (
    "duckdb_columns|duckdb_constraints|duckdb_functions|duckdb_schemas|duckdb_tables|duckdb_types|duckdb_views|"
    "generate_series|json_each|json_tree|range|repeat|unnest"
)
# A call of an allowed table function, as json_serialize_sql writes it. Quotes within values are escaped there, so that
# no text of a query can pass for a part of its tree; what has another form than this is no allowed call.
_ALLOWED_CALL: Final = (
    r'"type":"TABLE_FUNCTION","alias":"[^"\\]*","sample":null,"query_location":[0-9]+,'
    r'"function":\{"class":"FUNCTION","type":"FUNCTION","alias":"[^"\\]*","query_location":[0-9]+,'
    rf'"function_name":"(?i:{_ALLOWED})",'
)
# Views are all that clients may name: not what is attached, nor what an extension attaches beside it under a name made
# from its own, nor a file, which DuckDB would read for a table.
_TEXT: Final = r'"(?:[^"\\]|\\.)*'
_NOT_A_VIEW: Final = rf'(?i)"(?:catalog|schema)(?:_name)?":{_TEXT}{SERVED_PREFIX}|"table_name":{_TEXT}[./]'
# Quack asks this before each statement. json_serialize_sql parses as DuckDB does, and knows SELECT alone: for anything
# else, and for several statements of which one is something else, it answers with an error.
_MAY_RUN: Final = f"""
    CREATE MACRO main.may_run(session, statement) AS (
        SELECT starts_with(tree, '{{"error":false,')
            AND NOT contains(regexp_replace(tree, '{_ALLOWED_CALL}', '', 'g'), '"type":"TABLE_FUNCTION"')
            AND NOT regexp_matches(tree, '{_NOT_A_VIEW}')
        FROM (SELECT json_serialize_sql(statement::VARCHAR)::VARCHAR AS tree)
    )
"""


def allow_only_reading(connection: Connection, database: ServedDatabase, folder: str) -> None:
    """Leave nothing to run but SELECT, no file to read but the database's, and no setting to change, for good."""
    paths, folders = (", ".join(literal(path) for path in part) for part in (database.paths, database.folders))
    connection.execute(_MAY_RUN)
    connection.execute(
        f"""
        CREATE SCHEMA core;
        CREATE SCHEMA marts;
        SET GLOBAL quack_authorization_function = 'may_run';
        SET python_enable_replacements = false;
        SET temp_directory = {literal(folder)};
        SET allowed_paths = [{paths}];
        SET allowed_directories = [{folders}];
        SET enable_external_access = false;
        SET lock_configuration = true;
        """
    )
