"""What goes wrong in `cce-etl run`: one id's trouble stays its own, a run's trouble ends in one clear line.

Does not live here: signals (`test_app_interruption`), what `doctor` says of the same (`test_doctor`).
"""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Answer, Api, Ran, Shell

HTML = b"<html><body>Bad Gateway " + b"x" * 2_000
DEEP = b'{"spec":{"subJobs":[' * 1_001 + b'{"metadata":{}}' + b"]}}" * 1_001
# Letters of these ids, in the order of their names: the kind, the HTTP status, how the kept excerpt begins.
EXPECTED = {
    "array": ("not_an_object", 200, "[1]"),
    "deep": ("too_deep", 200, '{"spec":{"subJobs":['),
    "empty": ("empty_body", 200, ""),
    "forbidden": ("forbidden", 403, '{"error_code":"CCE.01403001"'),
    "html": ("invalid_json", 200, "<html><body>Bad Gateway"),
    "other": ("uid_mismatch", 200, '{"kind": "Job", "apiVersion": "v3", "metadata": {"uid": "another"'),
    "scalar": ("not_an_object", 200, "null"),
    "teapot": ("unexpected_status", 418, "short and stout"),
    "truncated": ("invalid_json", 200, '{"kind": "Job"'),
    "wrong": ("wrong_type", 200, '{"metadata":{"uid":"wrong"},"spec":{"type":7}}'),
    "zeroes": ("invalid_json", 200, "\\x00\\x00"),
}


@pytest.fixture(scope="module")
def mixed(
    tmp_path_factory: pytest.TempPathFactory,
    served: "Api",
    make_shell: "Callable[[Path, str | None], Shell]",
    script: "Callable[..., Answer]",
    job_body: Callable[..., bytes],
) -> "tuple[Shell, Ran]":
    """Run once over eleven bad answers, one forgotten id, one bad id and four good jobs."""
    served.reset()
    served.answers = {
        "array": script(b"[1]"),
        "deep": script(DEEP),
        "empty": script(b""),
        "forbidden": script(b'{"error_code":"CCE.01403001","error_msg":"no right","request_id":"r"}', 403),
        "html": script(HTML),
        "other": script(job_body("another")),
        "scalar": script(b"null"),
        "teapot": script(b"short and stout", 418),
        "truncated": script(job_body("truncated")[:-40]),
        "wrong": script(b'{"metadata":{"uid":"wrong"},"spec":{"type":7}}'),
        "zeroes": script(b"\0" * 8),
    }
    shell = make_shell(tmp_path_factory.mktemp("mixed"), served.endpoint)
    # Job ids of the fleet stand between the bad ones.
    ids = [*served.fleet_ids[:2], *served.answers, "forgotten", "no id!", *served.fleet_ids[2:4]]
    return shell, shell("run", "--ids", shell.write("ids.txt", ids), "--json")


def test_every_bad_answer_is_a_dead_letter_with_reason_status_and_the_bodys_beginning(
    mixed: "tuple[Shell, Ran]",
) -> None:
    letters = mixed[0].rows("SELECT job_id, kind, http_status, body_excerpt, message, attempts FROM raw.dead_letters")
    assert {letter[0] for letter in letters} == set(EXPECTED)
    for job_id, kind, status, body_excerpt, message, attempts in letters:
        assert (kind, status) == EXPECTED[job_id][:2]
        assert body_excerpt.startswith(EXPECTED[job_id][2])
        assert len(body_excerpt) <= 500
        assert message
        assert attempts == 1


def test_the_other_ids_of_a_run_with_bad_answers_are_unharmed(mixed: "tuple[Shell, Ran]", served: "Api") -> None:
    shell, ran = mixed
    roots = shell.rows("SELECT DISTINCT root_job_id FROM core.jobs", shell.published)
    assert {root for (root,) in roots} == set(served.fleet_ids[:4])
    assert {state for job_id, state in shell.states().items() if job_id in EXPECTED} == {"dead"}
    assert shell.states()["forgotten"] == "gone"
    assert ran.code == 1


def test_the_account_of_a_run_with_bad_answers_adds_up(mixed: "tuple[Shell, Ran]") -> None:
    summary = mixed[1].json
    # 4 good, 11 bad, 1 forgotten, 1 that is no id and was never asked for, so it is no dead letter
    assert {name: summary[name] for name in ("requested", "fetched", "skipped", "unchanged", "gone", "failed")} == {
        "requested": 17,
        "fetched": 4,
        "skipped": 0,
        "unchanged": 0,
        "gone": 1,
        "failed": 12,
    }
    assert summary["dead_lettered"] == 11


