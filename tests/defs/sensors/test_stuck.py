"""Alerts to stuck steps and jobs of the published file: one each, and one when it is over."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from dagster import DagsterInstance, SensorResult, SkipReason, build_sensor_context

from cce_etl.defs.resources import Warehouse
from cce_etl.defs.sensors.stuck import stuck_jobs
from tests.defs.chat import Chat

STEP = ("s", "root", "0/1", "InstallMaster", "master-1", 7200.0, True)
JOB = ("s", "alone", "CreateCluster", "cluster-1", 3600.0, True)


def _publish(path: Path, steps: list[tuple[Any, ...]], jobs: list[tuple[Any, ...]]) -> None:
    draft = path.with_name("draft.duckdb")
    with duckdb.connect(draft) as connection:
        connection.execute("CREATE SCHEMA marts")
        connection.execute(
            "CREATE TABLE marts.running_steps (source TEXT, root_job_id TEXT, path TEXT, job_type TEXT, "
            "resource_name TEXT, age_seconds DOUBLE, is_stuck BOOLEAN, cluster_id TEXT)"
        )
        connection.execute(
            "CREATE TABLE marts.running_jobs (source TEXT, job_id TEXT, job_type TEXT, resource_name TEXT, "
            "age_seconds DOUBLE, is_stuck BOOLEAN, cluster_id TEXT)"
        )
        for row in steps:
            connection.execute("INSERT INTO marts.running_steps VALUES (?, ?, ?, ?, ?, ?, ?, 'c')", row)
        for row in jobs:
            connection.execute("INSERT INTO marts.running_jobs VALUES (?, ?, ?, ?, ?, ?, 'c')", row)
    draft.replace(path)


class Watch:
    """The sensor with the cursor of its last tick."""

    def __init__(self, published: Path, instance: DagsterInstance, url: str) -> None:
        self.instance = instance
        self.cursor: str | None = None
        self.environment = {"CCE_PUBLISHED": str(published), "CCE_ALERT_WEBHOOK": url}

    def tick(self) -> SensorResult | SkipReason:
        """Run the sensor once."""
        context = build_sensor_context(instance=self.instance, cursor=self.cursor)
        result: Any = stuck_jobs(context, warehouse=Warehouse(lambda: 0, self.environment))
        self.cursor = result.cursor if isinstance(result, SensorResult) else self.cursor
        return result  # type: ignore[no-any-return]


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "published.duckdb"


@pytest.fixture
def watch(published: Path, instance: DagsterInstance, chat: Chat) -> Watch:
    return Watch(published, instance, chat.url)


def test_before_the_first_publishing_there_is_no_alert(watch: Watch) -> None:
    result = watch.tick()
    assert isinstance(result, SkipReason)
    assert "no published file" in str(result.skip_message)


def test_a_step_that_is_stuck_for_several_nights_gives_one_alert_and_one_recovery(
    watch: Watch, published: Path, chat: Chat
) -> None:
    not_stuck = (*STEP[:2], "0/2", *STEP[3:6], False)
    _publish(published, [STEP, not_stuck], [])
    watch.tick()
    step = "InstallMaster on master-1 (source s, job root, step 0/1)"
    (line,) = chat.received()
    assert line == f"{step} is stuck: running for 120 minutes when last seen, longer than 99% of its kind."
    _publish(published, [STEP, not_stuck], [])
    watch.tick()
    assert chat.received() == []
    _publish(published, [not_stuck], [])
    watch.tick()
    assert chat.received() == [f"{step} is no longer stuck."]


def test_a_job_gives_an_alert_only_when_none_of_its_steps_is_stuck(watch: Watch, published: Path, chat: Chat) -> None:
    _publish(published, [STEP], [JOB, ("s", "root", *JOB[2:])])
    watch.tick()
    told = chat.received()
    assert [line.partition(" is stuck")[0] for line in told] == [
        "CreateCluster on cluster-1 (source s, job alone)",
        "InstallMaster on master-1 (source s, job root, step 0/1)",
    ]


def test_a_file_read_before_is_not_read_again(watch: Watch, published: Path) -> None:
    _publish(published, [STEP], [])
    assert isinstance(watch.tick(), SensorResult)
    assert isinstance(watch.tick(), SkipReason)


def test_a_chat_that_is_down_gets_the_alerts_later_and_in_order(watch: Watch, published: Path, chat: Chat) -> None:
    chat.status = 503
    _publish(published, [STEP], [])
    watch.tick()
    _publish(published, [], [])
    watch.tick()
    assert chat.received() == []
    chat.status = 200
    watch.tick()
    begins, ends = chat.received()
    assert "is stuck" in begins
    assert "is no longer stuck" in ends
    watch.tick()
    assert chat.received() == []
