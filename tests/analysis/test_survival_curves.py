"""What a kind's curve says of an age, by hand-computed numbers."""

from pathlib import Path

import duckdb
import pytest

from cce_etl.analysis.survival_curves import Curve, SurvivalCurves

# Four ended or were left: success at 10 s, one still running at 20 s, failure at 30 s, success at 40 s.
CURVE = Curve([10, 20, 30, 40], [0.75, 0.75, 0.375, 0], [0.25, 0.25, 0.25, 0.625], 4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "p.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE SCHEMA marts")
        connection.execute(
            """
            CREATE TABLE marts.step_survival AS
            FROM (VALUES ('s', 'Install', 40.0, 1, 1, 0, 0.0, 0.625), ('s', 'Install', 10.0, 4, 1, 0, 0.75, 0.25),
                ('s', 'Install', 20.0, 3, 0, 0, 0.75, 0.25), ('s', 'Install', 30.0, 2, 0, 1, 0.375, 0.25),
                ('s', 'Other', 5.0, 1, 1, 0, 0.0, 1.0), ('t', 'Install', 7.0, 1, 1, 0, 0.0, 1.0),
                ('s', 'Endless', 5.0, 1, 0, 0, 1.0, 0.0))
                AS curves(source, job_type, seconds, at_risk_count, succeeded_count, failed_count, survival,
                    success_incidence)
            """
        )
        connection.execute(
            """
            CREATE TABLE marts.root_jobs AS
            FROM (VALUES ('s', 'Create', 'Success', true, 10.0, NULL), ('s', 'Create', 'Running', false, NULL, 20.0),
                ('s', 'Create', 'Failed', true, 30.0, NULL), ('s', 'Create', 'Success', true, 40.0, NULL),
                ('s', 'Create', 'Success', true, -5.0, NULL), ('s', 'Create', 'Success', true, NULL, NULL),
                ('s', 'Create', 'Initializing', false, NULL, 60.0), ('s', 'Delete', 'Running', false, NULL, 60.0))
                AS roots(source, job_type, phase, is_finished, duration_seconds, elapsed_seconds)
            """
        )
    return path


@pytest.mark.parametrize(
    ("age", "percentile"), [(0, 0), (9.9, 0), (10, 25), (25, 25), (30, 62.5), (39, 62.5), (99, 100)]
)
def test_the_percentile_of_an_age_is_the_share_that_had_ended_by_then(age: float, percentile: float) -> None:
    assert CURVE.age_percentile(age) == percentile


@pytest.mark.parametrize(
    ("age", "within", "rate"),
    [
        (0, 5, 0),
        (0, 10, 0.25),
        (0, 600, 0.625),
        # Of the 0.75 that are still there, 0.375 go on to succeed, none of them before 40 s.
        (10, 20, 0),
        (10, 30, 0.5),
        (30, 600, 1),
        (39, 600, 1),
        (40, 600, None),
    ],
)
def test_the_chance_to_succeed_counts_only_those_that_got_as_far_and_failures_are_none(
    age: float, within: float, rate: float | None
) -> None:
    assert CURVE.success_rate(age, within) == rate


def test_nothing_is_known_from_the_oldest_on_though_it_was_still_running() -> None:
    curve = Curve([10, 20], [0.5, 0.5], [0.5, 0.5], 2)
    assert (curve.success_rate(19, 600), curve.success_rate(20, 600)) == (0, None)
    assert curve.age_percentile(99) == 50


def test_a_kinds_curve_is_read_from_the_published_file(path: Path) -> None:
    curves = SurvivalCurves(path, "s")
    assert curves.missing() is None
    assert curves.of_steps("Install") == CURVE
    assert curves.of_steps("it's new") is None


def test_roots_have_the_curve_that_their_own_ends_make_running_ones_counted_as_long_as_they_ran(path: Path) -> None:
    curves = SurvivalCurves(path, "s")
    assert curves.of_roots("Create") == CURVE
    assert curves.of_roots("Install") is None


def test_a_kind_of_which_none_has_ended_has_no_curve(path: Path) -> None:
    curves = SurvivalCurves(path, "s")
    assert curves.of_steps("Endless") is None
    assert curves.of_roots("Delete") is None


def test_a_curve_is_read_once_and_the_file_is_not_held_open(path: Path) -> None:
    curves = SurvivalCurves(path, "s")
    first = curves.of_steps("Other")
    with duckdb.connect(path) as connection:
        connection.execute("DROP TABLE marts.step_survival")
    assert curves.of_steps("Other") is first is not None


def test_what_is_missing_is_told(path: Path) -> None:
    assert "There is no published file" in str(SurvivalCurves(path.with_name("none"), "s").missing())
    assert "holds no finished step of the source u" in str(SurvivalCurves(path, "u").missing())
    with duckdb.connect(path) as connection:
        connection.execute("DROP TABLE marts.step_survival")
    assert "step_survival" in str(SurvivalCurves(path, "s").missing())