def test_a_bad_id_is_warned_of_with_file_and_line_and_not_asked_for(mixed: "tuple[Shell, Ran]", served: "Api") -> None:
    shell, ran = mixed
    assert f"Warning: {shell.folder}/ids.txt:15: 'no id!' is no job id; it is left out." in ran.err
    assert not any("no" in asked and "id" in asked for asked in served.asked)


def test_a_bad_id_of_control_characters_cannot_steer_the_terminal(shell: "Shell", api: "Api") -> None:
    ran = shell("run", "--ids", shell.write("ids.txt", ["\x1b[31mred", api.fleet_ids[1]]), "--no-build")
    assert ran.code == 1
    assert "\x1b" not in ran.err
    assert "ids.txt:1" in ran.err


def test_bad_bodies_are_kept_but_never_a_second_time(
    shell: "Shell", api: "Api", script: "Callable[..., Answer]", job_body: Callable[..., bytes]
) -> None:
    ids = shell.write("ids.txt", ["bad"])
    api.answers["bad"] = script(HTML)
    assert [shell("run", "--ids", ids, "--no-build").code for _ in range(2)] == [1, 1]
    assert shell.rows("SELECT body_bytes FROM raw.job_payloads") == [(len(HTML),)]
    assert shell.rows("SELECT job_id, attempts, resolved_at FROM raw.dead_letters") == [("bad", 2, None)]
    api.answers["bad"] = script(job_body("bad"))
    assert shell("run", "--ids", ids, "--no-build").code == 0
    assert shell.states() == {"bad": "finished"}
    assert shell.letters() == []
    assert shell.rows("SELECT count(*) FROM raw.dead_letters WHERE resolved_at IS NOT NULL") == [(1,)]


def test_gone_alone_is_no_failure(shell: "Shell") -> None:
    ran = shell("run", "--ids", shell.write("ids.txt", ["forgotten"]), "--no-build", "--json")
    assert (ran.code, ran.json["gone"], ran.json["failed"], ran.json["dead_lettered"]) == (0, 1, 0, 0)
    assert shell.states() == {"forgotten": "gone"}


@pytest.mark.parametrize(
    ("missing", "named"),
    [("CCE_AUTH_TOKEN", "CCE_AUTH_TOKEN"), ("CCE_PROJECT_ID", "CCE_PROJECT_ID"), ("CCE_ENDPOINT", "CCE_REGION")],
)
def test_a_missing_setting_is_named_and_nothing_is_made(shell: "Shell", missing: str, named: str) -> None:
    before = list(shell.folder.iterdir())
    del shell.environment[missing]
    ran = shell("run")
    assert ran.code == 2
    assert ran.err.startswith("Error: ")
    assert named in ran.err
    assert ran.out == ""
    assert list(shell.folder.iterdir()) == before


@pytest.mark.parametrize(
    "arguments",
    [["--ids", "nowhere.txt"], ["--concurrency", "0"], ["--rate", "fast"], ["--endpoint", "http://example.com"]],
)
def test_a_wrong_option_or_list_is_exit_2_and_nothing_is_made(shell: "Shell", arguments: list[str]) -> None:
    before = list(shell.folder.iterdir())
    ran = shell("run", *arguments)
    assert ran.code == 2
    assert ran.err
    assert list(shell.folder.iterdir()) == before


def test_a_refused_token_stops_the_run_after_few_requests_and_leaves_every_id_pending(
    shell: "Shell", api: "Api"
) -> None:
    ids = shell.write("ids.txt", api.fleet_ids)
    ran = shell("run", "--ids", ids, "--concurrency", "4", CCE_AUTH_TOKEN="voided-canary")
    assert ran.code == 3
    assert "CCE_AUTH_TOKEN" in ran.err
    assert "voided-canary" not in ran.err + ran.out
    assert not any(b"voided-canary" in path.read_bytes() for path in shell.folder.iterdir())
    assert api.asked.total() <= 4
    assert set(shell.states().values()) == {"pending"}
    assert shell.letters() == []
    api.asked.clear()
    assert shell("run", "--no-build").code == 0
    assert set(api.asked) == set(api.fleet_ids)


