"""`cce-etl load` as a user meets it: every shape of file, no endpoint, no project, no token.

Does not live here: reading files (`extract/test_saved`), what v2 adds to v3 (`test_batch`).
"""

import gzip
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from tests.conftest import Api, Shell

FETCHED = "2026-02-01T09:00:00.000000007Z"


@pytest.fixture
def offline(tmp_path: Path, make_shell: "Callable[[Path, str | None], Shell]") -> "Shell":
    """Return a shell without endpoint, project, token and source."""
    shell = make_shell(tmp_path, None)
    del shell.environment["CCE_SOURCE"]
    return shell


def ids_of(shell: "Shell") -> list[str]:
    return [job_id for (job_id,) in shell.rows("SELECT job_id FROM core.jobs WHERE depth = 0 ORDER BY 1")]


def test_loading_needs_no_endpoint_project_or_token_and_publishes(
    offline: "Shell", job_body: Callable[..., bytes]
) -> None:
    ran = offline("load", offline.write("job.json", job_body("job")), "--json")
    assert ran.code == 0
    assert (ran.json["requested"], ran.json["fetched"], ran.json["rows"]) == (1, 1, 2)
    steps = offline.rows("SELECT source, job_type, duration_seconds FROM marts.steps", offline.published)
    assert steps == [("files", "InstallMaster", 20.000000003)]


def in_shape(shell: "Shell", shape: str, bodies: list[bytes]) -> str:
    """Write bodies to a file or folder of a shape, and return its path."""
    lines = b"\n".join(bodies)
    if shape == "folder":
        shell.write("folder/.hidden", b"not a job")
        paths = [Path(shell.write(f"folder/{number}.json", body)) for number, body in enumerate(bodies)]
        return str(paths[0].parent)
    jobs = [json.loads(body) for body in bodies]
    at = {"fetched_at": FETCHED}
    contents: dict[str, bytes | str] = {
        "array": b"[" + b",".join(bodies) + b"]",
        "ndjson": lines,
        "gzip": gzip.compress(lines),
        "zstd": zstd.compress(lines),
        "pretty": json.dumps(jobs, indent=2),
        "envelope": "\n".join(json.dumps(at | {"payload": job}) for job in jobs),
        "envelope_text": "\n".join(json.dumps(at | {"payload": body.decode()}) for body in bodies),
        "beside": "\n".join(json.dumps(at | job) for job in jobs),
    }
    return shell.write("jobs.any", contents[shape])


@pytest.mark.parametrize(
    "shape", ["array", "ndjson", "gzip", "zstd", "folder", "pretty", "envelope", "envelope_text", "beside"]
)
def test_two_jobs_load_from_every_shape_of_file(offline: "Shell", shape: str, job_body: Callable[..., bytes]) -> None:
    path = in_shape(offline, shape, [job_body("a"), job_body("b", "Running")])
    ran = offline("load", path, "--no-build", "--json")
    assert (ran.code, ran.json["fetched"]) == (0, 2)
    assert ids_of(offline) == ["a", "b"]
    assert offline.states() == {"a": "finished", "b": "running"}
    # Without a word of when it was fetched, the latest time in the tree is when it was seen.
    expected = FETCHED if "envelope" in shape or shape == "beside" else "2026-02-01T08:00:31.000000004"
    late = f"SELECT DISTINCT epoch_ns(observed_at) - epoch_ns('{expected.rstrip('Z')}'::TIMESTAMP_NS) FROM core.jobs"
    assert offline.rows(late) == [(0,)]


def test_the_exact_bytes_of_a_record_are_kept(offline: "Shell", job_body: Callable[..., bytes]) -> None:
    body = job_body("a").replace(b'"spec"', b'\n  "spec"')
    assert offline("load", offline.write("jobs.json", b"[ " + body + b" ]"), "--no-build").code == 0
    ((stored,),) = offline.rows("SELECT body FROM raw.job_payloads")
    assert zstd.decompress(stored) == body


def test_a_v2_array_loads_and_finishes_no_job(offline: "Shell", v2_body: Callable[..., bytes]) -> None:
    listed = b"[" + v2_body("a") + b"," + v2_body("b", "Running", "") + b"]"
    assert offline("load", offline.write("list.json", listed), "--no-build", "--json").json["fetched"] == 2
    assert set(offline.states().values()) == {"pending"}
    assert offline.rows("SELECT job_id, phase FROM core.jobs ORDER BY 1") == [("a", "Success"), ("b", "Running")]


