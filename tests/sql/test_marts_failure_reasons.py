"""Reasons of failures: which share a template, what a failure cost, and how the next job ended."""

import re
from itertools import chain
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from cce_etl.demo import failure_reasons
from cce_etl.demo.failure_reasons import failure_reason

REASONS = "SELECT job_type, reason_template, failure_count FROM marts.failure_reasons ORDER BY ALL"
AFTER = "SELECT followed_count, recovered_count, recovery_rate FROM marts.failure_reasons"


@pytest.fixture
def told(build: Any) -> Any:
    """Return a loader of trees whose jobs have columns by id: their reason, their resource."""

    def load(*roots: Any, **columns: dict[str, str]) -> Any:
        warehouse = build(*roots)
        for column, values in columns.items():
            for job_id, value in values.items():
                warehouse.connection.execute(f"UPDATE core.jobs SET {column} = ? WHERE job_id = ?", [value, job_id])
        return warehouse

    return load


@pytest.fixture(scope="module")
def templates(build: Any) -> Any:
    """Return what gives the template of each reason."""

    def templates_of(*reasons: str) -> list[str | None]:
        warehouse = build()
        warehouse.connection.execute(
            """INSERT INTO core.jobs BY NAME SELECT
                's' AS source, 'r' AS job_id, 'r' AS root_job_id, '' AS path, 0 AS depth, 0 AS ordinal, TRUE AS is_leaf,
                TRUE AS has_uid, 'Failed' AS canonical_phase, unnest($1::VARCHAR[]) AS reason""",
            [reasons],
        )
        found = dict(warehouse.rows("SELECT reason, reason_template FROM intermediate.reason_templates"))
        return [found[reason] for reason in reasons]

    return templates_of


SAME = [
    (
        "Install node <*> failed: tried <*> times",
        "Install node 192.168.3.4 failed: tried 3 times",
        "Install node 10.0.0.17:22 failed: tried 12 times",
        "Install node fe80::f816:3eff:fe12:3456 failed: tried 1 times",
        "Install node worker-a failed: tried 2 times",
        "Install  node\n\tworker1\x00 failed: tried 2 times ",
        "Install node `worker` failed: tried 2 times",
        "Install node worker.prod.example.com failed: tried 2 times",
    ),
    (
        "Create server <*> failed: error code Ecs.0219, quota exceeded: cores",
        "Create server ecs-7f3a failed: error code Ecs.0219, quota exceeded: cores",
        "Create server 0b9e8f4a-84c1-11ee-b9d1-0242ac120002 failed: error code Ecs.0219, quota exceeded: cores",
        "Create server 7f3a1e2b123411ee8c990242ac120002 failed: error code Ecs.0219, quota exceeded: cores",
        "Create server 73112233123411338399024233120002 failed: error code Ecs.0219, quota exceeded: cores",
    ),
    ("[<*>] ssh: timed out", "[10.0.0.1:22] ssh: timed out", "[fd00::1] ssh: timed out"),
    (
        "dial tcp <*>: connect: connection refused",
        "dial tcp 10.0.0.1:5443: connect: connection refused",
        "dial tcp [2001:db8::1]:5443: connect: connection refused",
    ),
    (
        "<*> Timeout after <*>s",
        "2018-08-02 08:12:40.672772389 +0000 UTC Timeout after 300s",
        "2024-01-02T03:04:05.678Z Timeout after 5m0s",
        "Tue, 02 Jan 2024 15:04:05 GMT Timeout after 1h0m1.5s",
        "E1124 11:44:39.123456 Timeout after 90s",
    ),
    ("Disk usage <*>% is over <*>%", "Disk usage 93.5% is over 90%", "Disk usage 7% is over 2.5%"),
    (
        "nodes <*> are not ready",
        'nodes "worker-a", "worker-b" are not ready',
        "nodes worker-1, worker-2, worker-3 are not ready",
    ),
    (
        "Subnet <*> of vpc=<*> has <*> addresses",
        "Subnet subnet-0a1b of vpc=main has 5/250 addresses",
        "Subnet 5d0a7b9e of vpc=other has 10/99 addresses",
    ),
    (
        '{"code":"Ecs.0114","request_id":<*>}',
        '{"code":"Ecs.0114","request_id":"req-1"}',
        '{"code":"Ecs.0114","request_id":"a8b7"}',
    ),
    ("MAC <*> is in use", "MAC fa:16:3e:12:34:56 is in use", "MAC fa:16:3e:ab:cd:ef is in use"),
    ("节点 <*> 创建失败", "节点 node-1 创建失败", "节点 10.0.0.9 创建失败"),
    ("panic at <*>", "panic at 0x7fff5fbff8c0", "panic at 0xc0"),
]


