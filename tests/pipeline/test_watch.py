"""Looks at a live job: which is the last, and whom to ask. How they follow each other is in `cli/test_watching`."""

from pathlib import Path

import pytest

from cce_etl.errors import ConfigError
from cce_etl.pipeline.watch import Snapshot, one_source, watch
from cce_etl.settings.settings import Settings
from cce_etl.transform.flatten import job_rows, parse_payload

SETTINGS = Settings(endpoint="http://127.0.0.1:1", project_id="p", source="s", auth_token="synthetic")


@pytest.mark.parametrize(
    ("phase", "is_last"),
    [
        ('"Success"', True),
        ('"JobPhaseFailed"', True),
        ('"Running"', False),
        ('"Initializing"', False),
        ('"Paused"', False),
        ("null", False),
    ],
)
def test_only_success_and_failure_of_the_root_end_a_watch(phase: str, is_last: bool) -> None:
    step = '{"metadata": {"uid": "step"}, "spec": {}, "status": {"phase": "Failed"}}'
    body = f'{{"metadata": {{"uid": "r"}}, "spec": {{"subJobs": [{step}]}}, "status": {{"phase": {phase}}}}}'
    snapshot = Snapshot(job_rows(parse_payload(body.encode(), "r")), 0)
    assert (snapshot.root.job_id, snapshot.is_last) == ("r", is_last)


def test_without_tables_of_sources_the_settings_are_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert one_source(SETTINGS) is SETTINGS
    (tmp_path / "cce-etl.toml").write_text('[[sources]]\nname = "a"\n[[sources]]\nname = "b"\n')
    with pytest.raises(ConfigError, match=r"several: a, b\. Name one with --source"):
        one_source(Settings())


@pytest.mark.parametrize("job_id", ["", "a/b", "x" * 129])
def test_what_is_no_job_id_is_not_asked_for(job_id: str) -> None:
    with pytest.raises(ConfigError, match="is no job id"):
        watch(SETTINGS, job_id, 1, lambda snapshot: pytest.fail(f"it looked: {snapshot}"))
