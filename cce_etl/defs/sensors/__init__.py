"""The sensors of Dagster and the alerts they send."""