def test_the_same_reason_has_one_template_whatever_it_names(templates: Any) -> None:
    found = iter(templates(*(reason for _, *reasons in SAME for reason in reasons)))
    assert [[next(found) for _ in reasons] for _, *reasons in SAME] == [[first] * len(rest) for first, *rest in SAME]


APART = (
    "error code Ecs.0219",
    "error code Ecs.0220",
    "status code: 404",
    "status code: 503",
    "No IPv4 address left",
    "No IPv6 address left",
    "Flavor c7n.large.2 is sold out",
    "Flavor c7n.xlarge.4 is sold out",
    'The volume is "ERROR"',
    'The volume is "DETACHED"',
    "std::bad_alloc",
    "std::out_of_range",
    "can't reach node's kubelet",
    "Wait for kube-apiserver: connection refused",
    "Wait for kube-proxy: connection refused",
)


def test_other_reasons_keep_their_words(templates: Any) -> None:
    assert templates(*APART) == list(APART)


def test_a_template_is_one_line_of_at_most_300_characters(templates: Any) -> None:
    long, blank, hidden = templates("word " * 10_000, " \t\n", "\u200b \x07")
    assert (len(long), long[:10]) == (300, "word word ")
    assert (blank, hidden) == (None, None)


@examples(max_examples=10, deadline=None)
@given(reasons=st.lists(st.text(max_size=60), min_size=30, max_size=60))
def test_no_text_leaves_a_number_or_a_control_character(templates: Any, reasons: list[str]) -> None:
    for template in filter(None, templates(*reasons)):
        assert len(template) <= 300
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]|^ | $|  |(^|[ (,;])[0-9]+($|[ ),;])", template)


def test_the_synthetic_reasons_have_as_many_templates_as_they_were_made_from(templates: Any) -> None:
    rng = Random(7)
    kinds = ("InstallNode", "InstallMaster", "CreateServer", "Other")
    reasons = [failure_reason(rng, kind, f"{rng.getrandbits(128):032x}") for kind in kinds for _ in range(150)]
    made_from = [*chain(*failure_reasons._BY_JOB_TYPE.values()), *failure_reasons._OTHERS]
    assert len(set(templates(*reasons))) == len(made_from)


def test_the_blamed_steps_reason_counts_and_the_roots_where_it_has_none(node: Any, told: Any) -> None:
    trees = [
        node("r1", node("a1", phase="Failed", job_type="Pull"), phase="Failed"),
        node("r2", node("a2", phase="Failed", job_type="Pull"), phase="Failed"),
        node("r3", node("a3", phase="Failed", job_type="Pull"), phase="Failed"),
        node("r4", node("a4", job_type="Pull"), phase="Failed", job_type=None),
        node("r5", node("a5", phase="Failed"), phase="Running"),
    ]
    words = {"r1": "sub job failed", "a1": "no image", "r2": "out of time", "a2": " ", "r4": "broken", "a5": "early"}
    assert told(*trees, reason=words).rows(REASONS) == [
        ("Pull", "(no reason given)", 1),
        ("Pull", "no image", 1),
        ("Pull", "out of time", 1),
        (None, "broken", 1),
    ]


