"""The commands that maintain the warehouse: status, backup, restore, migrate-warehouse, vacuum."""

import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from cce_etl import telemetry
from cce_etl.cli import output
from cce_etl.cli.app import app
from cce_etl.cli.ingest import AsJson
from cce_etl.cli.options import FILES, LIMITS, with_settings
from cce_etl.settings.settings import Settings, read_settings


@app.command()
@with_settings(*FILES, *LIMITS)
def status(
    *,
    settings: Settings,
    health: Annotated[
        bool, typer.Option("--health", help="Check only the published file, for monitors: exit 1 if a check fails.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what the warehouse holds, what is pending, what failed, and the last runs."""
    if health:
        _health(settings, as_json=as_json)
        return
    from cce_etl.warehouse.connection import open_warehouse_to_read
    from cce_etl.warehouse.status import payload_sizes, read_status

    with open_warehouse_to_read(settings.warehouse) as connection:
        state, bodies = read_status(connection), payload_sizes(connection)
    if as_json:
        output.json_line(msgspec.structs.asdict(state) | {"raw_bodies": bodies})
    else:
        output.status(state, bodies, settings)


def _health(settings: Settings, *, as_json: bool) -> None:
    from cce_etl.publish.health import Limits, check_published

    limits = Limits(settings.max_age_hours, settings.min_coverage, settings.max_dead_letters)
    found = check_published(settings.published, limits, time.time_ns())
    if found.published_age_seconds is not None:
        telemetry.set_gauge("published_age", found.published_age_seconds)
    if as_json:
        output.json_line(found)
    else:
        output.findings(found.vitals)
    if not found.is_well:
        raise typer.Exit(1)


@app.command()
@with_settings("warehouse", "lock_wait_seconds")
def backup(
    *,
    settings: Settings,
    path: Annotated[Path | None, typer.Argument(help="Default: beside the warehouse, *.backup.duckdb.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a newer backup, or a file that is not a backup.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Copy the warehouse, read the whole copy to verify it, then replace the last backup."""
    from cce_etl.warehouse.backup import back_up, backup_path

    target = path or backup_path(settings.warehouse)
    made = back_up(settings.warehouse, target, settings.lock_wait_seconds, force=force)
    output.json_line(made) if as_json else output.copied("Backed up", made)


@app.command()
@with_settings("warehouse", "lock_wait_seconds")
def restore(
    *,
    settings: Settings,
    path: Annotated[Path, typer.Argument(help="A backup, as `backup` makes it.")],
    as_json: AsJson = False,
) -> None:
    """Read a whole backup to verify it, then replace the warehouse by it. The old warehouse is kept beside it."""
    from cce_etl.warehouse.backup import replaced_path
    from cce_etl.warehouse.backup import restore as restore_backup

    made = restore_backup(path, settings.warehouse, settings.lock_wait_seconds)
    if as_json:
        output.json_line(made)
        return
    output.copied("Restored", made)
    if replaced_path(settings.warehouse).exists():
        output.note(f"The warehouse before it is kept as {replaced_path(settings.warehouse)}.")


@app.command("migrate-warehouse")
@with_settings("warehouse", "warehouse_data", "lock_wait_seconds")
def migrate_warehouse(
    *,
    settings: Settings,
    target: Annotated[str, typer.Argument(help="The new warehouse: ducklake:postgres:dbname=... host=..., or a file.")],
    as_json: AsJson = False,
) -> None:
    """Copy the warehouse into an empty one of another kind, and verify that it holds every row. The old one is kept."""
    from cce_etl.warehouse.migrate import migrate

    there = read_settings({"warehouse": target, "warehouse_data": settings.warehouse_data}).warehouse
    moved = migrate(settings.warehouse, there, settings.lock_wait_seconds)
    output.json_line(moved) if as_json else output.moved(moved)


@app.command()
@with_settings("warehouse", "lock_wait_seconds", "raw_history_days", "snapshot_days")
def vacuum(*, settings: Settings, as_json: AsJson = False) -> None:
    """Delete raw history older than --raw-history-days, then rewrite the warehouse at its smallest size."""
    from cce_etl.pipeline import retention

    done = retention.vacuum(settings)
    output.json_line(done) if as_json else output.vacuumed(done, settings)
