"""`cce-etl run` as a user meets it: the whole job end to end, and again, over real HTTP.

Does not live here: what goes wrong (`test_app_failures`), signals (`test_app_interruption`).
"""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Answer, Api, Ran, Shell

SUMMARY_KEYS = ["requested", "fetched", "skipped", "unchanged", "gone", "failed", "dead_lettered", "rows", "seconds"]
EXAMPLE_ID = "354331b2c-229a-11e8-9c75-0255ac100ceb"


@pytest.fixture(scope="module")
def first(
    tmp_path_factory: pytest.TempPathFactory, served: "Api", make_shell: "Callable[[Path, str | None], Shell]"
) -> "tuple[Shell, Ran, Counter[str]]":
    served.reset()
    shell = make_shell(tmp_path_factory.mktemp("first"), served.endpoint)
    ran = shell("run", "--ids", shell.write("ids.txt", served.fleet_ids), "--json")
    return shell, ran, Counter(served.asked)


def accounted(summary: dict[str, int]) -> int:
    return sum(summary[name] for name in ("skipped", "fetched", "unchanged", "gone", "failed"))


def test_a_run_lands_every_body_builds_every_model_and_publishes(
    first: "tuple[Shell, Ran, Counter[str]]", served: "Api"
) -> None:
    shell, ran, _ = first
    assert ran.code == 0
    assert shell.rows("SELECT count(*), count(DISTINCT job_id) FROM raw.job_payloads") == [(24, 24)]
    assert {root for (root,) in shell.rows("SELECT DISTINCT root_job_id FROM core.jobs")} == set(served.fleet_ids)
    ((steps,),) = shell.rows("SELECT count(*) FROM marts.steps", shell.published)
    ((nodes,),) = shell.rows("SELECT count(*) FROM core.jobs WHERE depth > 0", shell.published)
    assert steps == nodes > 24
    example = "SELECT epoch_ns(created_at) FROM core.jobs WHERE depth = 0 AND root_job_id = '" + EXAMPLE_ID + "'"
    assert shell.rows(example, shell.published) == [(1_533_197_560_672_772_389,)]


def test_json_is_one_object_on_standard_output_with_exactly_the_promised_keys(
    first: "tuple[Shell, Ran, Counter[str]]",
) -> None:
    shell, ran, _ = first
    assert list(ran.json) == SUMMARY_KEYS
    assert ran.out.count("\n") == 1
    assert ran.err == ""
    summary = ran.json
    assert (summary["requested"], summary["fetched"], accounted(summary)) == (24, 24, 24)
    assert shell.rows("SELECT count(*) FROM core.jobs") == [(summary["rows"],)]


def test_each_job_is_asked_for_once(first: "tuple[Shell, Ran, Counter[str]]", served: "Api") -> None:
    assert first[2] == Counter(served.fleet_ids)


def test_the_run_is_kept_in_its_account(first: "tuple[Shell, Ran, Counter[str]]") -> None:
    account = first[0].rows("SELECT command, requested, fetched, request_count, core_row_count FROM raw.fetch_runs")
    assert account == [("run", 24, 24, 24, first[1].json["rows"])]


def test_a_second_run_asks_only_for_jobs_that_had_not_ended_and_changes_no_row(
    shell: "Shell", api: "Api", script: "Callable[..., Answer]", job_body: Callable[..., bytes]
) -> None:
    phases = {"done": "Success", "failed": "Failed", "begun": "Initializing", "under-way": "Running", "odd": "Paused"}
    api.answers = {job_id: script(job_body(job_id, phase)) for job_id, phase in phases.items()}
    ids = shell.write("ids.txt", list(phases))
    frozen = "SELECT * EXCLUDE observed_at, CASE WHEN canonical_phase IN ('Success', 'Failed') AND depth = 0 "
    frozen += "THEN observed_at END FROM core.jobs ORDER BY ALL"
    assert shell("run", "--ids", ids, "--no-build").code == 0
    jobs, payloads = shell.rows(frozen), shell.rows("FROM raw.job_payloads ORDER BY ALL")
    observed = dict(shell.rows("SELECT root_job_id, observed_at FROM core.jobs WHERE depth = 0"))
    api.asked.clear()
    again = shell("run", "--ids", ids, "--no-build", "--json")
    assert (again.code, again.json["skipped"], again.json["unchanged"], again.json["rows"]) == (0, 2, 3, 0)
    assert set(api.asked) == {"begun", "under-way", "odd"}
    assert shell.rows(frozen) == jobs
    assert shell.rows("FROM raw.job_payloads ORDER BY ALL") == payloads
    moved = dict(shell.rows("SELECT root_job_id, observed_at FROM core.jobs WHERE depth = 0"))
    assert {job_id for job_id in moved if moved[job_id] > observed[job_id]} == {"begun", "under-way", "odd"}


