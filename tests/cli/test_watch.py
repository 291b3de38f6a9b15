"""A live job followed over real HTTP: what is printed, how it ends, and that nothing is kept."""

import json
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.cli.test_app_interruption import wait_until

if TYPE_CHECKING:
    from aiohttp import web

    from tests.conftest import Shell

QUICK = ("watch", "live", "--every", "0.01")


@dataclass
class Job:
    """The answers to come for any job, the last one for good: a body or a status and a body."""

    answers: list[bytes | tuple[int, bytes]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def answer(
        self, request: "web.Request", _: "Callable[[web.Request], Awaitable[web.StreamResponse]]"
    ) -> "web.StreamResponse":
        """Answer the next one."""
        from aiohttp import web

        self.asked.append(request.path)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        status, content = answer if isinstance(answer, tuple) else (200, answer)
        return web.Response(body=content, status=status, content_type="application/json")


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Job, str]]:
    from cce_etl.demo.fleet import build_fleet
    from tests.fake_api.server import fake_api

    job = Job()

    # aiohttp marks a middleware with an attribute, which a bound method does not take.
    async def answer(
        request: "web.Request", handler: "Callable[[web.Request], Awaitable[web.StreamResponse]]"
    ) -> "web.StreamResponse":
        return await job.answer(request, handler)

    with fake_api(build_fleet(seed=5, job_count=1, ends_at_ns=0), middlewares=[answer]) as endpoint:
        yield job, endpoint


@pytest.fixture
def live(served: tuple[Job, str]) -> Job:
    """Return the job that is watched, nothing asked of it yet."""
    served[0].asked.clear()
    return served[0]


@pytest.fixture
def shell(
    live: Job, served: tuple[Job, str], tmp_path: Path, make_shell: "Callable[[Path, str | None], Shell]"
) -> "Shell":
    made = make_shell(tmp_path, served[1])
    made.environment["CCE_MAX_ATTEMPTS"] = "1"
    return made


def body(phase: str, *steps: tuple[str, str], reason: str = "") -> bytes:
    """Return a job of 30 s with steps of it: their types and phases."""

    def job(uid: str, kind: str, phase: str, sub_jobs: Sequence[Any] = ()) -> dict[str, Any]:
        day = "2026-02-01 08:00:"
        clocks = {"creationTimestamp": f"{day}00 +0000 UTC", "updateTimestamp": f"{day}30.25 +0000 UTC"}
        status = {"phase": phase, "reason": reason if phase == "Failed" else ""}
        return {"metadata": {"uid": uid, **clocks}, "spec": {"type": kind, "subJobs": list(sub_jobs)}, "status": status}

    inner = [job(f"step-{kind}", kind, step_phase) for kind, step_phase in steps]
    return json.dumps(job("live", "CreateCluster", phase, inner)).encode()


def publish_curve(path: Path, source: str = "test") -> None:
    """Write a published file in which half of the InstallMaster steps had succeeded after a second."""
    with duckdb.connect(path) as connection:
        connection.execute("CREATE SCHEMA marts")
        connection.execute(
            """
            CREATE TABLE marts.step_survival AS SELECT $1 AS source, 'InstallMaster' AS job_type,
                unnest([1.0, 1e12]) AS seconds, unnest([4, 2]) AS at_risk_count, 2 AS succeeded_count,
                0 AS failed_count, unnest([0.5, 0.0]) AS survival, unnest([0.5, 1.0]) AS success_incidence
            """,
            [source],
        )
        connection.execute(
            """
            CREATE TABLE marts.root_jobs (
                source VARCHAR, job_type VARCHAR, phase VARCHAR, is_finished BOOLEAN, duration_seconds DOUBLE,
                elapsed_seconds DOUBLE
            )
            """
        )


def said(out: str) -> list[str]:
    """Return the lines less their time and what depends on the clock."""
    return [line.split(" UTC ", 1)[1].partition(", for ")[0] for line in out.splitlines()]


def test_a_job_is_followed_to_its_success_a_line_a_change_and_nothing_is_kept(live: Job, shell: "Shell") -> None:
    live.answers = [
        body("Initializing"),
        body("Running", ("CreatePSMCert", "Success"), ("InstallMaster", "Running")),
        body("Running", ("CreatePSMCert", "Success"), ("InstallMaster", "Running")),
        body("Success", ("CreatePSMCert", "Success"), ("InstallMaster", "Success")),
    ]
    ran = shell(*QUICK)
    assert ran.code == 0
    assert said(ran.out) == [
        "CreateCluster (live): Initializing",
        "CreateCluster (live): Initializing -> Running",
        "CreateCluster > CreatePSMCert (step-CreatePSMCert): Success, after 30.2 s",
        "CreateCluster > InstallMaster (step-InstallMaster): Running",
        "CreateCluster (live): Running -> Success, after 30.2 s",
        "CreateCluster > InstallMaster (step-InstallMaster): Running -> Success, after 30.2 s",
    ]
    assert len(live.asked) == 4
    assert ran.err.startswith("Ages are not compared: There is no published file at ")
    assert list(shell.folder.iterdir()) == []


