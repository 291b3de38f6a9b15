"""dagster_home/dagster.yaml, read as Dagster reads it."""

import shutil
from pathlib import Path

from dagster import DagsterInstance
from dagster._core.instance.config import PoolGranularity

HOME = Path(__file__).parents[2] / "dagster_home"


def test_the_instance_is_as_the_file_says(tmp_path: Path) -> None:
    shutil.copy(HOME / "dagster.yaml", tmp_path)
    with DagsterInstance.from_config(str(tmp_path)) as instance:
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled
        assert instance.run_monitoring_enabled
        assert instance.run_monitoring_settings["free_slots_after_run_end_seconds"] == 60
        assert instance.freshness_enabled
        pools = instance.get_concurrency_config().pool_config
        assert (pools.default_pool_limit, pools.pool_granularity) == (1, PoolGranularity.RUN)
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None
        assert queue.max_concurrent_runs == 1
