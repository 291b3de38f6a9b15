"""Reasons for which synthetic steps fail, with ids, addresses and numbers in them, as real reasons have."""

from random import Random
from typing import Final

_BY_JOB_TYPE: Final[dict[str, tuple[str, ...]]] = {
    "InstallNode": (
        "Install node {address} failed: ssh: connect to host {address} port 22: timed out, tried {count} times",
        "Wait for node {address} ready timeout after {seconds}s, last condition: NetworkUnavailable",
        "Install containerd on server {server} failed: exit status {count}",
    ),
    "InstallMaster": (
        "Wait for kube-apiserver on https://{address}:5443 timeout after {seconds}s",
        "etcd member {server} is unhealthy: failed to commit proposal: context deadline exceeded",
    ),
    "CreateServer": (
        "Create ECS server {server} failed: error code Ecs.0219, quota exceeded: cores",
        "Wait for server {server} active timeout after {seconds}s, request id {request}",
    ),
}
_OTHERS: Final = (
    "Call service failed, request id {request}: 503 Service Unavailable",
    "Resource {server} is locked by another operation, gave up after {seconds}s",
    "dial tcp {address}:5443: connect: connection refused",
)


def failure_reason(rng: Random, job_type: str, server_id: str) -> str:
    """Return an invented reason why a step of a type failed on a server."""
    template = rng.choice(_BY_JOB_TYPE.get(job_type, _OTHERS))
    return template.format(
        address=f"192.168.{rng.randrange(256)}.{rng.randrange(2, 255)}",
        server=server_id,
        request=f"{rng.getrandbits(128):032x}",
        seconds=rng.choice((300, 600, 900, 1200)),
        count=rng.randrange(1, 6),
    )