def test_a_403_for_every_id_stops_the_run_and_names_the_permission(
    shell: "Shell", api: "Api", script: "Callable[..., Answer]"
) -> None:
    refusal = json.dumps({"error_code": "CCE.01403001", "error_msg": "no right"}).encode()
    api.answers = {job_id: script(refusal, 403) for job_id in api.fleet_ids}
    ran = shell("run", "--ids", shell.write("ids.txt", api.fleet_ids), "--concurrency", "2")
    assert ran.code == 3
    assert "cce:job:get" in ran.err
    assert api.asked.total() <= 12


def test_an_error_body_that_sends_the_token_back_is_kept_without_it(
    shell: "Shell", api: "Api", script: "Callable[..., Answer]"
) -> None:
    # The shell looks through all output and files for the token.
    api.answers["echo"] = script(b"your headers: X-Auth-Token: " + shell.environment["CCE_AUTH_TOKEN"].encode(), 400)
    assert shell("run", "--ids", shell.write("ids.txt", ["echo"]), "--no-build").code == 1
    assert shell.rows("SELECT body_excerpt FROM raw.dead_letters") == [("your headers: X-Auth-Token: ***",)]


@pytest.mark.parametrize(
    "change", [{"CCE_PROJECT_ID": "of-another-region"}, {"CCE_ENDPOINT": "{endpoint}/wrong/prefix"}]
)
def test_a_wrong_address_or_project_is_exit_2_and_says_which_settings_to_look_at(
    shell: "Shell", api: "Api", change: dict[str, str]
) -> None:
    shell.environment |= {name: value.format(endpoint=api.endpoint) for name, value in change.items()}
    ran = shell("run", "--ids", shell.write("ids.txt", api.fleet_ids))
    assert ran.code == 2
    assert "APIGW.0101" in ran.err
    assert "CCE_ENDPOINT" in ran.err
    assert "CCE_PROJECT_ID" in ran.err
    assert set(shell.states().values()) == {"pending"}


def test_an_address_where_nobody_listens_is_one_clear_line(shell: "Shell", api: "Api") -> None:
    ids = shell.write("ids.txt", api.fleet_ids)
    ran = shell("run", "--ids", ids, "--max-attempts", "1", CCE_ENDPOINT="http://127.0.0.1:9")
    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert "cce-etl doctor" in ran.err
    assert set(shell.states().values()) == {"pending"}


HOLDER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def test_a_warehouse_that_another_process_holds_is_exit_4_and_names_the_process(shell: "Shell") -> None:
    command = [sys.executable, "-c", HOLDER, str(shell.warehouse)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        for arguments in (["run"], ["build"], ["replay"], ["publish"], ["status"]):
            ran = shell(*arguments)
            assert ran.code == 4
            assert f"PID {holder.pid}" in ran.err
        holder.stdin.close()


def test_one_path_for_warehouse_and_published_file_is_exit_2_and_loses_nothing(shell: "Shell", api: "Api") -> None:
    shell.environment["CCE_PUBLISHED"] = f"{shell.folder}/../{shell.folder.name}/warehouse.duckdb"
    ran = shell("run", "--ids", shell.write("ids.txt", api.fleet_ids[:2]))
    assert ran.code == 2
    assert "CCE_PUBLISHED" in ran.err
    assert shell.rows("SELECT count(*) FROM raw.job_payloads") == [(2,)]


def test_a_disk_that_is_full_is_exit_4_without_a_traceback_and_the_warehouse_stays_whole(
    shell: "Shell", api: "Api"
) -> None:
    # The largest size of a file stands for the size of the disk; the signal of it is ignored, as Python does.
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))"
    ids = shell.write("ids.txt", api.fleet_ids)
    ran = shell.ended(shell.start("run", "--ids", ids, before=full))
    assert ran.code == 4
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("Error: ")
    assert shell("run", "--ids", ids).code == 0
    assert shell.rows("SELECT count(*) FROM raw.job_payloads") == [(24,)]


def test_a_warehouse_that_is_no_database_is_exit_4(shell: "Shell") -> None:
    shell.write("warehouse.duckdb", b"not a database, but long enough to be taken for one" * 200)
    ran = shell("run")
    assert ran.code == 4
    assert "is not a DuckDB file" in ran.err


def test_a_compressed_body_is_kept_as_the_job_and_not_as_its_gzip(
    shell: "Shell", api: "Api", script: "Callable[..., Answer]", job_body: Callable[..., bytes]
) -> None:
    # Bytes that are gzip without a header that says so are no JSON.
    api.answers = {"zipped": script(gzip.compress(job_body("zipped")))}
    assert shell("run", "--ids", shell.write("ids.txt", ["zipped"]), "--no-build").code == 1
    assert shell.letters() == [("zipped", "invalid_json", 200)]
