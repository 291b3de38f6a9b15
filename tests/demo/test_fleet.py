"""The whole synthetic fleet: it is deterministic, has the promised shape, and shows its ground truth."""

import json
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from statistics import median

import pytest

from cce_etl.demo.example import EXAMPLE_BODY, EXAMPLE_JOB_ID
from cce_etl.demo.fleet import AUTOPILOT_JOB_COUNT, HISTORY_DAYS, Fleet, autopilot_fleet, build_fleet
from cce_etl.demo.ground_truth import DAY_NS, FLAVOR_KEY, VERSION_KEY, ZONE_KEY
from cce_etl.timestamps import NANOSECONDS
from cce_etl.transform.flatten import JobRow, parse_payload

DIGEST_PROGRAM = """
from hashlib import sha256
from cce_etl.demo.fleet import build_fleet
fleet = build_fleet(seed=11, job_count=40, ends_at_ns={ends_at_ns})
print(sha256(b"".join(body for _, body in fleet.v3_bodies())).hexdigest())
"""


def durations_seconds(rows: list[JobRow]) -> list[float]:
    return [
        (row.updated_at - row.created_at) / NANOSECONDS
        for row in rows
        if row.phase == "Success" and row.created_at is not None and row.updated_at is not None
    ]


def split_by_start(rows: list[JobRow], since_ns: int) -> tuple[list[JobRow], list[JobRow]]:
    early = [row for row in rows if row.created_at is not None and row.created_at < since_ns]
    late = [row for row in rows if row.created_at is not None and row.created_at >= since_ns]
    return early, late


def failure_rate(rows: list[JobRow]) -> float:
    phases = Counter(row.phase for row in rows)
    return phases["Failed"] / (phases["Failed"] + phases["Success"])


def test_the_same_arguments_give_the_same_bytes_in_another_process_too(small_fleet: Fleet) -> None:
    program = DIGEST_PROGRAM.format(ends_at_ns=small_fleet.ends_at_ns)
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    digest = sha256(b"".join(body for _, body in small_fleet.v3_bodies())).hexdigest()
    assert other.stdout.strip() == digest


def test_a_body_does_not_depend_on_what_was_asked_before(small_fleet: Fleet) -> None:
    last = small_fleet.job_ids[-1]
    fresh = build_fleet(small_fleet.seed, len(small_fleet), small_fleet.ends_at_ns)
    assert fresh == small_fleet
    assert fresh.v3_body(last) == dict(small_fleet.v3_bodies())[last]


def test_another_seed_gives_other_jobs(small_fleet: Fleet) -> None:
    other = build_fleet(12, len(small_fleet), small_fleet.ends_at_ns)
    assert set(other.job_ids) & set(small_fleet.job_ids) == {EXAMPLE_JOB_ID}


def test_a_fleet_of_one_is_the_example_and_of_none_is_refused() -> None:
    assert list(build_fleet(1, 1, 0).v3_bodies()) == [(EXAMPLE_JOB_ID, EXAMPLE_BODY)]
    with pytest.raises(ValueError, match="at least the example job"):
        build_fleet(1, 0, 0)


def test_an_unknown_id_is_a_key_error(small_fleet: Fleet) -> None:
    with pytest.raises(KeyError):
        small_fleet.v3_body("unknown")
    with pytest.raises(KeyError):
        small_fleet.v2_body("unknown")


def test_the_id_asked_for_is_the_uid_of_the_body(small_fleet: Fleet) -> None:
    for job_id, body in small_fleet.v3_bodies():
        assert json.loads(body)["metadata"]["uid"] == job_id
        assert parse_payload(small_fleet.v2_body(job_id)).job_id == job_id


def test_all_uids_differ(rows: list[JobRow]) -> None:
    assert len({row.job_id for row in rows}) == len(rows)


def test_trees_have_two_to_four_levels_and_about_thirteen_nodes(trees: dict[str, list[JobRow]]) -> None:
    assert Counter(max(row.depth for row in tree) + 1 for tree in trees.values()).keys() == {2, 3, 4}
    assert 12 < sum(map(len, trees.values())) / len(trees) < 14


def test_most_jobs_succeed_some_fail_and_a_few_still_run(trees: dict[str, list[JobRow]]) -> None:
    phases = Counter(tree[0].phase for tree in trees.values())
    assert phases.keys() == {"Success", "Failed", "Running"}
    assert 0.05 < phases["Failed"] / len(trees) < 0.15
    assert 0.02 < phases["Running"] / len(trees) < 0.05


def test_running_jobs_hold_finished_running_and_planned_steps(trees: dict[str, list[JobRow]]) -> None:
    running = [tree for tree in trees.values() if tree[0].phase == "Running"]
    mixed = [tree for tree in running if {row.phase for row in tree} >= {"Success", "Running", "Initializing"}]
    assert len(mixed) > len(running) / 2


def test_the_parents_of_failed_steps_fail_and_have_reasons(rows: list[JobRow]) -> None:
    by_id = {row.job_id: row for row in rows}
    failed = [row for row in rows if row.phase == "Failed"]
    assert all(row.reason for row in failed)
    for row in failed:
        if row.parent_job_id is not None:
            assert by_id[row.parent_job_id].phase in ("Failed", "Running")
    assert any(row.phase == "Initializing" and by_id[row.root_job_id].phase == "Failed" for row in rows)


