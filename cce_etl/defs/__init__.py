"""The run as Dagster sees it: assets, checks, jobs, schedules, sensors and a resource. They call `pipeline`."""
