"""Discovery and deep fetching against the synthetic fleet over HTTP, through to the marts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN
from cce_etl.demo.fleet import Fleet, build_fleet
from cce_etl.pipeline import run as pipeline
from cce_etl.pipeline.discover import DiscoveryReport, discover
from cce_etl.pipeline.fetch import fetch
from cce_etl.pipeline.plan import FetchPlan, IdList, plan_open_jobs, register, with_open_jobs
from cce_etl.settings.settings import Settings
from cce_etl.warehouse.connection import Connection, open_warehouse
from tests.fake_api.server import fake_api
from tests.fake_api.shallow import shallow
from tests.steps import failed_checks

# 2026-07-01 02:00:00 UTC
NOW = 1_782_871_200_000_000_000
STEPS = "SELECT root_job_id, job_type, phase, path, depth, duration_seconds FROM marts.steps ORDER BY ALL"


def now() -> int:
    return NOW


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return build_fleet(3, 30, NOW)


@contextmanager
def discovered(
    fleet: Fleet, folder: Path, shown_levels: int | None = None
) -> Iterator[tuple[Connection, list[FetchPlan], list[DiscoveryReport]]]:
    """Serve a fleet, and find all its jobs."""
    with (
        fake_api(fleet, middlewares=[] if shown_levels is None else [shallow(shown_levels)]) as endpoint,
        open_warehouse(folder / "warehouse.duckdb") as connection,
    ):
        settings = Settings(
            endpoint=endpoint, project_id=DEMO_PROJECT_ID, auth_token=DEMO_TOKEN, source="demo", rate_limit=0
        )
        plans = plan_open_jobs([settings])
        yield connection, plans, [discover(connection, plan, now) for plan in plans]


def rows(connection: Connection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


def test_every_job_that_a_list_names_is_noted_with_its_origin_and_then_fetched(fleet: Fleet, tmp_path: Path) -> None:
    with discovered(fleet, tmp_path) as (connection, plans, [report]):
        listed = {origin.origin.split("/")[0]: origin for origin in report.origins}
        assert listed["api"].found == listed["api"].new == len(fleet.job_ids)
        assert listed["autopilot"].found > 0
        assert report.passed_over == []
        result = fetch(connection, plans, "run", clock=now)
        assert result.counts.fetched == len(fleet.job_ids) + listed["autopilot"].found
        assert result.counts.gone == result.counts.failed == 0
        assert rows(connection, "FROM raw.job_ids WHERE state NOT IN ('finished', 'running')") == []
        # The second time nothing is new, and what ended is not asked for again.
        again = discover(connection, plans[0], now)
        assert [origin.new for origin in again.origins] == [0, 0]
        assert again.clusters_changed == 0 < again.clusters_seen


def test_the_completion_time_of_v2_is_added_to_the_tree_of_v3(fleet: Fleet, tmp_path: Path) -> None:
    with discovered(fleet, tmp_path) as (connection, plans, _):
        fetch(connection, plans, "run", clock=now)
        unlike = rows(connection, "FROM core.jobs WHERE completed_at IS NOT NULL AND completed_at != updated_at")
        finished = "SELECT count(*) FROM core.jobs WHERE depth = 0 AND canonical_phase IN ('Success', 'Failed')"
        known = "SELECT count(*) FROM core.jobs WHERE depth = 0 AND completed_at IS NOT NULL"
        assert unlike == []
        assert rows(connection, finished) == rows(connection, known)
        assert rows(connection, "SELECT DISTINCT dialect FROM raw.job_payloads ORDER BY 1") == [("v2",), ("v3",)]


def test_clusters_are_landed_as_seen(fleet: Fleet, tmp_path: Path) -> None:
    with discovered(fleet, tmp_path) as (connection, _, [report]):
        found = rows(
            connection,
            """SELECT count(*), count(DISTINCT cluster_id), count(version), count(flavor), count(cluster_type),
            count(created_at), count(*) FILTER (len(availability_zones) > 0), max(epoch_ns(observed_at))
            FROM raw.clusters""",
        )
        count = report.clusters_changed
        assert found == [(count, count, count, count, count, count, count, NOW)]


@pytest.fixture(scope="module")
def whole(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    """Return the steps of the fleet when no tree of it is cut off."""
    with discovered(fleet, tmp_path_factory.mktemp("whole")) as (connection, plans, _):
        fetch(connection, plans, "run", clock=now)
        pipeline.build(connection)
        return rows(connection, STEPS)


@pytest.mark.parametrize("shown_levels", [1, 2])
def test_trees_cut_off_by_the_api_are_made_whole_by_asking_for_steps(
    fleet: Fleet, whole: list[tuple[Any, ...]], tmp_path: Path, shown_levels: int
) -> None:
    with discovered(fleet, tmp_path, shown_levels) as (connection, plans, _):
        result = fetch(connection, plans, "run", clock=now, deep_levels=4)
        pipeline.build(connection)
        assert failed_checks(connection) == []
        assert rows(connection, STEPS) == whole
        # Each id was asked for once, and the steps of trees that ended are never asked for again.
        assert result.counts.requested == rows(connection, "SELECT count(*) FROM raw.job_ids")[0][0]
        asked = "SELECT count(*) FROM core.jobs WHERE depth = 0 AND canonical_phase IN ('Initializing', 'Running')"
        again = fetch(connection, plans, "run", clock=now).counts
        assert again.fetched == again.gone == again.failed == 0
        assert 0 < again.unchanged <= rows(connection, asked)[0][0]


def test_a_list_given_is_widened_by_what_is_open(fleet: Fleet, tmp_path: Path) -> None:
    with discovered(fleet, tmp_path) as (connection, [plan], _):
        [widened] = with_open_jobs(connection, [msgspec.structs.replace(plan, id_list=IdList("a file", ["only-this"]))])
        assert widened.id_list is not None
        assert widened.id_list.job_ids[0] == "only-this"
        assert set(fleet.job_ids) < set(widened.id_list.job_ids)


def test_a_source_that_is_refused_does_not_stop_the_others(fleet: Fleet, tmp_path: Path) -> None:
    with discovered(fleet, tmp_path) as (connection, [good], _):
        [bad] = plan_open_jobs([msgspec.structs.replace(good.settings, source="other", auth_token="wrong")])
        register(connection, "run", "other", IdList("a file", [fleet.job_ids[0]]), now)
        result = fetch(connection, [bad, good], "run", clock=now)
        assert result.counts.fetched >= len(fleet.job_ids)
        assert list(result.stopped) == ["other"]
        with pytest.raises(Exception, match="refused the credentials"):
            result.raise_first()
