"""Published files made by the whole pipeline from bodies on disk: three hand-written jobs, and a synthetic fleet."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cce_etl.analysis import Published, open_published
from cce_etl.demo.fleet import Fleet, build_fleet
from cce_etl.pipeline import run as pipeline
from cce_etl.pipeline.load_files import load_files
from cce_etl.settings.settings import Settings
from cce_etl.timestamps import NANOSECONDS
from cce_etl.warehouse.connection import open_warehouse

if TYPE_CHECKING:
    from tests.conftest import DemoRun

# 2026-07-01 02:00:00 UTC
OBSERVED_NS = 1_782_871_200 * NANOSECONDS
DAY = "2026-06-01"
NEXT_DAY = "2026-06-02"
FIRST, SECOND, THIRD = (f"00000000-0000-11f1-8000-00000000000{number}" for number in (1, 2, 3))

Publish = Callable[[dict[str, Sequence[bytes]]], Path]


def _job(uid: str, job_type: str, phase: str, *children: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a body; `start` and `end` are clocks like `2026-06-01 10:00:00`, `cohort` is the extendParam."""
    metadata = {"uid": uid}
    if "start" in more:
        metadata["creationTimestamp"] = f"{more['start']} +0000 UTC"
    if "end" in more:
        metadata["updateTimestamp"] = f"{more['end']} +0000 UTC"
    spec = {"type": job_type, "extendParam": more.get("cohort"), "subJobs": list(children)}
    return {"kind": "Job", "metadata": metadata, "spec": spec, "status": {"phase": phase}}


def _jobs() -> list[dict[str, Any]]:
    first = _job(
        FIRST,
        "CreateCluster",
        "Success",
        _job(
            *("a", "InstallMaster", "Success"),
            start=f"{DAY} 10:00:10",
            end=f"{DAY} 10:00:40.000000001",
            cohort={"zone": "b", "cluster.flavor": "large", "phase": "odd"},
        ),
        _job("b", "CheckCluster", "Initializing"),
        _job(
            *("c", "CreateServers", "Success"),
            _job("d", "CreateServer", "Success", start=f"{DAY} 10:00:06", end=f"{DAY} 10:00:09"),
            _job("e", "CreateServer", "Success", start=f"{DAY} 10:00:05", end=f"{DAY} 10:00:07"),
            start=f"{DAY} 10:00:05",
            end=f"{DAY} 10:00:09.5",
        ),
        start=f"{DAY} 10:00:00",
        end=f"{DAY} 10:01:00",
    )
    second = _job(
        SECOND,
        "CreateCluster",
        "Failed",
        _job(
            *("f", "InstallMaster", "Failed"),
            start=f"{NEXT_DAY} 00:00:00.123456789",
            end=f"{NEXT_DAY} 00:00:20.123456789",
            cohort={"zone": "", "cluster.flavor": "small"},
        ),
        _job("g", "InstallMaster", "Success", start=f"{NEXT_DAY} 00:00:00", end=f"{NEXT_DAY} 00:00:50"),
        _job("h", "InstallMaster", "Success", cohort={"zone": "a"}),
        start=f"{NEXT_DAY} 00:00:00",
        end=f"{NEXT_DAY} 00:02:00",
    )
    running = _job("i", "InstallMaster", "Running", start="2026-07-01 01:59:00", end="2026-07-01 01:59:30")
    # Saved bodies that do not say when they were fetched are taken as seen at their last clock.
    third = _job(*(THIRD, "CreateCluster", "Running", running), start="2026-07-01 01:58:00", end="2026-07-01 02:00:00")
    return [first, second, third]


@pytest.fixture(scope="session")
def publish(tmp_path_factory: pytest.TempPathFactory) -> Publish:
    """Return a publisher of bodies by source."""

    def publish_bodies(bodies: dict[str, Sequence[bytes]]) -> Path:
        folder = tmp_path_factory.mktemp("published")
        settings = Settings(warehouse=folder / "warehouse.duckdb", published=folder / "cce_jobs.duckdb")
        with open_warehouse(settings.warehouse) as connection:
            for source, some in bodies.items():
                saved = folder / f"{source}.ndjson"
                saved.write_bytes(b"\n".join(body.replace(b"\n", b"") for body in some))
                load_files(connection, source, [str(saved)], "load", clock=lambda: OBSERVED_NS)
            pipeline.build(connection)
            pipeline.publish(connection, settings, "run", lambda: OBSERVED_NS)
        return settings.published

    return publish_bodies


@pytest.fixture(scope="session")
def bodies() -> list[bytes]:
    """Return the three hand-written jobs."""
    return [json.dumps(job).encode() for job in _jobs()]


@pytest.fixture(scope="session")
def path(publish: Publish, bodies: list[bytes]) -> Path:
    """Return a published file of the three jobs."""
    return publish({"s": bodies})


@pytest.fixture
def published(path: Path) -> Iterator[Published]:
    """Yield the three jobs' published file, open."""
    with open_published(path) as opened:
        yield opened


@pytest.fixture(scope="session")
def fleet() -> Fleet:
    """Return the demo's default fleet."""
    return build_fleet(seed=7, job_count=2_000, ends_at_ns=OBSERVED_NS)


@pytest.fixture(scope="session")
def demo(demo_run: "DemoRun") -> Iterator[Published]:
    """Yield the default fleet's published file, open."""
    with open_published(demo_run.published) as opened:
        yield opened
