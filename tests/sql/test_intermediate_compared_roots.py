"""Which roots are compared: all of a step type, or an even sample of many that stays the same."""

from hashlib import md5

import duckdb
import pytest

from cce_etl.pipeline import run as pipeline

[MODEL] = [model for model in pipeline.models() if model.name == "intermediate.compared_roots"]


def _compared(common: int, rare: int) -> dict[str, set[str]]:
    """Return the roots compared of each step type: `common` with Check alone, `rare` with Check and Install."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA core")
        connection.execute(
            f"""CREATE TABLE core.root_jobs AS
            SELECT 's' AS source, 'root-' || n AS job_id, if(n < {rare}, 'both', 'one') AS shape_id
            FROM range({common + rare}) AS numbers (n)"""
        )
        connection.execute(
            """CREATE TABLE core.steps AS
            SELECT source, job_id AS root_job_id, shape_id AS root_shape_id, job_type
            FROM core.root_jobs, (VALUES ('Check'), ('Install'), (NULL)) AS kinds (job_type)
            WHERE shape_id = 'both' OR job_type IS DISTINCT FROM 'Install'"""
        )
        rows = connection.execute(MODEL.sql).fetchall()
    assert {source for source, _, _ in rows} == {"s"}
    assert len(rows) == len(set(rows))
    return {kind: {root for _, root, job_type in rows if job_type == kind} for kind in ("Check", "Install")}


@pytest.fixture(scope="module")
def many() -> dict[str, set[str]]:
    """Return what is compared of 25,000 roots, 1,000 of them with a rarer step type as well."""
    return _compared(common=24_000, rare=1_000)


def test_of_a_step_type_with_many_roots_about_20_000_are_drawn(many: dict[str, set[str]]) -> None:
    # 20,000 expected, with a standard deviation of 63.
    assert 19_700 < len(many["Check"]) < 20_300
    # Evenly: four fifths of every thousand.
    assert all(700 < sum(f"root-{n}" in many["Check"] for n in range(low, low + 1_000)) < 900 for low in (0, 12_000))


def test_a_rarer_step_type_is_complete_beside_one_that_is_sampled(many: dict[str, set[str]]) -> None:
    assert many["Install"] == {f"root-{n}" for n in range(1_000)}


def test_20_000_roots_are_all_compared() -> None:
    assert len(_compared(common=19_000, rare=1_000)["Check"]) == 20_000


def test_later_roots_push_some_out_and_change_no_other(many: dict[str, set[str]]) -> None:
    later = _compared(common=29_000, rare=1_000)["Check"]
    earlier_still_there = {root for root in later if int(root.removeprefix("root-")) < 25_000}
    assert earlier_still_there < many["Check"]
    assert 19_700 < len(later) < 20_300


def test_the_sample_is_the_same_on_every_machine(many: dict[str, set[str]]) -> None:
    for n in range(1_000, 1_100):
        digest = md5(f"s/root-{n}".encode(), usedforsecurity=False).digest()
        assert (f"root-{n}" in many["Check"]) == (int.from_bytes(digest[8:], "little") < 0.8 * 2**64)
