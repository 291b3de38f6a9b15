"""The order of a run: plan, fetch, load, check, build, check, publish."""