def test_bad_records_are_dead_letters_that_name_file_and_place(
    offline: "Shell", job_body: Callable[..., bytes]
) -> None:
    lines = [job_body("a").decode(), "{broken", '{"kind": "Cluster"}', job_body(None).decode(), '"text"']
    ndjson = offline.write("jobs.ndjson", lines)
    array = offline.write("array.json", b"[" + job_body("b") + b', 7, {"metadata": {"uid": 5}}]')
    ran = offline("load", ndjson, array, "--no-build", "--json")
    assert ran.code == 1
    assert (ran.json["requested"], ran.json["fetched"], ran.json["failed"]) == (8, 2, 6)
    assert ran.json["dead_lettered"] == 6
    assert ids_of(offline) == ["a", "b"]
    letters = offline.rows("SELECT job_id, kind, message FROM raw.dead_letters")
    assert {(job_id, kind, message.partition(": ")[0]) for job_id, kind, message in letters} == {
        (None, "invalid_json", f"{ndjson}:2"),
        (None, "wrong_kind", f"{ndjson}:3"),
        (None, "missing_uid", f"{ndjson}:4"),
        (None, "not_an_object", f"{ndjson}:5"),
        (None, "not_an_object", f"{array}:1[1]"),
        (None, "wrong_type", f"{array}:1[2]"),
    }


def test_loading_twice_changes_nothing(offline: "Shell", job_body: Callable[..., bytes]) -> None:
    path = offline.write("jobs.ndjson", b"\n".join([job_body("a"), job_body("b", "Running"), b"{broken"]))
    tables = ("core.jobs", "raw.job_payloads", "(SELECT * EXCLUDE last_listed_at FROM raw.job_ids)")
    assert offline("load", path, "--no-build").code == 1
    before = [offline.rows(f"FROM {table} ORDER BY ALL") for table in tables]
    ran = offline("load", path, "--no-build", "--json")
    assert (ran.code, ran.json["fetched"], ran.json["unchanged"], ran.json["rows"]) == (1, 0, 2, 0)
    assert [offline.rows(f"FROM {table} ORDER BY ALL") for table in tables] == before
    assert offline.rows("SELECT count(*) FROM raw.dead_letters") == [(1,)]


def test_a_file_that_is_not_there_or_cut_off_is_exit_2_and_names_it(
    offline: "Shell", job_body: Callable[..., bytes]
) -> None:
    cut = offline.write("cut.json.gz", gzip.compress(job_body("a") * 50)[:-30])
    for path in ("nowhere.json", cut):
        ran = offline("load", path)
        assert ran.code == 2
        assert path in ran.err


def test_an_empty_folder_loads_nothing_and_says_so(offline: "Shell") -> None:
    (offline.folder / "empty").mkdir()
    ran = offline("load", "empty", "--no-build")
    assert ran.code == 0
    assert ran.out.startswith("0 requested")


def test_a_job_that_is_also_a_step_counts_once_whichever_tree_is_loaded_first(
    tmp_path: Path, make_shell: "Callable[[Path, str | None], Shell]", job_body: Callable[..., bytes]
) -> None:
    outer = job_body("outer")
    inner = job_body("outer-step").replace(b"CreateCluster", b"InstallMaster")
    answers = []
    for number, bodies in enumerate([(outer, inner), (inner, outer)]):
        shell = make_shell(tmp_path / str(number), None)
        for place, body in enumerate(bodies):
            assert shell("load", shell.write(f"{place}.json", body), "--no-build").code == 0
        assert shell("build").code == 0
        counts = (
            "SELECT (SELECT list(job_id) FROM marts.root_jobs), (SELECT list(job_id ORDER BY job_id) FROM marts.steps)"
        )
        answers.append(shell.rows(counts))
        assert shell.rows("SELECT root_job_id, count(*) FROM core.jobs GROUP BY ALL ORDER BY ALL") == [
            ("outer", 2),
            ("outer-step", 2),
        ]
    assert answers[0] == answers[1]
    ((roots, steps),) = answers[0]
    assert roots == ["outer"]
    assert steps.count("outer-step") == 1


def test_payloads_from_a_pipe_are_all_taken(shell: "Shell") -> None:
    lines = b"".join(b'{"metadata":{"uid":"j%d"},"status":{"phase":"Success"}}\n' % number for number in range(3_000))
    reading, writing = os.pipe()

    def give() -> None:
        with os.fdopen(writing, "wb") as sink:
            sink.write(lines)

    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(give)
        loaded = shell("load", f"/dev/fd/{reading}", "--no-build", "--json")
    os.close(reading)
    assert (loaded.code, loaded.json["requested"], loaded.json["fetched"]) == (0, 3_000, 3_000)


@pytest.mark.parametrize("uid", ["../../clusters?x=1", "a\\nb", "..", "a b"])
def test_a_uid_that_is_no_id_is_kept_but_never_asked_for(shell: "Shell", api: "Api", uid: str) -> None:
    body = '{"metadata":{"uid":"UID"},"spec":{},"status":{"phase":"Running"}}'.replace("UID", uid)
    loaded = shell("load", shell.write("odd.json", body), "--source", "test", "--no-build", "--json")
    assert loaded.json["fetched"] == 1
    ran = shell("run", "--json", "--no-build")
    assert (ran.code, ran.json["requested"], api.asked.total()) == (0, 0, 0)
