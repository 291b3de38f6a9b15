"""The examples under sql/examples/: each answers its question from the published file with the columns it names."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from cce_etl.cli.app import app
from cce_etl.demo.fleet import build_fleet
from cce_etl.models.build import build_models
from cce_etl.models.model import Model, sql_directory
from cce_etl.pipeline import run as pipeline
from cce_etl.pipeline.load_files import load_files
from cce_etl.publish.query import open_published, query
from cce_etl.settings.settings import Settings
from cce_etl.warehouse.connection import Connection, open_warehouse

EXAMPLES = sorted((sql_directory() / "examples").glob("*.sql"))
ENDS_AT = 1_772_323_200_000_000_000  # 2026-03-01 00:00:00 UTC
COHORT = """
    INSERT INTO marts.step_cohorts BY NAME SELECT
        'InstallMaster' AS job_type, 'duration' AS measure, 1 AS rank, 3.0 AS ratio, 0.001 AS q_value,
        ['region', 'flavor'] AS dimensions, ['a', 'b'] AS dimension_values
"""


def stuck_job() -> bytes:
    """Return a job whose InstallNode has run for longer than any other."""
    times = {"creationTimestamp": "2025-12-01 00:00:00 +0000 UTC", "updateTimestamp": "2026-03-01 00:00:00 +0000 UTC"}
    step = {"metadata": {"uid": "s", **times}, "spec": {"type": "InstallNode"}, "status": {"phase": "Running"}}
    spec = {"type": "ScaleupCluster", "subJobs": [step]}
    return json.dumps({"metadata": {"uid": "stuck", **times}, "spec": spec, "status": {"phase": "Running"}}).encode()


def without_search(model: Model) -> Model:
    """Return the model, but the search for cohorts as one of no rows: it takes as long as all others together."""
    compute = model.computation
    if compute is None or model.name != "intermediate.comparisons":
        return model
    return msgspec.structs.replace(model, computation=lambda table: compute(table.slice(0, 0)))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a published file of a synthetic fleet with a stuck job and a finding about a cohort."""
    folder = tmp_path_factory.mktemp("examples")
    settings = Settings(warehouse=folder / "warehouse.duckdb", published=folder / "cce_jobs.duckdb")
    saved = folder / "jobs.ndjson"
    bodies = [*(body for _, body in build_fleet(5, 300, ENDS_AT).v3_bodies()), stuck_job()]
    saved.write_bytes(b"\n".join(body.replace(b"\n", b"") for body in bodies))
    with open_warehouse(settings.warehouse) as connection:
        load_files(connection, "s", [str(saved)], "load", clock=lambda: ENDS_AT)
        build_models(connection, [without_search(model) for model in pipeline.models()])
        connection.execute(COHORT)
        pipeline.publish(connection, settings, "run", lambda: ENDS_AT, publish_anyway=True)
    return settings.published


@pytest.fixture(scope="module")
def published(path: Path) -> Iterator[Connection]:
    """Yield the published file, open."""
    with open_published(path) as connection:
        yield connection


def rows_of(published: Connection, name: str) -> list[dict[str, Any]]:
    """Return the answer of an example."""
    result = query(published, (sql_directory() / "examples" / f"{name}.sql").read_text(encoding="utf-8"))
    return [dict(zip(result.columns, row, strict=True)) for row in result.rows]


def test_there_are_twelve_and_none_is_a_model(models: list[Model]) -> None:
    assert len(EXAMPLES) == 12
    assert not {example.stem for example in EXAMPLES} & {model.name.partition(".")[2] for model in models}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_asks_a_question_and_gives_the_columns_it_names(published: Connection, example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    header = text[: text.index("*/")]
    assert re.match(r"/\* [^\n]+\?\n\n", header)
    named = [name for line in re.findall(r"^(\w+(?:, \w+)*): ", header, re.MULTILINE) for name in line.split(", ")]
    result = query(published, text)
    assert result.columns == named
    assert len(list(result.rows)) > 0


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_knows_no_clock_but_that_of_the_data(example: Path) -> None:
    assert not re.search(r"(?i)\b(now|today|current_\w+)\b *\(?", example.read_text(encoding="utf-8").split("*/")[1])


def test_an_example_runs_from_the_command_line_as_it_stands(path: Path) -> None:
    text = (sql_directory() / "examples" / "coverage.sql").read_text(encoding="utf-8")
    result = CliRunner().invoke(app, ["sql", "--published", str(path), "--format", "json", text])
    assert (result.exit_code, json.loads(result.output)[0]["root_count"]) == (0, 301)


def test_the_stuck_job_is_named(published: Connection) -> None:
    rows = [row for row in rows_of(published, "stuck_jobs") if row["root_job_id"] == "stuck"]
    assert [(row["job_type"], row["age_seconds"]) for row in rows] == [
        ("InstallNode", 90 * 86_400.0),
        (None, 90 * 86_400.0),
    ]


def test_the_cohort_is_named_by_its_dimensions(published: Connection) -> None:
    (row,) = rows_of(published, "cohort_findings")
    assert (row["cohort"], row["ratio"]) == ("region=a, flavor=b", 3.0)


def test_the_steps_of_create_cluster_hold_most_of_its_time(published: Connection) -> None:
    rows = rows_of(published, "steps_that_dominate_create_cluster")
    assert rows[0]["job_type"] == "InstallMaster"
    assert 0.9 < sum(row["critical_path_share"] for row in rows) <= 1


def test_the_failures_of_the_month_and_before_are_all_failures(published: Connection) -> None:
    reasons = rows_of(published, "failure_reasons_this_month")
    retries = rows_of(published, "retries_on_the_same_resource")
    [(failed_count,)] = published.execute("SELECT count(*) FROM marts.root_jobs WHERE phase = 'Failed'").fetchall()
    assert sum(row["failure_count"] for row in retries) == failed_count
    assert 0 < sum(row["failure_count"] for row in reasons) < failed_count
    assert all(row["recovered_count"] <= row["retried_count"] <= row["failure_count"] for row in retries)


def test_the_days_of_one_step_sum_to_its_total(published: Connection) -> None:
    days = rows_of(published, "daily_failure_rate_of_one_step")
    totals = published.execute("SELECT max(blamed_count) FROM marts.step_failure_rates").fetchall()
    assert [(sum(day["blamed_count"] for day in days),)] == totals
