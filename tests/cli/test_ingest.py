"""`cce-etl discover`, `run --discover`, `dead-letters`, several sources, and a warehouse in use.

Lives here: what a user types and sees. Does not: `run` and `load` alone (`test_app_run`, `test_app_load`).
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN
from cce_etl.demo.fleet import build_fleet
from tests.conftest import Answer, Api, Shell
from tests.fake_api.server import fake_api

HOLD = """
import duckdb, sys, time
with duckdb.connect(sys.argv[1]) as connection:
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def hold(path: Path, seconds: float) -> "subprocess.Popen[bytes]":
    """Hold a warehouse from another process for some seconds."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path), str(seconds)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_discover_notes_what_the_lists_name_and_run_fetches_it(api: Api, shell: Shell) -> None:
    found = shell("discover")
    assert found.code == 0
    assert f"{len(api.fleet_ids)} jobs, {len(api.fleet_ids)} of them new" in found.err
    ran = shell("run", "--no-build", "--json")
    assert ran.code == 0
    assert ran.json["fetched"] == ran.json["requested"] > len(api.fleet_ids)


def test_run_with_discover_needs_no_list(api: Api, shell: Shell) -> None:
    ran = shell("run", "--discover", "--json")
    assert ran.json["fetched"] > len(api.fleet_ids)
    assert "clusters" in ran.err


def test_dead_letters_are_listed_by_reason_and_retried_and_stay_marked_as_resolved(api: Api, shell: Shell) -> None:
    first, second = api.fleet_ids[:2]
    api.answers[first] = Answer(b"<html>down</html>")
    api.answers[second] = Answer(b'{"error_code":"CCE.01403001","error_msg":"no right"}', 403)
    assert shell("run", "--no-build", "--ids", shell.write("ids.txt", [first, second])).code == 1
    listed = shell("dead-letters")
    assert listed.code == 0
    assert "invalid_json" in listed.out
    assert "forbidden" in listed.out
    assert {letter["job_id"] for letter in shell("dead-letters", "--json").json} == {first, second}

    api.answers.clear()
    retried = shell("dead-letters", "--retry", "--json")
    assert (retried.code, retried.json["fetched"], retried.json["failed"]) == (0, 2, 0)
    assert shell("dead-letters").out == "No dead letter is open.\n"
    kept = shell.rows("SELECT count(*), count(resolved_at) FROM raw.dead_letters")
    assert kept == [(2, 2)]


def test_a_body_that_can_be_read_after_an_upgrade_comes_through_by_replay(
    api: Api, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = api.fleet_ids[0]
    with monkeypatch.context() as older:
        older.setattr("cce_etl.transform.payload.MAX_LEVELS", 1)  # an older version that could not read trees
        assert shell("run", "--no-build", "--ids", shell.write("ids.txt", [job_id])).code == 1
    assert [letter["kind"] for letter in shell("dead-letters", "--json").json] == ["too_deep"]
    replayed = shell("dead-letters", "--replay")
    assert "1 jobs could be read after all" in replayed.err
    assert shell.rows("SELECT count(*) FROM core.jobs")[0][0] > 1
    assert shell.rows("SELECT state IN ('finished', 'running') FROM raw.job_ids") == [(True,)]
    assert shell("dead-letters", "--json").json == []


def test_a_warehouse_in_use_is_waited_for(api: Api, shell: Shell) -> None:
    assert shell("run", "--no-build", "--ids", shell.write("ids.txt", api.fleet_ids[:1])).code == 0
    with hold(shell.warehouse, 1.0) as holder:
        ran = shell("publish", "--lock-wait-seconds", "30")
        assert holder.wait() == 0
    assert ran.code == 0


def test_a_warehouse_in_use_for_too_long_is_exit_4_and_names_the_process(api: Api, shell: Shell) -> None:
    assert shell("run", "--no-build", "--ids", shell.write("ids.txt", api.fleet_ids[:1])).code == 0
    with hold(shell.warehouse, 60.0) as holder:
        ran = shell("build", "--lock-wait-seconds", "0.5")
        holder.kill()
    assert ran.code == 4
    assert f"PID {holder.pid}" in ran.err


def test_files_are_their_owners_alone_and_a_published_file_keeps_the_rights_given_to_it(api: Api, shell: Shell) -> None:
    ids = shell.write("ids.txt", api.fleet_ids[:2])
    assert shell("run", "--ids", ids).code == 0
    assert [path.stat().st_mode & 0o777 for path in (shell.warehouse, shell.published)] == [0o600, 0o600]
    shell.published.chmod(0o640)
    assert (shell("run", "--no-build", "--ids", ids).code, shell("publish").code) == (0, 0)
    assert [path.stat().st_mode & 0o777 for path in (shell.warehouse, shell.published)] == [0o600, 0o640]


def sources(endpoint: str, other: str) -> str:
    tables = [
        f'[[sources]]\nname = "{name}"\nendpoint = "{url}"\nproject_id = "{DEMO_PROJECT_ID}"\n'
        f'auth_token_env = "TOKEN_{name}"\njob_ids = "{name}.txt"\n'
        for name, url in (("east", endpoint), ("west", other))
    ]
    return "rate_limit = 0\n" + "\n".join(tables)


def test_several_sources_are_fetched_in_one_run_each_with_its_own_list(api: Api, shell: Shell) -> None:
    west = build_fleet(99, 3, 1_782_871_200_000_000_000)
    with fake_api(west) as endpoint:
        shell.write("cce-etl.toml", sources(api.endpoint, endpoint))
        shell.write("east.txt", api.fleet_ids[:2])
        shell.write("west.txt", west.job_ids)
        own: dict[str, Any] = dict.fromkeys(("CCE_ENDPOINT", "CCE_PROJECT_ID", "CCE_AUTH_TOKEN", "CCE_SOURCE"))
        own |= {"TOKEN_east": DEMO_TOKEN, "TOKEN_west": DEMO_TOKEN}
        both = shell("run", "--no-build", "--json", **own)
        assert (both.code, both.json["fetched"]) == (0, 2 + len(west.job_ids))
        counted = shell.rows("SELECT source, count(DISTINCT root_job_id) FROM core.jobs GROUP BY ALL ORDER BY ALL")
        assert counted == [("east", 2), ("west", len(west.job_ids))]
        one = shell("run", "--no-build", "--source", "west", "--json", **own)
        assert one.json["requested"] == len(west.job_ids)
        unclear = shell("run", "--ids", "east.txt", **own)
        assert unclear.code == 2
        assert "east, west" in unclear.err
        refused = shell("run", **(own | {"TOKEN_east": "wrong"}))
        assert refused.code == 3
        assert "the source east was stopped" in refused.err
        assert f"{2 + len(west.job_ids)} requested" in refused.out
