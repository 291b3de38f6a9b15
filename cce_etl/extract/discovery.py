"""Finding jobs and clusters in the lists of the API: v2 jobs, clusters, nodes, and those of Autopilot."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from cce_etl.errors import ApiError, AuthError, ConfigError, PayloadError
from cce_etl.extract.client import Client
from cce_etl.extract.id_lists import is_valid_id, job_ids_in

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
    found = _Findings()
    for path in (pattern.format(project=project_id) for pattern in _LISTS):
        found.add_jobs(await _read_or_skip(client, path, found), path)
    for path in (pattern.format(project=project_id) for pattern in _CLUSTERS):
        clusters = found.add_records(await _read_or_skip(client, path, found), path)
        for cluster in _clusters_in(clusters):
            found.clusters.append(cluster)
            nodes = f"{path}/{cluster.cluster_id}/nodes"
            if is_valid_id(cluster.cluster_id) and not path.startswith("autopilot"):  # Autopilot does not list nodes
                found.add_records(await _read_or_skip(client, nodes, found), nodes)
    if len(found.passed_over) >= len(_LISTS) + len(_CLUSTERS) and not found.jobs and not found.clusters:
        raise ApiError(f"No list of jobs or clusters could be read: {'; '.join(found.passed_over)}.")
    return Discovery(list(found.jobs.values()), found.bodies, found.clusters, found.passed_over)


async def _read_or_skip(client: Client, path: str, found: "_Findings") -> bytes | None:
    try:
        return await client.read(path)
    except AuthError:
        raise
    except (ApiError, ConfigError, PayloadError) as error:
        found.passed_over.append(f"{path}: {error}")
        return None


class _Findings:
    def __init__(self) -> None:
        self.jobs: dict[str, FoundJob] = {}
        self.bodies: list[bytes] = []
        self.clusters: list[FoundCluster] = []
        self.passed_over: list[str] = []

    def add_jobs(self, answer: bytes | None, path: str) -> None:
        """Add the jobs of a v2 list, whose elements are payloads themselves."""
        for body in self._elements(answer, path):
            uid = _text(_part(_decoded(body), "metadata"), "uid")
            self._add_ids([uid] if uid else [], path)
            if uid and is_valid_id(uid) and (b'"completionTime"' in body or b'"completiontime"' in body):
                self.bodies.append(body)

    def add_records(self, answer: bytes | None, path: str) -> list[Any]:
        """Add every jobID in a list of clusters or nodes, and return its records."""
        if answer is None:
            return []
        document = _decoded(answer)
        self._add_ids(job_ids_in({"answer": document}), path)
        items = document.get("items") if isinstance(document, dict) else None
        return items if isinstance(items, list) else []

    def _elements(self, answer: bytes | None, path: str) -> Sequence[bytes]:
        if answer is None:
            return []
        try:
            return [bytes(element) for element in msgspec.json.decode(answer, type=list[msgspec.Raw])]
        except (msgspec.DecodeError, ValueError, RecursionError):
            self.passed_over.append(f"{path}: the answer is not a JSON array")
            return []

    def _add_ids(self, job_ids: Sequence[str], path: str) -> None:
        for job_id in job_ids:
            if is_valid_id(job_id):
                self.jobs.setdefault(job_id, FoundJob(job_id, path, path.startswith("autopilot")))


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def _clusters_in(records: Sequence[Any]) -> Iterator[FoundCluster]:
    for record in records:
        metadata, spec = _part(record, "metadata"), _part(record, "spec")
        cluster_id = _text(metadata, "uid")
        if cluster_id is not None:
            yield FoundCluster(
                cluster_id=cluster_id,
                name=_text(metadata, "name"),
                version=_text(spec, "version"),
                flavor=_text(spec, "flavor"),
                cluster_type=_text(spec, "type"),
                availability_zones=_zones(spec),
                created_text=_text(metadata, "creationTimestamp"),
            )


def _zones(spec: dict[str, Any]) -> list[str]:
    masters = spec.get("masters")
    zones = [_text(master, "availabilityZone") for master in masters] if isinstance(masters, list) else []
    zones.append(_text(_part(spec, "extendParam"), "clusterAZ"))
    return sorted({zone for zone in zones if zone})


def _part(record: Any, key: str) -> dict[str, Any]:
    value = record.get(key) if isinstance(record, dict) else None
    return value if isinstance(value, dict) else {}


def _text(record: Any, key: str) -> str | None:
    value = record.get(key) if isinstance(record, dict) else None
    return value if isinstance(value, str) and value else None
