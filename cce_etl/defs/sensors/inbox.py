"""The sensor that takes in id lists dropped into a folder, each exactly once.

Lives here: which files are whole, which were taken, which cannot be read. No file is moved or changed.
Does not: reading lists (`extract/id_lists`), fetching what they name (the run it asks for).
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

import msgspec
from dagster import (
    DefaultSensorStatus,
    ResourceParam,
    RunConfig,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from cce_etl.defs.config import FetchConfig, chosen_settings
from cce_etl.defs.jobs import inbox
from cce_etl.defs.resources import Warehouse, readable_failures
from cce_etl.defs.sensors.alert_state import Cause, Ledger
from cce_etl.defs.sensors.alerts import tell, warning_of
from cce_etl.errors import ConfigError
from cce_etl.extract.id_lists import read_id_lists
from cce_etl.settings.settings import Settings

# Names that copying programs give to what is not whole yet.
_UNFINISHED: Final = (".part", ".partial", ".tmp", ".filepart", ".crdownload", "~")


class Sighting(msgspec.Struct, frozen=True):
    """Hold how a file looked, and what became of it; whatever changes it makes it a new file."""

    size: int
    changed_ns: int
    state: Literal["seen", "taken", "unreadable"] = "seen"
    reason: str = ""


class InboxCursor(msgspec.Struct, frozen=True):
    """Hold what was told, and every file of the folder by its place in it."""

    ledger: Ledger = Ledger()
    files: dict[str, Sighting] = {}


def inbox_sensor(partitions: Sequence[str] = ()) -> SensorDefinition:
    """Return the sensor; it starts by itself, and does nothing without CCE_INBOX.

    With several sources, each run is of the partition of its list's source.
    """

    @sensor(
        name="inbox_files",
        job=inbox,
        minimum_interval_seconds=30,
        default_status=DefaultSensorStatus.RUNNING,
        description="Fetches the ids of every list dropped into CCE_INBOX, once: when it looks the same for two ticks. "
        "With several sources, drop it into a folder named after one. What cannot be read is told of once.",
    )
    def inbox_files(context: SensorEvaluationContext, warehouse: ResourceParam[Warehouse]) -> SensorResult | SkipReason:
        with readable_failures():
            settings = warehouse.settings()
            if settings.inbox is None:
                return SkipReason("CCE_INBOX is not set.")
            before = msgspec.json.decode(context.cursor, type=InboxCursor) if context.cursor else InboxCursor()
            files, found = _look(settings, settings.inbox, before.files)
            requests = [_of_partition(request, partitions) for request in found]
        ledger = tell(
            warning_of(context), before.ledger, list(_causes(settings.inbox, files)), warehouse.alert_webhook()
        )
        return SensorResult(
            run_requests=requests,
            skip_reason=None if requests else SkipReason(f"Nothing new in {settings.inbox}."),
            cursor=msgspec.json.encode(InboxCursor(ledger, files)).decode(),
        )

    return inbox_files


def _look(
    settings: Settings, folder: Path, before: Mapping[str, Sighting]
) -> tuple[dict[str, Sighting], list[RunRequest]]:
    files, requests = {}, []
    for path in _candidates(folder):
        name = path.relative_to(folder).as_posix()
        try:
            stat = path.stat()
        except OSError:  # gone since the folder was listed
            continue
        now = Sighting(stat.st_size, stat.st_mtime_ns)
        seen = before.get(name)
        if seen is None or (seen.size, seen.changed_ns) != (now.size, now.changed_ns):
            files[name] = now
        elif seen.state != "seen":
            files[name] = seen
        else:
            files[name], request = _take(settings, path, name, now)
            requests += [] if request is None else [request]
    return files, requests


def _of_partition(request: RunRequest, partitions: Sequence[str]) -> RunRequest:
    folder, _, _ = request.tags["cce_etl/id_list"].rpartition("/")
    return request.with_replaced_attrs(partition_key=folder) if folder in partitions else request


def _candidates(folder: Path) -> Iterator[Path]:
    """Yield the lists in the folder, and those one folder down, which is named after a source."""
    for path in sorted([*folder.glob("*"), *folder.glob("*/*")]):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and not path.name.endswith(_UNFINISHED) and path.is_file():
            yield path


def _take(settings: Settings, path: Path, name: str, now: Sighting) -> tuple[Sighting, RunRequest | None]:
    try:
        sources = [path.parent.name] if "/" in name else []
        if len(chosen_settings(settings, sources)) > 1:
            raise ConfigError("there are several sources. Drop it into a folder named after one of them.")
        if not read_id_lists([str(path)]).job_ids:
            raise ConfigError("it holds no job id.")
        content = sha256(path.read_bytes()).hexdigest()
    except (ConfigError, OSError) as error:
        return msgspec.structs.replace(now, state="unreadable", reason=str(error)), None
    config = FetchConfig(id_files=[str(path.absolute())], sources=sources)
    request = RunRequest(
        # Dagster starts no second run of the same key, even when the cursor is lost.
        run_key=f"{name} {content}",
        run_config=RunConfig(ops={"fetch": config}),
        tags={"cce_etl/id_list": name},
    )
    return msgspec.structs.replace(now, state="taken"), request


def _causes(folder: Path, files: Mapping[str, Sighting]) -> Iterator[Cause]:
    for name, sighting in files.items():
        if sighting.state == "unreadable":
            yield Cause(
                f"{name} {sighting.changed_ns} {sighting.size}",
                f"{folder / name} is not taken in: {sighting.reason} It is tried again when it changes.",
                f"{folder / name}, which was not taken in, was changed or taken away.",
            )