def test_a_job_that_fails_is_exit_1_with_its_reason_made_harmless(live: Job, shell: "Shell") -> None:
    live.answers = [body("Running"), body("Failed", ("InstallMaster", "Failed"), reason="no\x1b[31m\nquota")]
    ran = shell(*QUICK)
    assert ran.code == 1
    assert said(ran.out)[1:] == [
        "CreateCluster (live): Running -> Failed, after 30.2 s, no\\x1b[31m\\x0aquota",
        "CreateCluster > InstallMaster (step-InstallMaster): Failed, after 30.2 s, no\\x1b[31m\\x0aquota",
    ]


def test_a_phase_nobody_knows_does_not_end_it(live: Job, shell: "Shell") -> None:
    live.answers = [body("Paused"), body("JobPhaseSUCCESS")]
    ran = shell(*QUICK)
    assert (ran.code, said(ran.out)[0]) == (0, "CreateCluster (live): Paused")


def test_ages_stand_against_their_kind_in_the_published_file(live: Job, shell: "Shell") -> None:
    publish_curve(shell.published)
    live.answers = [body("Running", ("InstallMaster", "Running"), ("New", "Running")), body("Success")]
    ran = shell(*QUICK)
    assert (ran.code, ran.err) == (0, "")
    _, install, new = ran.out.splitlines()[:3]
    assert install.endswith(
        " s, older than 50% of its type (n = 4), 0% succeed within 10 min, 0% succeed within 30 min"
    )
    assert new.endswith(" s")


def test_a_source_that_was_never_published_is_told_and_no_obstacle(live: Job, shell: "Shell") -> None:
    publish_curve(shell.published, source="other")
    live.answers = [body("Success")]
    ran = shell(*QUICK)
    assert ran.code == 0
    assert "no finished step of the source test" in ran.err


def test_a_warehouse_in_use_is_no_obstacle(live: Job, shell: "Shell") -> None:
    live.answers = [body("Success")]
    with duckdb.connect(shell.warehouse):
        before = shell.warehouse.read_bytes()
        assert shell(*QUICK).code == 0
        assert shell.warehouse.read_bytes() == before


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ((404, b'{"errorCode": "CCE.01404001"}'), 5, "Job live is gone"),
        ((401, b'{"errorCode": "CCE.01401001"}'), 3, "401"),
        ((403, b'{"errorCode": "CCE.01403001"}'), 3, "permission cce:job:get"),
        ((404, b'{"error_code": "APIGW.0101"}'), 2, "CCE_ENDPOINT"),
        ((503, b""), 5, "could not be fetched, after 1 tries"),
        ((200, b"<html>"), 5, "The answer for job live is no such job"),
        ((200, b'{"metadata": {"uid": "another"}, "spec": {}}'), 5, "asked for live, got the job 'another'"),
    ],
)
def test_what_ends_a_watch_early_is_one_clear_line_and_never_the_exit_code_of_a_failed_job(
    live: Job, shell: "Shell", answer: tuple[int, bytes], code: int, words: str
) -> None:
    live.answers = [body("Running"), answer]
    ran = shell(*QUICK)
    assert ran.code == code
    assert said(ran.out) == ["CreateCluster (live): Running"]
    (line,) = ran.err.splitlines()[1:]
    assert line.startswith("Error: ")
    assert words in line


def test_throttling_is_waited_out(live: Job, shell: "Shell") -> None:
    live.answers = [(429, b'{"error_code": "APIGW.0308"}'), body("Success")]
    assert shell(*QUICK).code == 0
    assert len(live.asked) == 2


def test_an_api_that_is_not_there_is_exit_5(live: Job, shell: "Shell") -> None:
    ran = shell(*QUICK, CCE_ENDPOINT="http://127.0.0.1:1")
    assert ran.code == 5
    assert "Check CCE_ENDPOINT, the network and HTTPS_PROXY." in ran.err


def test_a_job_of_an_autopilot_cluster_is_asked_for_at_its_own_path(live: Job, shell: "Shell") -> None:
    live.answers = [body("Success")]
    assert shell(*QUICK, "--autopilot").code == 0
    assert [path.split("/projects/")[0] for path in live.asked] == ["/autopilot/v3"]


@pytest.mark.parametrize("job_id", ["../x", "a b", ""])
def test_what_cannot_be_a_job_id_is_exit_2_and_asks_nothing(live: Job, shell: "Shell", job_id: str) -> None:
    ran = shell("watch", job_id)
    assert ran.code == 2
    assert live.asked == []


def test_of_several_sources_one_must_be_named(live: Job, shell: "Shell") -> None:
    table = f'[[sources]]\nname = "{{}}"\nproject_id = "p"\nendpoint = "{shell.environment["CCE_ENDPOINT"]}"\n'
    shell.write("cce-etl.toml", table.format("one") + table.format("two"))
    ran = shell(*QUICK, CCE_SOURCE=None)
    assert ran.code == 2
    assert "one, two. Name one with --source." in ran.err
    live.answers = [body("Success")]
    assert shell(*QUICK, "--source", "two", CCE_SOURCE=None).code == 0


def test_ctrl_c_is_exit_130_and_leaves_the_job_alone(live: Job, shell: "Shell") -> None:
    live.answers = [body("Running")]
    process = shell.start("watch", "live", "--every", "30")
    wait_until(lambda: len(live.asked) == 1, process)
    assert process.stdout is not None
    first = process.stdout.readline().decode()
    process.send_signal(signal.SIGINT)
    ran = shell.ended(process)
    assert (ran.code, ran.out) == (130, "")
    assert said(first) == ["CreateCluster (live): Running"]
    assert ran.err.splitlines()[-1] == "Error: Stopped watching; the job itself goes on."
