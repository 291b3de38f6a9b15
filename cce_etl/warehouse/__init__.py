"""The DuckDB files: the writer's warehouse and the copy analysts read.

Lives here: duckdb and pyarrow tables, every SQL statement, the tables' definitions (schema.sql).
Does not: what the rows mean (`job`, sql/), the order of a run (`pipeline`).
"""
