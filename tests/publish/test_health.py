"""What is well and what is not, told from the published file alone; every limit on both of its sides."""

from pathlib import Path

import duckdb
import pytest

from cce_etl.errors import WarehouseError
from cce_etl.publish.health import Health, HealthCheck, Limits, check_published
from cce_etl.publish.publish import publish
from cce_etl.warehouse.connection import Connection

HOUR = 3_600 * 10**9
NOW = 1_772_323_200_000_000_123
LIMITS = Limits(max_age_hours=26.0, min_coverage=0.95, max_dead_letters=None)


@pytest.fixture
def published(connection: Connection, warehouse: Path, tmp_path: Path) -> Path:
    """Return a file of 26 hours ago with two sources. One has 19 of 20 ids and 3 dead letters, before them 2."""
    connection.execute(
        """CREATE TABLE marts.ingest_coverage AS FROM (VALUES
            ('s', NULL, 20, 17, 2, 0.95, 3, 2), ('t', NULL, 0, 0, 0, NULL::DOUBLE, 0, 0)
        ) AS t(source, last_run_at, listed_count, final_count, answered_count, coverage_rate, open_letter_count,
            earlier_letter_count)"""
    )
    path = tmp_path / "published.duckdb"
    publish(connection, warehouse, path, "run", NOW - 26 * HOUR)
    return path


def ill(found: Health) -> list[str]:
    assert found.is_well is all(vital.is_well for vital in found.vitals)
    return [vital.subject for vital in found.vitals if not vital.is_well]


def test_a_line_for_each_thing_says_the_figure_the_limit_and_what_to_do(published: Path) -> None:
    assert check_published(published, LIMITS, NOW) == Health(
        is_well=False,
        published_age_seconds=26 * 3600.0,
        vitals=[
            HealthCheck("age", is_well=True, text="published 26.0 hours ago, the limit is 26"),
            HealthCheck(
                "coverage of s",
                is_well=True,
                text="95.0% of the listed ids are final or were answered in the last run, the limit is 95.0%",
            ),
            HealthCheck(
                "dead letters of s",
                is_well=False,
                text="3 open, as many as before the last run: 2. "
                "See them with `cce-etl dead-letters`, then --retry or --replay",
            ),
            HealthCheck("dead letters of t", is_well=True, text="0 open, as many as before the last run: 0"),
        ],
    )


@pytest.mark.parametrize(
    ("limits", "later", "expected"),
    [
        (Limits(26, 0.95, 3), 0, []),
        (Limits(26, 0.95, 2), 0, ["dead letters of s"]),
        (Limits(26, 0.95, 3), 1, ["age"]),
        (Limits(26.5, 0.951, 3), HOUR // 2, ["coverage of s"]),
        (Limits(1, 1, 0), 0, ["age", "coverage of s", "dead letters of s"]),
    ],
)
def test_each_limit_is_what_is_still_well(published: Path, limits: Limits, later: int, expected: list[str]) -> None:
    assert ill(check_published(published, limits, NOW + later)) == expected


def test_the_words_name_how_many_ids_are_missing_and_the_command(published: Path) -> None:
    found = check_published(published, Limits(1, 1, 0), NOW)
    texts = {vital.subject: vital.text for vital in found.vitals}
    assert texts["age"].endswith("See why the last run did not end: `cce-etl status`, then run again")
    assert texts["coverage of s"].endswith("the limit is 100.0%. `cce-etl run` asks for the other 1")
    assert texts["dead letters of s"].startswith("3 open, the limit: 0. ")


def test_nothing_published_is_not_well_and_says_what_to_do(tmp_path: Path) -> None:
    [vital] = check_published(tmp_path / "nowhere.duckdb", LIMITS, NOW).vitals
    assert not vital.is_well
    assert vital.text.endswith("nowhere.duckdb. Run `cce-etl run`, or set CCE_PUBLISHED")


def test_a_file_of_an_older_version_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE manifest (published_at TIMESTAMP_NS)")
    with pytest.raises(WarehouseError, match=r"older cce-etl.*`cce-etl build` and `cce-etl publish`"):
        check_published(path, LIMITS, NOW)
