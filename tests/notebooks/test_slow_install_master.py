"""The committed notebook: what it shows, and that it shows the same when run anew on the demo."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

from cce_etl.demo.showcase import run_demo
from cce_etl.ingest import ignore_progress

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "01_slow_install_master.ipynb"
MOST_BYTES = 600_000
SVG = "image/svg+xml"


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: Any) -> Iterator[Any]:
    for cell in code_cells(notebook):
        yield from cell.outputs


def tables(notebook: Any) -> list[str]:
    """Return the text of every output that is no picture."""
    return [output.data["text/plain"] for output in outputs(notebook) if SVG not in output.data]


@pytest.fixture(scope="module")
def committed() -> Any:
    """Return the notebook as it is committed."""
    return nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the notebook run from top to bottom, without its old outputs, on what `cce-etl demo` publishes."""
    folder = tmp_path_factory.mktemp("notebook")
    published = run_demo(folder / "demo", 7, 2_000, ignore_progress).settings.published
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CCE_PUBLISHED", str(published))
        environment.setenv("IPYTHONDIR", str(folder / "ipython"))
        resources = {"metadata": {"path": str(NOTEBOOK.parent)}}
        return nbclient.NotebookClient(notebook, timeout=120, resources=resources).execute()


def test_every_code_cell_was_run_in_order_without_an_error(committed: Any) -> None:
    counts = [cell.execution_count for cell in code_cells(committed)]
    assert counts == list(range(1, len(counts) + 1))
    assert {output.output_type for output in outputs(committed)} == {"execute_result"}
    assert all(cell.outputs for cell in code_cells(committed))


def test_every_chart_is_a_picture_that_needs_no_network(committed: Any) -> None:
    charts = [output.data[SVG] for output in outputs(committed) if SVG in output.data]
    assert len(charts) == 8
    assert not [chart for chart in charts if "href=" in chart or "<script" in chart]


def test_every_chart_is_followed_by_what_one_sees(committed: Any) -> None:
    following = [after.cell_type for cell, after in pairwise(committed.cells) if _has_chart(cell)]
    assert following == ["markdown"] * 8


def test_it_says_first_that_the_fleet_is_synthetic(committed: Any) -> None:
    assert "**The fleet in this notebook is synthetic.**" in committed.cells[0].source


def test_it_is_small_runs_anywhere_and_names_no_machine(committed: Any) -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert len(text.encode()) < MOST_BYTES
    assert committed.metadata["kernelspec"]["name"] == "python3"
    assert not re.search(r"[/\\](home|root|tmp|Users)[/\\]", text)
    assert json.loads(text)["nbformat"] == 4


def test_run_anew_it_shows_what_it_shows_now(committed: Any, executed: Any) -> None:
    assert tables(executed) == tables(committed)
    assert sum(SVG in output.data for output in outputs(executed)) == 8


def _has_chart(cell: Any) -> bool:
    return cell.cell_type == "code" and any(SVG in output.data for output in cell.outputs)
