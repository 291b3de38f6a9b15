"""The tables in raw and core.jobs, in a DuckDB file or a lake: everything that is written before models are built."""
