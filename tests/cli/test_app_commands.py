"""The other commands as a user meets them: sql, status, doctor, build, publish, replay, --help.

Does not live here: formats of results (`test_results`), what doctor finds (`test_doctor`).
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Answer, Api, Shell

HEAVY = ("aiohttp", "altair", "dagster", "duckdb", "httpx", "numpy", "pandas", "pyarrow", "rich", "scipy")

COMMANDS = (
    *("run", "load", "discover", "dead-letters", "replay", "build", "publish", "sql", "status", "doctor"),
    *("backup", "restore", "vacuum", "explain", "report", "trace", "watch", "demo", "demo-server"),
)


@pytest.fixture(scope="module")
def filled(
    tmp_path_factory: pytest.TempPathFactory,
    served: "Api",
    make_shell: "Callable[[Path, str | None], Shell]",
    script: "Callable[..., Answer]",
) -> "Shell":
    """Return a shell with the first eight jobs of the fleet, one forgotten id and one dead one."""
    served.reset()
    served.answers = {"dead": script(b"<html>")}
    shell = make_shell(tmp_path_factory.mktemp("filled"), served.endpoint)
    assert shell("run", "--ids", shell.write("ids.txt", [*served.fleet_ids[:8], "forgotten", "dead"])).code == 1
    return shell


def test_a_query_imports_no_library_but_duckdb_and_what_draws_tables(filled: "Shell") -> None:
    heavy = [name for name in HEAVY if name not in {"duckdb", "rich"}]
    at_the_end = (
        f"import atexit, sys; atexit.register(lambda: print([name for name in {heavy} if name in sys.modules]))"
    )
    done = filled.ended(filled.start("sql", "SELECT count(*) FROM marts.steps", before=at_the_end))
    assert done.code == 0
    assert done.out.splitlines()[-1] == "[]"


def test_a_query_never_goes_through_all_objects_for_garbage(filled: "Shell") -> None:
    at_the_end = (
        "import atexit, gc; atexit.register(lambda: print(gc.get_stats()[2]['collections'], gc.get_freeze_count() > 0))"
    )
    done = filled.ended(filled.start("sql", "SELECT count(*) FROM marts.steps", before=at_the_end))
    assert done.code == 0
    assert done.out.splitlines()[-1] == "0 True"


def test_help_imports_nothing_heavy() -> None:
    program = f"""
import sys
sys.argv = ["cce-etl", "--help"]
from cce_etl.cli import main
try:
    main()