def test_no_build_stops_after_core_and_publishes_nothing(shell: "Shell", api: "Api") -> None:
    ran = shell("run", "--ids", shell.write("ids.txt", api.fleet_ids[:3]), "--no-build")
    assert ran.code == 0
    assert shell.rows("SELECT count(DISTINCT root_job_id) FROM core.jobs") == [(3,)]
    assert shell.rows("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'marts'") == [(0,)]
    assert not shell.published.exists()
    assert "Published" not in ran.out


def test_a_run_without_a_list_takes_what_cce_job_ids_names(shell: "Shell", api: "Api") -> None:
    shell.write("lists/a.txt", api.fleet_ids[:2])
    shell.write("lists/b.txt", api.fleet_ids[1:4])
    extra = shell.write("extra.txt", api.fleet_ids[4:5])
    ran = shell("run", "--no-build", "--json", CCE_JOB_IDS=f"lists/*.txt,{extra}")
    assert (ran.code, ran.json["requested"], ran.json["fetched"]) == (0, 5, 5)


def test_a_run_without_any_list_asks_every_pending_or_running_job_known(
    shell: "Shell", api: "Api", script: "Callable[..., Answer]", job_body: Callable[..., bytes]
) -> None:
    api.answers = {
        "done": script(job_body("done")),
        "under-way": script(job_body("under-way", "Running")),
        "busy": script(b"", 503),
    }
    ids = shell.write("ids.txt", ["done", "under-way", "busy", "forgotten"])
    assert shell("run", "--ids", ids, "--no-build", CCE_MAX_ATTEMPTS="1").code == 1
    assert shell.states() == {"done": "finished", "under-way": "running", "busy": "pending", "forgotten": "gone"}
    api.asked.clear()
    api.answers["busy"] = script(job_body("busy"))
    ran = shell("run", "--no-build", "--json")
    assert (ran.code, ran.json["requested"]) == (0, 2)
    assert set(api.asked) == {"under-way", "busy"}
    assert shell.letters() == []


def test_a_run_with_nothing_to_do_says_so(shell: "Shell") -> None:
    ran = shell("run")
    assert ran.code == 0
    assert "nothing to do" in ran.err
    assert "CCE_JOB_IDS" in ran.err


def test_ids_come_from_standard_input_and_from_several_lists(shell: "Shell", api: "Api") -> None:
    one = shell.write("one.txt", api.fleet_ids[:2])
    piped = "\n".join(api.fleet_ids[1:3]).encode()
    ran = shell("run", "--ids", one, "--ids", "-", "--no-build", "--json", stdin=piped)
    assert (ran.code, ran.json["requested"]) == (0, 3)


def test_a_job_fetched_running_and_then_finished_has_two_payloads_and_its_last_tree(
    shell: "Shell", api: "Api", script: "Callable[..., Answer]", job_body: Callable[..., bytes]
) -> None:
    ids = shell.write("ids.txt", ["job"])
    states = []
    for phase in ("Running", "Success"):
        api.answers["job"] = script(job_body("job", phase))
        assert shell("run", "--ids", ids).code == 0
        states.append(shell.states()["job"])
    assert states == ["running", "finished"]
    assert shell.rows("SELECT count(*), count(DISTINCT fetched_at) FROM raw.job_payloads") == [(2, 2)]
    assert shell.rows("SELECT phase FROM core.jobs ORDER BY path") == [("Success",), ("Success",)]
    assert shell.rows("SELECT phase FROM marts.root_jobs", shell.published) == [("Success",)]


def test_a_job_once_seen_and_then_gone_keeps_its_rows(
    shell: "Shell", api: "Api", script: "Callable[..., Answer]", job_body: Callable[..., bytes]
) -> None:
    ids = shell.write("ids.txt", ["job"])
    api.answers["job"] = script(job_body("job", "Running"))
    assert shell("run", "--ids", ids, "--no-build").code == 0
    api.answers.clear()
    ran = shell("run", "--ids", ids, "--json")
    assert (ran.code, ran.json["gone"]) == (0, 1)
    assert shell.states() == {"job": "gone"}
    assert shell.rows("SELECT phase FROM core.jobs WHERE depth = 0", shell.published) == [("Running",)]


def test_the_account_of_a_run_is_told_in_words(shell: "Shell", api: "Api") -> None:
    ran = shell("run", "--ids", shell.write("ids.txt", [*api.fleet_ids[:2], "forgotten"]))
    assert ran.out.splitlines()[0] == "3 requested: 2 fetched, 0 unchanged, 0 finished before, 1 gone, 0 failed."
    assert ran.out.splitlines()[-1] == f"Published {shell.published}."
