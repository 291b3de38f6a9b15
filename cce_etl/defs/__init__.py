"""The pipeline as Dagster definitions: assets, checks, jobs, schedules, sensors and a resource."""