except SystemExit:
    print("loaded:", [name for name in {HEAVY} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: []"
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout


def test_every_command_explains_itself_and_no_option_takes_a_secret(filled: "Shell") -> None:
    for command in COMMANDS:
        ran = filled(command, "--help")
        assert ran.code == 0
        assert "token" not in ran.out.lower()


def test_a_mistyped_command_or_option_is_exit_2(filled: "Shell") -> None:
    for arguments in (["ruin"], ["run", "--idz", "x"], ["sql"], ["sql", "SELECT 1", "-f", "xml"]):
        ran = filled(*arguments)
        assert ran.code == 2
        assert ran.err


@pytest.mark.parametrize(
    "query",
    [
        "SELECT nothing FROM nowhere",
        "SELEC 1",
        "",
        "SELECT error('at run time') FROM core.jobs",
        "SELECT moment FROM (SELECT TIMESTAMP_NS '2026-01-01' AS moment) WHERE error('late') = 1",
        "CREATE TABLE core.mine AS SELECT 1",
        "DELETE FROM core.jobs",
        "SELECT 1; DROP TABLE core.jobs",
        "ATTACH 'published.duckdb' AS again (READ_WRITE); DELETE FROM again.core.jobs",
    ],
)
def test_a_query_that_is_wrong_or_writes_is_one_clear_error_and_changes_nothing(filled: "Shell", query: str) -> None:
    before = filled.published.read_bytes()
    ran = filled("sql", query, "--format", "csv")
    assert ran.code == (0 if query == "" else 1)
    assert ran.err.startswith("Error: The query failed: " if query else "")
    assert filled.published.read_bytes() == before


def test_sql_without_a_published_file_says_what_to_do(filled: "Shell") -> None:
    ran = filled("sql", "SELECT 1", "--published", "nowhere.duckdb")
    assert ran.code == 4
    assert "cce-etl run" in ran.err
    assert not (filled.folder / "nowhere.duckdb").exists()


@pytest.mark.parametrize("command", ["build", "publish", "replay", "status"])
def test_a_missing_warehouse_is_exit_4_says_what_to_do_and_is_not_made(filled: "Shell", command: str) -> None:
    ran = filled(command, "--warehouse", "nowhere.duckdb")
    assert ran.code == 4
    assert "nowhere.duckdb" in ran.err
    assert "cce-etl run" in ran.err
    assert not (filled.folder / "nowhere.duckdb").exists()


def test_status_shows_states_failures_runs_and_rows(filled: "Shell") -> None:
    ran = filled("status")
    assert (ran.code, ran.err) == (0, "")
    words = [line.split() for line in ran.out.splitlines()]
    counts = Counter(filled.states().values())
    for state in ("finished", "running", "gone", "dead"):
        assert ["test", state, str(counts[state])] in words
    assert ["test", "invalid_json", "1", "dead:"] in [line[:4] for line in words]
    ((rows,),) = filled.rows("SELECT count(*) FROM core.jobs")
    assert ["core.jobs", f"{rows:,}"] in words


def test_status_as_json_is_one_object_with_the_same(filled: "Shell") -> None:
    ran = filled("status", "--json")
    assert (ran.code, ran.err, ran.out.count("\n")) == (0, "", 1)
    status = ran.json
    assert list(status) == ["coverage", "states", "failures", "runs", "table_rows", "raw_bodies"]
    assert {one["state"]: one["id_count"] for one in status["states"]} == Counter(filled.states().values())
    assert [(one["kind"], one["letter_count"]) for one in status["failures"]] == [("invalid_json", 1)]
    assert (status["runs"][0]["requested"], status["runs"][0]["failed"]) == (10, 1)


def test_build_makes_the_models_anew_and_lists_their_rows(filled: "Shell") -> None:
    before = filled.rows("FROM marts.steps ORDER BY ALL")
    ran = filled("build")
    assert (ran.code, ran.err) == (0, "")
    assert ["marts.steps", f"{len(before):,}"] in [line.split() for line in ran.out.splitlines()]
    assert filled.rows("FROM marts.steps ORDER BY ALL") == before


def test_replay_makes_core_and_marts_anew_from_raw(filled: "Shell") -> None:
    tables = ("core.jobs", "marts.steps", "marts.root_jobs", "marts.step_durations", "marts.data_quality_findings")
    before = [filled.rows(f"FROM {table} ORDER BY ALL") for table in tables]
    ran = filled("replay")
    assert (ran.code, ran.err) == (0, "")
    assert [filled.rows(f"FROM {table} ORDER BY ALL") for table in tables] == before


def test_publish_takes_over_what_was_loaded_since(filled: "Shell", job_body: Callable[..., bytes]) -> None:
    loaded = "SELECT count(*) FROM core.jobs WHERE root_job_id = 'later'"
    assert filled("load", filled.write("later.json", job_body("later")), "--no-build").code == 0
    assert filled.rows(loaded, filled.published) == [(0,)]
    ran = filled("publish")
    assert (ran.code, ran.out) == (0, f"Published {filled.published}.\n")
    assert filled.rows(loaded, filled.published) == [(2,)]


def test_doctor_ends_with_the_exit_code_of_what_is_wrong(filled: "Shell") -> None:
    assert filled("doctor").code == 0
    ran = filled("doctor", CCE_AUTH_TOKEN=None)
    assert ran.code == 2
    assert [line.split(":")[0] for line in ran.out.splitlines() if line.startswith("WRONG")] == [
        "WRONG  sign-in",
        "WRONG  API",
    ]
    assert "CCE_AUTH_TOKEN" in ran.out


def test_the_demo_server_can_be_run_against_with_what_it_prints(
    tmp_path: "Path", make_shell: "Callable[[Path, str | None], Shell]"
) -> None:
    shell = make_shell(tmp_path, None)
    with shell.start("demo-server", "--jobs", "5", "--port", "0", "--ids", "ids.txt") as server:
        assert server.stdout is not None
        lines = [server.stdout.readline().decode() for _ in range(6)]
        variables = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines if "export" in line)
        shell.environment |= variables
        # The canary is this server's own token, which it must print to be of use.
        ran = shell(*lines[-1].split()[1:], "--no-build", "--json")
        server.terminate()
        assert server.stderr is not None
        assert server.stderr.read() == b""
    assert (ran.code, ran.json["fetched"], server.returncode) == (0, 5, 0)
