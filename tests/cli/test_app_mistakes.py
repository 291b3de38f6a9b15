"""Mistakes with files and settings: wrong paths, lists, files that are no warehouse. Each ends in one clear line."""

from typing import TYPE_CHECKING

import duckdb
import pytest

if TYPE_CHECKING:
    from tests.conftest import Api, Shell

HEADER_WITH_A_STRAY_QUOTE = b'job_id,"name\n' + b"a,b\n" * 40_000


@pytest.mark.parametrize("path", ["~nosuchuser/w.duckdb", ".", "/"])
def test_a_path_that_can_be_no_file_is_named_before_anything_is_done(api: "Api", shell: "Shell", path: str) -> None:
    ran = shell("run", "--ids", shell.write("ids.txt", api.fleet_ids[:1]), CCE_PUBLISHED=path)
    assert ran.code == 2
    assert "CCE_PUBLISHED is wrong" in ran.err
    assert api.asked.total() == 0


def test_the_warehouse_cannot_be_the_published_file(api: "Api", shell: "Shell") -> None:
    ran = shell("run", "--ids", shell.write("ids.txt", api.fleet_ids[:1]), "--published", str(shell.warehouse))
    assert ran.code == 2
    assert api.asked.total() == 0


def test_a_header_with_a_stray_quote_is_named(shell: "Shell") -> None:
    ran = shell("run", "--ids", shell.write("ids.csv", HEADER_WITH_A_STRAY_QUOTE))
    assert ran.code == 2
    assert "ids.csv" in ran.err
    assert "quote" in ran.err


@pytest.mark.parametrize("arguments", [("load", "x" * 300), ("run",)])
def test_a_name_that_is_too_long_is_an_error_like_any_other(shell: "Shell", arguments: tuple[str, ...]) -> None:
    assert shell(*arguments, CCE_JOB_IDS="0123456789abcdef " * 30).code == 2


def test_a_file_of_another_program_is_left_alone(shell: "Shell") -> None:
    with duckdb.connect(shell.warehouse) as connection:
        connection.execute("CREATE SCHEMA marts; CREATE TABLE marts.theirs AS SELECT 1 AS one")
    before = shell.warehouse.read_bytes()
    ran = shell("load", shell.write("job.json", '{"metadata":{"uid":"a"},"status":{"phase":"Success"}}'))
    assert ran.code == 4
    assert "tables of another program" in ran.err
    assert shell.warehouse.read_bytes() == before
    assert not shell.published.exists()


def test_a_warehouse_may_have_a_colon_in_its_name(shell: "Shell") -> None:
    job = shell.write("job.json", '{"metadata":{"uid":"a"},"status":{"phase":"Success"}}')
    assert shell("load", job, "--no-build", "--warehouse", "backup:2026.duckdb").code == 0
    assert shell("publish", "--warehouse", "backup:2026.duckdb").code == 0
    assert (shell.folder / "backup:2026.duckdb").exists()


def test_what_was_fetched_is_accounted_for_when_it_cannot_be_published(api: "Api", shell: "Shell") -> None:
    shell.write("taken", "a file where the folder should be")
    ids = shell.write("ids.txt", api.fleet_ids[:2])
    ran = shell("run", "--ids", ids, "--json", "--published", str(shell.folder / "taken" / "p.duckdb"))
    assert ran.code == 4
    assert ran.json["fetched"] == 2


def test_a_list_that_discovery_does_not_need_is_not_read(api: "Api", shell: "Shell") -> None:
    assert shell("discover", CCE_JOB_IDS="nowhere.txt").code == 0


def test_a_file_mended_and_loaded_again_resolves_its_letters(shell: "Shell") -> None:
    good = '{"metadata":{"uid":"a"},"status":{"phase":"Success"}}'
    assert shell("load", "--no-build", shell.write("jobs.ndjson", [good, '{"cut'])).code == 1
    assert len(shell.letters()) == 1
    assert shell("load", "--no-build", shell.write("jobs.ndjson", [good, good.replace('"a"', '"b"')])).code == 0
    assert shell.letters() == []


@pytest.mark.parametrize(
    "document",
    [
        '{"job_ids":["THIS-ONE"]}',
        '[{"metadata":{"uid":"THIS-ONE"},"status":{"phase":"Running"}}]',
        '{"jobIDs":["THIS-ONE"]}',
    ],
)
def test_ids_in_json_are_found_under_every_name_the_api_has_for_them(api: "Api", shell: "Shell", document: str) -> None:
    ids = shell.write("ids.json", document.replace("THIS-ONE", api.fleet_ids[1]))
    assert shell("run", "--ids", ids, "--no-build", "--json").json["fetched"] == 1
