"""The sensor that starts a run for each id list dropped into a folder, exactly once. It moves and changes no file."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

import dagster as dg
import msgspec

from cce_etl.defs.config import FetchConfig, select_sources
from cce_etl.defs.jobs import inbox
from cce_etl.defs.resources import Warehouse, readable_failures
from cce_etl.defs.sensors.alerts import Alert, AlertState, notify
from cce_etl.errors import ConfigError
from cce_etl.extract.id_lists import read_id_lists
from cce_etl.settings.settings import Settings

# Endings that copying programs give to files that are not complete yet.
_INCOMPLETE: Final = (".part", ".partial", ".tmp", ".filepart", ".crdownload", "~")


class InboxFile(msgspec.Struct, frozen=True):
    """A file's size and modification time, and what became of it; a change of either makes it a new file."""

    size: int
    changed_ns: int
    state: Literal["seen", "taken", "unreadable"] = "seen"
    reason: str = ""


class InboxCursor(msgspec.Struct, frozen=True):
    """The state of the alerts, and every file of the folder by its relative path."""

    alerts: AlertState = msgspec.field(default=AlertState(), name="ledger")
    files: dict[str, InboxFile] = {}


def inbox_sensor(partitions: Sequence[str] = ()) -> dg.SensorDefinition:
    """Return the sensor; it is on by default, and does nothing without CCE_INBOX.

    Args:
        partitions: The names of the sources where there are several. Each run is of the partition of its list's source.
    """

    @dg.sensor(
        name="inbox_files",
        job=inbox,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts a run for each id list dropped into CCE_INBOX, once, when the file has not changed between "
        "two ticks. With several sources, drop the list into a subfolder named after its source. A list that cannot be "
        "read gives one alert.",
    )
    def inbox_files(
        context: dg.SensorEvaluationContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> dg.SensorResult | dg.SkipReason:
        with readable_failures():
            settings = warehouse.settings()
            if settings.inbox is None:
                return dg.SkipReason("CCE_INBOX is not set.")
            cursor = msgspec.json.decode(context.cursor, type=InboxCursor) if context.cursor else InboxCursor()
            files, requests = _scan(settings, settings.inbox, cursor.files, partitions)
        alerts = list(_unreadable_alerts(settings.inbox, files))
        state = notify(context, cursor.alerts, alerts, warehouse.alert_webhook())
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else dg.SkipReason(f"Nothing new in {settings.inbox}."),
            cursor=msgspec.json.encode(InboxCursor(state, files)).decode(),
        )

    return inbox_files


def _scan(
    settings: Settings, folder: Path, before: Mapping[str, InboxFile], partitions: Sequence[str]
) -> tuple[dict[str, InboxFile], list[dg.RunRequest]]:
    """Return the files of the folder, and a run request for each that is unchanged since the last tick."""
    files: dict[str, InboxFile] = {}
    requests = []
    for path in _candidates(folder):
        name = path.relative_to(folder).as_posix()
        try:
            stat = path.stat()
        except OSError:  # deleted since the folder was listed
            continue
        now, seen = InboxFile(stat.st_size, stat.st_mtime_ns), before.get(name)
        if seen is None or (seen.size, seen.changed_ns) != (now.size, now.changed_ns):
            files[name] = now
        elif seen.state != "seen":
            files[name] = seen
        else:
            try:
                requests.append(_run_request(settings, path, name, partitions))
                files[name] = msgspec.structs.replace(now, state="taken")
            except (ConfigError, OSError) as error:
                files[name] = msgspec.structs.replace(now, state="unreadable", reason=str(error))
    return files, requests


def _candidates(folder: Path) -> Iterator[Path]:
    """Yield the lists in the folder and in its subfolders, which are named after sources."""
    for path in sorted([*folder.glob("*"), *folder.glob("*/*")]):
        is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not is_hidden and not path.name.endswith(_INCOMPLETE) and path.is_file():
            yield path


def _run_request(settings: Settings, path: Path, name: str, partitions: Sequence[str]) -> dg.RunRequest:
    """Return the request for a run that fetches a list's ids; raise ConfigError or OSError when it cannot be read."""
    sources = [path.parent.name] if "/" in name else []
    if len(select_sources(settings, sources)) > 1:
        raise ConfigError("There are several sources. Drop the list into a subfolder named after one of them.")
    if not read_id_lists([str(path)]).job_ids:
        raise ConfigError("It contains no job id.")
    content = sha256(path.read_bytes()).hexdigest()
    config = FetchConfig(id_files=[str(path.absolute())], sources=sources)
    return dg.RunRequest(
        # Dagster starts no second run with the same key, even when the cursor is lost.
        run_key=f"{name} {content}",
        run_config=dg.RunConfig(ops={"fetch": config}),
        tags={"cce_etl/id_list": name},
        partition_key=next((source for source in sources if source in partitions), None),
    )


def _unreadable_alerts(folder: Path, files: Mapping[str, InboxFile]) -> Iterator[Alert]:
    for name, file in files.items():
        if file.state == "unreadable":
            yield Alert(
                f"{name} {file.changed_ns} {file.size}",
                f"{folder / name} cannot be read: {file.reason} It is tried again when it changes.",
                f"{folder / name}, which could not be read, was changed or removed.",
            )
