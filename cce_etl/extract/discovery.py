"""Finding jobs and clusters in the lists of the API: v2 jobs, clusters, nodes, and those of Autopilot."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from cce_etl.errors import ApiError, AuthError, ConfigError, PayloadError
from cce_etl.extract.client import Client
from cce_etl.extract.id_lists import is_valid_id, job_ids_in
from cce_etl.extract.untrusted_json import decode_or_none

_LISTS: Final = ("api/v2/projects/{project}/jobs", "autopilot/v2/projects/{project}/jobs")
_CLUSTERS: Final = ("api/v3/projects/{project}/clusters", "autopilot/v3/projects/{project}/clusters")


class FoundJob(msgspec.Struct, frozen=True):
    """A job that a list names, and the path of the list; Autopilot's jobs have paths of their own."""

    job_id: str
    origin: str
    is_autopilot: bool


class FoundCluster(msgspec.Struct, frozen=True):
    """A cluster as a list describes it now; `created_text` is text of Go or RFC 3339."""

    cluster_id: str
    name: str | None
    version: str | None
    flavor: str | None
    cluster_type: str | None
    availability_zones: list[str]
    created_text: str | None


class Discovery(msgspec.Struct, frozen=True):
    """What was found: jobs (each once), v2 bodies that say when a job completed, clusters, and lists that failed."""

    jobs: list[FoundJob]
    bodies: list[bytes]
    clusters: list[FoundCluster]
    passed_over: list[str]


async def discover(client: Client, project_id: str) -> Discovery:
    """Read every list of a project; a list that cannot be read is recorded and skipped.

    Source: API pages ListJobs (v2), ListClusters, ListNodes, and those of Autopilot.

    Raises:
        AuthError: The credentials were refused.
        ApiError: No list could be read.
    """
    reader = _ListReader(client)
    for path in (pattern.format(project=project_id) for pattern in _LISTS):
        await reader.read_jobs(path)
    for path in (pattern.format(project=project_id) for pattern in _CLUSTERS):
        for cluster in _clusters_in(await reader.read_records(path)):
            reader.found.clusters.append(cluster)
            if is_valid_id(cluster.cluster_id) and not path.startswith("autopilot"):  # Autopilot does not list nodes
                await reader.read_records(f"{path}/{cluster.cluster_id}/nodes")
    found = reader.found
    if len(found.passed_over) >= len(_LISTS) + len(_CLUSTERS) and not found.jobs and not found.clusters:
        raise ApiError(f"No list of jobs or clusters could be read: {'; '.join(found.passed_over)}.")
    return found


class _ListReader:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._known_ids: set[str] = set()
        self.found = Discovery([], [], [], [])

    async def read_jobs(self, path: str) -> None:
        """Add the jobs of a v2 list, whose elements are payloads themselves."""
        items = decode_or_none(await self._read(path), list[msgspec.Raw])
        if items is None:
            self.found.passed_over.append(f"{path}: the answer is not a JSON array")
            return
        for body in map(bytes, items):
            uid = _text(_part(decode_or_none(body, dict[str, Any]), "metadata"), "uid") or ""
            self._add_ids([uid], path)
            if is_valid_id(uid) and (b'"completionTime"' in body or b'"completiontime"' in body):
                self.found.bodies.append(body)

    async def read_records(self, path: str) -> list[Any]:
        """Add every jobID in a list of clusters or nodes, and return its records."""
        document: Any = decode_or_none(await self._read(path), object)
        self._add_ids(job_ids_in({"answer": document}), path)
        items = document.get("items") if isinstance(document, dict) else None
        return items if isinstance(items, list) else []

    async def _read(self, path: str) -> bytes:
        """Return the body of a list, that of an empty one where it cannot be read."""
        try:
            return await self._client.read(path)
        except AuthError:
            raise
        except (ApiError, ConfigError, PayloadError) as error:
            self.found.passed_over.append(f"{path}: {error}")
            return b"[]"

    def _add_ids(self, job_ids: Sequence[str], path: str) -> None:
        for job_id in job_ids:
            if is_valid_id(job_id) and job_id not in self._known_ids:
                self._known_ids.add(job_id)
                self.found.jobs.append(FoundJob(job_id, path, path.startswith("autopilot")))


def _clusters_in(records: Sequence[Any]) -> Iterator[FoundCluster]:
    for record in records:
        metadata, spec = _part(record, "metadata"), _part(record, "spec")
        cluster_id = _text(metadata, "uid")
        masters = spec.get("masters")
        zones = [_text(master, "availabilityZone") for master in masters] if isinstance(masters, list) else []
        zones.append(_text(_part(spec, "extendParam"), "clusterAZ"))
        if cluster_id is not None:
            yield FoundCluster(
                cluster_id=cluster_id,
                name=_text(metadata, "name"),
                version=_text(spec, "version"),
                flavor=_text(spec, "flavor"),
                cluster_type=_text(spec, "type"),
                availability_zones=sorted({zone for zone in zones if zone}),
                created_text=_text(metadata, "creationTimestamp"),
            )


def _part(record: Any, key: str) -> dict[str, Any]:
    value = record.get(key) if isinstance(record, dict) else None
    return value if isinstance(value, dict) else {}


def _text(record: Any, key: str) -> str | None:
    value = record.get(key) if isinstance(record, dict) else None
    return value if isinstance(value, str) and value else None
