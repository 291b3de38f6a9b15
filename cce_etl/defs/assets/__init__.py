"""The tables as Dagster assets."""