def test_started_steps_lie_inside_their_parents_and_the_history(fleet: Fleet, rows: list[JobRow]) -> None:
    by_id = {row.job_id: row for row in rows}
    for row in rows:
        if row.created_at is None or row.updated_at is None:
            assert row.phase == "Initializing"
            continue
        assert fleet.ends_at_ns - HISTORY_DAYS * DAY_NS <= row.created_at <= row.updated_at <= fleet.ends_at_ns
        if row.parent_job_id is not None:
            parent = by_id[row.parent_job_id]
            assert parent.created_at is not None and parent.updated_at is not None
            assert parent.created_at < row.created_at and row.updated_at <= parent.updated_at


def test_every_step_was_planned_shortly_before_it_started(fleet: Fleet, rows: list[JobRow]) -> None:
    waits_seconds = []
    for row in rows:
        assert row.planned_at is not None and row.planned_at <= fleet.ends_at_ns
        if row.created_at is not None:
            waits_seconds.append((row.created_at - row.planned_at) / NANOSECONDS)
    assert min(waits_seconds) >= 0 and max(waits_seconds) < 10


def test_some_steps_are_listed_out_of_order(trees: dict[str, list[JobRow]]) -> None:
    def is_in_order(tree: list[JobRow]) -> bool:
        starts = [row.created_at for row in tree if row.depth == 1 and row.created_at is not None]
        return starts == sorted(starts)

    shuffled_count = sum(not is_in_order(tree) for tree in trees.values())
    assert 0.1 < shuffled_count / len(trees) < 0.6


def test_times_have_nine_fraction_digits_or_six_with_trailing_zeros_dropped(rows: list[JobRow]) -> None:
    texts = [row.created_text for row in rows if row.created_text is not None and "." in row.created_text]
    fractions = [text.split(".")[1].split(" ")[0] for text in texts]
    lengths = Counter(map(len, fractions))
    assert lengths[9] > lengths[6] > lengths[8] > 0
    assert not any(fraction.endswith("0") for fraction in fractions)


def test_some_clusters_are_created_with_three_masters_and_some_with_one(trees: dict[str, list[JobRow]]) -> None:
    counts = Counter(
        sum(row.job_type == "InstallMaster" for row in tree)
        for tree in trees.values()
        if tree[0].job_type == "CreateCluster"
    )
    assert counts.keys() == {1, 3}


def test_install_master_takes_three_times_as_long_in_the_planted_cohort_only(fleet: Fleet, rows: list[JobRow]) -> None:
    slow = fleet.truth.slow
    cohort: list[JobRow] = []
    others: list[JobRow] = []
    for row in rows:
        if row.job_type == slow.job_type and row.created_at is not None:
            key = (row.extend_param[FLAVOR_KEY], row.extend_param[ZONE_KEY])
            (cohort if key == (slow.flavor, slow.zone) else others).append(row)
    early, late = split_by_start(cohort, slow.since_ns)
    _, others_late = split_by_start(others, slow.since_ns)
    usual_seconds = median(durations_seconds(others))
    assert len(late) > 50
    assert median(durations_seconds(late)) / usual_seconds == pytest.approx(slow.duration_ratio, rel=0.12)
    assert median(durations_seconds(early)) / usual_seconds == pytest.approx(1, rel=0.12)
    assert median(durations_seconds(others_late)) / usual_seconds == pytest.approx(1, rel=0.12)


def test_install_node_fails_at_the_planted_rates(fleet: Fleet, rows: list[JobRow]) -> None:
    failing = fleet.truth.failing
    installs = [row for row in rows if row.job_type == failing.job_type]
    cohort = [row for row in installs if row.extend_param[VERSION_KEY] == failing.version]
    others = [row for row in installs if row.extend_param[VERSION_KEY] != failing.version]
    assert failure_rate(cohort) == pytest.approx(failing.failure_rate, abs=0.05)
    assert failure_rate(others) == pytest.approx(failing.usual_failure_rate, abs=0.02)


def test_the_cohort_of_a_step_is_that_of_its_root(trees: dict[str, list[JobRow]]) -> None:
    for root, *steps in trees.values():
        for step in steps:
            for key in (FLAVOR_KEY, VERSION_KEY, ZONE_KEY):
                assert step.extend_param.get(key, root.extend_param[key]) == root.extend_param[key]


def test_the_v2_summaries_are_those_of_root_jobs(small_fleet: Fleet) -> None:
    summaries = [small_fleet.v2_summary(job_id) for job_id in small_fleet.job_ids]
    assert [summary["metadata"]["uid"] for summary in summaries] == list(small_fleet.job_ids)
    assert {summary["status"]["status"] for summary in summaries} <= {"Success", "Failed", "Running"}


def test_autopilot_jobs_are_few_and_none_of_them_is_in_the_fleet(fleet: Fleet) -> None:
    job_ids = autopilot_fleet(fleet).job_ids[1:]
    assert len(set(job_ids)) == AUTOPILOT_JOB_COUNT
    assert not set(job_ids) & set(fleet.job_ids)


def test_autopilot_jobs_depend_on_seed_and_end_only(small_fleet: Fleet) -> None:
    larger = build_fleet(small_fleet.seed, 100, small_fleet.ends_at_ns)
    assert autopilot_fleet(larger) == autopilot_fleet(small_fleet)
    other = build_fleet(small_fleet.seed + 1, 40, small_fleet.ends_at_ns)
    assert not set(autopilot_fleet(other).job_ids[1:]) & set(autopilot_fleet(small_fleet).job_ids)
