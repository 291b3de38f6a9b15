"""Where an id stands, also when it stands in one tree more than once."""

from pathlib import Path

import pytest

from cce_etl.analysis import open_published
from cce_etl.analysis.traces.places import Place, find_place
from cce_etl.errors import CceEtlError
from tests.analysis.traced import node, trace, write_published

TREE = trace(node("", 0, 60, job_id="root"), node("2", 5, 9, job_id="c"), node("2/0", 6, 9, job_id="d"))


@pytest.mark.parametrize(("job_id", "paths"), [("root", [""]), ("d", ["2/0"])])
def test_a_root_and_a_step_lead_to_the_same_tree(tmp_path: Path, job_id: str, paths: list[str]) -> None:
    with open_published(write_published(tmp_path / "p.duckdb", TREE)) as published:
        assert find_place(published, job_id, None) == Place("s", "root", paths)


def test_a_source_that_lacks_the_id_is_named(tmp_path: Path) -> None:
    path = write_published(tmp_path / "p.duckdb", TREE)
    with open_published(path) as published, pytest.raises(CceEtlError, match="No job d of the source u is in"):
        find_place(published, "d", "u")
