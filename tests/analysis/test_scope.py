"""What can be asked about: mistakes are named, with what is nearest."""

from pathlib import Path

import pytest

from cce_etl.analysis import open_published
from cce_etl.analysis.scope import Scope, require_known
from cce_etl.errors import ConfigError
from tests.analysis.explained import steps, write_published


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [
        *steps([1], "2026-06-01"),
        *steps([1], "2026-06-02", job_type="InstallNode", root_job_type="ScaleupCluster", source="t"),
        *steps([1], "2026-06-03", job_type=None),
    ]
    return write_published(tmp_path_factory.mktemp("scope") / "p.duckdb", steps=rows)


@pytest.mark.parametrize(
    ("scope", "message"),
    [
        (Scope("installmaster"), "no step type 'installmaster' in .*Nearest: 'InstallMaster', 'InstallNode'"),
        (Scope("\x1b[31mInstallNod"), r"no step type '\\x1b\[31mInstallNod' in .*Nearest: 'InstallNode'"),
        (Scope("InstallMaster", "x"), "no source 'x'"),
        (Scope("InstallMaster", None, "CreatCluster"), "no root type 'CreatCluster' in .*Nearest: 'CreateCluster'"),
        (Scope("InstallMaster", "t"), "no step of type 'InstallMaster' there.*below 'CreateCluster' in source 's'"),
        (Scope("InstallNode", "t", "CreateCluster"), "below 'ScaleupCluster' in source 't'"),
    ],
)
def test_what_is_not_there_is_named_with_what_is_nearest(path: Path, scope: Scope, message: str) -> None:
    with open_published(path) as published, pytest.raises(ConfigError, match=message) as caught:
        require_known(published, scope)
    assert str(caught.value).isprintable()


def test_what_is_there_may_be_asked(path: Path) -> None:
    with open_published(path) as published:
        require_known(published, Scope("InstallMaster"))
        require_known(published, Scope("InstallNode", "t", "ScaleupCluster"))


def test_an_empty_file_has_no_step_at_all(tmp_path: Path) -> None:
    with (
        open_published(write_published(tmp_path / "p.duckdb")) as published,
        pytest.raises(ConfigError, match="There are none at all"),
    ):
        require_known(published, Scope("InstallMaster"))
