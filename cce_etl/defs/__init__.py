"""The flow as Dagster sees it: assets, checks, a job, a schedule, a resource.

Lives here: names, lineage and metadata, and nothing that `pipeline` could do. The only room that imports Dagster.
"""
