"""The committed notebooks: what they show, that they show the same when run anew on the demo, that the prose agrees."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbclient
import nbformat
import pytest

if TYPE_CHECKING:
    from tests.conftest import DemoRun

FOLDER = Path(__file__).parents[2] / "notebooks"
CHART_COUNTS = {
    "01_slow_install_master": 4,
    "02_failure_rates": 1,
    "03_running_and_stuck": 2,
    "04_one_job_waterfall": 1,
}
NAMES = list(CHART_COUNTS)
MOST_BYTES = 600_000
SVG = "image/svg+xml"
NUMBER = re.compile(r"\d+e-\d+|\d[\d,]*(?:\.\d+)?")


def read(name: str) -> Any:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: Any) -> Iterator[Any]:
    for cell in code_cells(notebook):
        yield from cell.outputs


def tables(notebook: Any) -> list[str]:
    """Return what a reader sees of every output that is no picture."""
    return [
        output.data.get("text/html", output.data["text/plain"])
        for output in outputs(notebook)
        if SVG not in output.data
    ]


def pictures(notebook: Any) -> list[str]:
    return [output.data[SVG] for output in outputs(notebook) if SVG in output.data]


def shown_numbers(notebook: Any) -> list[str]:
    """Return the numbers in tables, and in the names, labels and descriptions of charts."""
    texts = [re.sub("<[^>]*>", " ", table) for table in tables(notebook)]
    for picture in pictures(notebook):
        texts += re.findall(r'aria-label="([^"]*)"', picture) + re.findall(r"<text[^>]*>([^<]*)<", picture)
    return NUMBER.findall(" ".join(texts))


def figures(notebook: Any) -> list[str]:
    """Return the figures of the prose that are no round numbers: three digits or more that mean something."""
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    plain = re.sub(r"```.*?```|`[^`]*`|\b20\d\d\b|\d\d:\d\d", " ", prose, flags=re.DOTALL)
    found = [figure.rstrip(",") for figure in NUMBER.findall(plain)]
    return [figure for figure in found if "e" in figure or len(re.sub(r"[.,]|0+$", "", figure)) >= 3]


def is_shown(figure: str, numbers: list[str]) -> bool:
    """Tell whether a figure is a number that is shown, rounded to as many digits, or as a percentage."""
    if "e" in figure:
        return figure in numbers
    wanted, digits = float(figure.replace(",", "")), len(figure.partition(".")[2])
    values = [float(number.replace(",", "")) for number in numbers]
    reach = 0.5 * 10**-digits + 1e-9
    return any(abs(value - wanted) <= reach or abs(100 * value - wanted) <= reach for value in values)


def run_anew(published: Path, folder: Path) -> dict[str, Any]:
    """Return the notebooks run from top to bottom on what `cce-etl demo` publishes, each without names of the others.

    In one kernel, as starting one and importing pandas and Altair costs more than what the notebooks do.
    """
    notebooks = {name: read(name) for name in NAMES}
    together = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    for notebook in notebooks.values():
        for cell in code_cells(notebook):
            cell.outputs = []
        forget = nbformat.v4.new_code_cell("%reset -f")  # type: ignore[no-untyped-call]
        together.cells += [forget, *code_cells(notebook)]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CCE_PUBLISHED", str(published))
        environment.setenv("IPYTHONDIR", str(folder / "ipython"))
        nbclient.NotebookClient(together, timeout=120, resources={"metadata": {"path": str(FOLDER)}}).execute()
    return notebooks


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """Return the name of each notebook in turn."""
    return str(request.param)


@pytest.fixture
def committed(name: str) -> Any:
    """Return the notebook as it is committed."""
    return read(name)


def test_every_notebook_is_tested() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == NAMES


def test_every_code_cell_was_run_in_order_without_an_error(committed: Any) -> None:
    counts = [cell.execution_count for cell in code_cells(committed)]
    assert counts == list(range(1, len(counts) + 1))
    assert {output.output_type for output in outputs(committed)} == {"execute_result"}
    assert all(cell.outputs for cell in code_cells(committed))


def test_every_chart_is_a_picture_that_needs_no_network(committed: Any, name: str) -> None:
    assert len(pictures(committed)) == CHART_COUNTS[name]
    assert not [chart for chart in pictures(committed) if "href=" in chart or "<script" in chart]


def test_every_chart_is_followed_by_what_one_sees(committed: Any, name: str) -> None:
    following = [after.cell_type for cell, after in pairwise(committed.cells) if _has_chart(cell)]
    assert following == ["markdown"] * CHART_COUNTS[name]


def test_it_says_first_that_the_fleet_is_synthetic_and_last_what_follows(committed: Any) -> None:
    assert "**The fleet in this notebook is synthetic.**" in committed.cells[0].source
    assert "## Conclusion" in committed.cells[-1].source
    assert "**Next" in committed.cells[-1].source


def test_it_is_small_runs_anywhere_and_names_no_machine(committed: Any, name: str) -> None:
    text = (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
    assert len(text.encode()) < MOST_BYTES
    assert committed.metadata["kernelspec"]["name"] == "python3"
    assert not re.search(r"[/\\](home|root|tmp|Users)[/\\]", text)
    assert json.loads(text)["nbformat"] == 4


def test_every_figure_of_the_prose_is_shown_by_a_cell(committed: Any) -> None:
    numbers = shown_numbers(committed)
    assert len(figures(committed)) >= 10
    assert [figure for figure in figures(committed) if not is_shown(figure, numbers)] == []


def test_run_anew_they_show_what_they_show_now(demo_run: "DemoRun", tmp_path: Path) -> None:
    executed = run_anew(demo_run.published, tmp_path)
    assert {name: tables(notebook) for name, notebook in executed.items()} == {
        name: tables(read(name)) for name in NAMES
    }
    assert {name: len(pictures(notebook)) for name, notebook in executed.items()} == CHART_COUNTS


def _has_chart(cell: Any) -> bool:
    return cell.cell_type == "code" and any(SVG in output.data for output in cell.outputs)