def test_what_was_lost_runs_from_the_roots_start_to_the_end_of_the_blamed_job(node: Any, told: Any) -> None:
    trees = [
        node("r1", node("a", phase="Failed", start=30, end=40.000000001), phase="Failed", end=900),
        node("r2", node("b", phase="Failed", start=-9, end=-5), phase="Failed", end=50),
        node("r3", node("c", phase="Failed", end=None), phase="Failed", end=70),
        node("r4", node("d", phase="Failed", end=20), phase="Failed", start=None, end=60),
        node("r5", phase="Failed", job_type="Root", start=None, end=None),
    ]
    rows = told(*trees).rows(
        """SELECT job_type, failure_count, root_count, seconds_lost,
            epoch_ns(first_failed_at) - epoch_ns(last_failed_at), example_job_id
        FROM marts.failure_reasons ORDER BY job_type"""
    )
    assert rows == [("Root", 1, 5, None, None, "r5"), ("T", 4, 5, 40.000000001, -75 * 10**9, "r3")]


def test_the_next_finished_job_on_the_same_resource_says_whether_it_recovered(node: Any, told: Any) -> None:
    trees = [
        node("failed", phase="Failed", start=0, end=100),
        node("before", start=-50, end=-10),
        node("at the same time", start=99, end=300),
        node("still running", phase="Running", start=110),
        node("next", phase="Success", start=150, end=200),
        node("later", phase="Failed", start=300, end=400, job_type="T"),
        node("another resource", phase="Failed", start=101, end=102),
        node("another type", phase="Failed", start=101, end=102, job_type="Other"),
    ]
    resources = {tree.job_id: "node" for tree in trees if tree.job_id != "another resource"}
    warehouse = told(*trees, resource_id=resources)
    rows = warehouse.rows("SELECT root_job_id, next_root_job_id, next_phase FROM marts.failed_roots ORDER BY ALL")
    assert rows == [
        ("another resource", None, None),
        ("another type", None, None),
        ("failed", "next", "Success"),
        ("later", None, None),
    ]
    assert warehouse.rows(f"{AFTER} WHERE job_type = 'T'") == [(1, 1, 1.0)]


def test_a_job_that_failed_again_is_no_recovery(node: Any, told: Any) -> None:
    trees = [node(f"r{start}", phase="Failed", start=start, end=start + 5) for start in (0, 10, 20)]
    assert told(*trees, node("r30", start=30, end=40)).rows(AFTER) == [(3, 1, 1 / 3)]


def test_of_jobs_that_start_at_once_the_smallest_id_comes_next(node: Any, build: Any) -> None:
    twins = [node("b", start=20, end=30), node("a", phase="Failed", start=20, end=25, job_type="T")]
    warehouse = build(node("r", phase="Failed", end=10), *twins)
    rows = warehouse.rows("SELECT next_root_job_id, next_phase FROM marts.failed_roots WHERE root_job_id = 'r'")
    assert rows == [("a", "Failed")]


def test_other_sources_and_jobs_without_a_resource_are_not_followed(node: Any, build: Any) -> None:
    failed, later = node("r", phase="Failed", cluster_id=None), node("later", start=50, end=60, cluster_id=None)
    assert build(failed, later).rows(AFTER) == [(0, 0, None)]
    assert build(node("r", phase="Failed"), others={"t": (node("l", start=50, end=60),)}).rows(AFTER) == [(0, 0, None)]


def test_the_example_is_the_last_failure(node: Any, told: Any) -> None:
    trees = [node(job_id, phase="Failed", end=end) for job_id, end in (("r1", 5), ("r3", 9), ("r2", 9), ("r4", None))]
    warehouse = told(*trees, reason={f"r{number}": f"node {number} is gone" for number in range(1, 5)})
    rows = warehouse.rows("SELECT reason_template, example_job_id, example_reason FROM marts.failure_reasons")
    assert rows == [("node <*> is gone", "r2", "node 2 is gone")]
