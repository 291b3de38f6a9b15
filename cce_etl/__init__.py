"""Huawei Cloud CCE jobs become answers. The listing of this package is the data's way:

extract > transform > warehouse > models > publish > analysis

    settings/     what a user set: settings, sources, endpoints, where the warehouse is
    extract/      the API and files in, bytes out: sign-in, requests, retries, id lists
    transform/    bytes in, rows of core.jobs out; pure
    warehouse/    the tables of raw and core.jobs, in a file or a lake
    models/       the SELECTs of sql/ become tables; models/computed/ are those that need statistics
    publish/      the analysts' copy, and all that reads it: queries, health, a server
    pipeline/     the order of a run, drawn once in run.py: plan, fetch, load, check, build, check, publish
    statistics/   arrays in, findings out; knows nothing of jobs
    analysis/     questions put to the published file: explain, report, traces, charts
    defs/         the same run as Dagster assets, checks, schedules and sensors
    cli/          the same run as commands
    demo/         a synthetic fleet and a server that answers as CCE does

Every room may use what all share: errors, timestamps, telemetry. Imports point down one way only, which
`[tool.importlinter]` in pyproject.toml holds:

cli > definitions > defs > analysis | demo > pipeline > publish > models > extract | warehouse > transform > settings
    > statistics | telemetry > timestamps > errors

Where a change begins:
    a field of the API    transform/payload.py, transform/flatten.py, warehouse/schema.sql
    a table for analysts  sql/marts/
    an alert              defs/sensors/
    a command             cli/

CONTRIBUTING.md walks through each of the four. `cce-etl --help` imports this package, so nothing is imported here.
"""
