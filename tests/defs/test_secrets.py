"""A token is in nothing that a run leaves behind."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cce_etl.defs.metadata import JOB_IDS, JOB_PAYLOADS, JOBS

if TYPE_CHECKING:
    from tests.defs.conftest import Night

CANARY = "canary-token-8f1d0c"


def _files_with(text: str, folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_a_run_that_succeeds_leaves_no_token_in_the_storage(night: "Night") -> None:
    assert _files_with("published__cce_jobs", night.storage) != []
    assert _files_with(night.environment["CCE_AUTH_TOKEN"], night.storage) == []


@pytest.mark.parametrize("token", [CANARY, f"{CANARY}\u00e9"], ids=["refused", "malformed"])
def test_an_invalid_token_is_named_by_its_setting_and_not_shown(
    token: str,
    environment: dict[str, str],
    run_nightly: "Callable[..., Night]",
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    night = run_nightly(environment | {"CCE_AUTH_TOKEN": token}, tmp_path / "storage", [JOB_IDS, JOB_PAYLOADS, JOBS])
    assert not night.result.success
    assert "CCE_AUTH_TOKEN" in night.failure()
    assert _files_with("fetch", night.storage) != []
    assert _files_with(CANARY, tmp_path) == []
    assert CANARY not in "".join(capfd.readouterr())
