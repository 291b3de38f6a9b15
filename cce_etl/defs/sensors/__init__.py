"""Dagster sensors, and the alerts that they send to people."""
