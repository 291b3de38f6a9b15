"""RESULTS.md: each benchmark replaces its own section, and no path of the machine stands in it."""

from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness import Result, Role, Row, Sample, Scale
from benchmarks.results import heading, section, write_section

ROWS = [Row("fetch", "requests", "cce-etl", Role.OURS, Result([Sample(2.0, 1.0, 42_000_000, 1_000)]))]


def test_a_section_replaces_that_of_its_benchmark_and_scale_alone(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    standard, large = heading("growth", Scale.STANDARD), heading("growth", Scale.LARGE)
    write_section(path, standard, "standard, first")
    write_section(path, large, "large, first")
    write_section(path, "fetch", "fetched")
    write_section(path, large, "large, second")
    text = path.read_text(encoding="utf-8")
    assert [part.strip().splitlines() for part in text.split("## ")[1:]] == [
        ["growth", "", "standard, first"],
        ["growth, large", "", "large, second"],
        ["fetch", "", "fetched"],
    ]


def test_a_section_says_when_on_what_and_how_to_repeat_it() -> None:
    text = section(Scale.STANDARD, ROWS, datetime(2026, 3, 1, 12, 30, tzinfo=UTC))
    assert text.startswith("2026-03-01 12:30 UTC, ")
    for part in (
        "cores",
        "a million squares took 0.",
        "GiB",
        "`make bench`",
        "Python 3",
        "duckdb ",
        "| fetch | cce-etl | ours | 1,000 requests |",
    ):
        assert part in text
    assert str(Path.home()) not in text
    assert str(Path(__file__).parents[2]) not in text
