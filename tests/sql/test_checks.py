"""Each check finds no rows in correct data, and finds the fault that is planted for it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from cce_etl.models.model import Check, read_checks, run_check, sql_directory

CHECKS = {check.name: check for check in read_checks(sql_directory())}
NEVER = "make_timestamp_ns(0)"
CLUSTER = f"BY NAME SELECT 's' AS source, 'c' AS cluster_id, {NEVER} AS observed_at"
COPY_LEAF = "INSERT INTO core.jobs SELECT * REPLACE ({}) FROM core.jobs WHERE job_id = 'leaf'"
# A thousand jobs a year before all others, so that what the others bring is new.
HISTORY = (
    "INSERT INTO core.jobs SELECT * EXCLUDE (range) REPLACE ('old' AS job_id, 'Old' AS job_type, NULL AS extra, "
    "make_timestamp_ns(epoch_ns(created_at) - 31536000000000000) AS created_at) "
    "FROM (FROM core.jobs WHERE job_id = 'leaf'), range(1000); "
)
# Five nights of 200 jobs, and a sixth of 60; every other count is 0.
_COUNTS = (
    *("requested", "skipped", "unchanged", "gone", "failed", "dead_lettered", "core_row_count"),
    *("request_count", "retry_count", "throttled_count", "waited_seconds", "received_bytes"),
)
NIGHTS = f"""
    INSERT INTO raw.fetch_runs BY NAME
    SELECT 's' AS source, night::VARCHAR AS run_id, 'run' AS command,
        make_timestamp_ns(night * 86400000000000) AS started_at,
        CASE WHEN night = 5 THEN 60 ELSE 200 END AS fetched, {", ".join(f"0 AS {name}" for name in _COUNTS)}
    FROM range(6) AS nights(night)
"""
FAULTS = {
    "clock_findings_are_complete": "INSERT INTO intermediate.clock_findings SELECT * FROM intermediate.clock_findings",
    "clusters_agree_with_listings": f"INSERT INTO core.clusters {CLUSTER}",
    "clusters_have_one_state_at_a_time": f"INSERT INTO core.clusters {CLUSTER} FROM range(2)",
    "compared_roots_are_enough": "DELETE FROM intermediate.compared_roots",
    "comparisons_are_consistent": "INSERT INTO intermediate.comparisons (job_type, rank) VALUES ('x', 2)",
    "comparisons_key_is_unique": "INSERT INTO intermediate.comparisons (job_type, rank) VALUES ('x', 1), ('x', 1)",
    "core_jobs_have_parents": "UPDATE core.jobs SET parent_job_id = 'elsewhere' WHERE job_id = 'leaf'",
    "core_jobs_key_is_unique": COPY_LEAF.format("'twin' AS job_id"),
    "core_trees_have_one_root": "DELETE FROM core.jobs WHERE depth = 0 AND root_job_id = 'r'",
    "critical_paths_sum_to_roots": "UPDATE core.steps SET critical_self_seconds = critical_self_seconds + 1e-9",
    "critical_seconds_are_consistent": "UPDATE core.steps SET critical_seconds = NULL WHERE job_id = 'leaf'",
    "data_quality_findings_are_complete": "DELETE FROM marts.data_quality_findings",
    "data_quality_findings_are_rare": (
        "INSERT INTO core.steps SELECT * EXCLUDE (range) REPLACE (range::VARCHAR AS job_id) "
        "FROM marts.steps, range(300); "
        "INSERT INTO marts.data_quality_findings BY NAME SELECT source, job_id, 'planted' AS finding FROM marts.steps"
    ),
    "dead_letters_are_few": (
        "INSERT INTO raw.dead_letters SELECT * EXCLUDE (range) REPLACE (range::VARCHAR AS job_id) "
        "FROM (FROM raw.dead_letters LIMIT 1), range(20)"
    ),
    "duration_changes_lie_between_roots": (
        "INSERT INTO marts.duration_changes (job_type, before_root_count) VALUES ('x', 6)"
    ),
    "duration_changes_agree_with_comparisons": "INSERT INTO marts.duration_changes (job_type) VALUES ('x')",
    "failed_roots_agree_with_root_jobs": "UPDATE marts.failed_roots SET path = 'elsewhere'",
    "failed_roots_have_one_cause": "INSERT INTO core.failure_causes SELECT * FROM core.failure_causes",
    "failure_reasons_sum_to_failed_roots": "UPDATE marts.failure_reasons SET failure_count = failure_count + 1",
    "hierarchy_findings_are_complete": (
        "INSERT INTO intermediate.hierarchy_findings (finding) VALUES ('cluster_mismatch')"
    ),
    "fetches_are_as_usual": NIGHTS,
    "finished_ids_are_loaded": "UPDATE core.jobs SET canonical_phase = 'Running' WHERE depth = 0",
    "identity_findings_are_complete": "DELETE FROM intermediate.identity_findings WHERE finding = 'missing_uid'",
    "ingest_coverage_is_consistent": "UPDATE marts.ingest_coverage SET coverage_rate = 0",
    "ingest_coverage_counts_all_ids": "DELETE FROM marts.ingest_coverage",
    "ingest_durations_daily_sum_to_runs": "INSERT INTO marts.ingest_durations_daily (run_count) VALUES (1)",
    "ingest_failure_rates_daily_are_rates": "INSERT INTO marts.ingest_failure_rates_daily (asked_count) VALUES (1)",
    "ingest_failure_rates_daily_sum_to_runs": "INSERT INTO marts.ingest_failure_rates_daily (run_count) VALUES (1)",
    "ingest_run_rates_agree_with_counts": "INSERT INTO marts.ingest_runs (run_id) VALUES ('x')",
    "ingest_runs_agree_with_fetch_runs": "INSERT INTO intermediate.ingest_runs (run_id) VALUES ('x')",
    "job_keys_are_known": HISTORY + """UPDATE core.jobs SET extra = '{"spec": {"tier": 1}}' WHERE job_id = 'leaf'""",
    "job_phases_are_known": "UPDATE core.jobs SET phase = 'Paused', canonical_phase = NULL WHERE job_id = 'leaf'",
    "job_types_are_known": HISTORY + "UPDATE core.jobs SET job_type = 'Brand' || 'New' WHERE job_id = 'leaf'",
    "all_jobs_are_root_jobs_and_steps": "CREATE OR REPLACE VIEW intermediate.all_jobs AS FROM marts.steps",
    "relocated_jobs_are_steps": "UPDATE core.relocated_jobs SET depth = depth + 1",
    "no_job_is_lost": "DELETE FROM core.steps WHERE job_id = 'leaf'",
    "open_dead_letters_are_unique": "INSERT INTO raw.dead_letters SELECT * FROM raw.dead_letters",
    "raw_job_ids_are_unique": "INSERT INTO raw.job_ids SELECT * FROM raw.job_ids",
    "reasons_have_templates": "INSERT INTO intermediate.reason_lines (reason) VALUES ('unheard of')",
    "root_jobs_are_consistent": "UPDATE core.root_jobs SET duration_seconds = duration_seconds + 1",
    "root_jobs_are_no_steps": "INSERT INTO core.root_jobs SELECT * REPLACE ('x' AS job_id) FROM marts.root_jobs",
    "root_jobs_key_is_unique": "INSERT INTO core.root_jobs SELECT * FROM marts.root_jobs",
    "root_placements_are_consistent": "UPDATE core.root_placements SET hop_count = hop_count + 1",
    "running_jobs_agree_with_root_jobs": "INSERT INTO marts.running_jobs (job_id) VALUES ('x')",
    "running_steps_agree_with_steps": "UPDATE marts.running_steps SET is_stuck = NOT is_stuck",
    "running_steps_agree_with_curves": "UPDATE marts.running_steps SET age_percentile = 99",
    "running_steps_are_complete": "DELETE FROM marts.running_steps",
    "running_steps_probabilities_are_rates": "UPDATE marts.running_steps SET success_rate_10_minutes = 1.5",
    "slo_burn_rates_cover_the_last_day": "UPDATE marts.slo SET burn_rate = 1",
    "slo_counts_are_consistent": "UPDATE marts.slo SET within_count = step_count + 1",
    "slo_targets_agree_with_slo": "DELETE FROM intermediate.slo_targets",
    "step_blame_agrees_with_steps": "UPDATE marts.step_blame SET day_count = day_count + 1",
    "step_blame_savings_are_consistent": "UPDATE marts.step_blame SET saved_seconds = root_seconds + 1",
    "step_blame_shares_sum_to_at_most_one": "UPDATE marts.step_blame SET critical_path_share = critical_path_share + 1",
    "step_cohorts_agree_with_comparisons": "INSERT INTO marts.step_cohorts (job_type) VALUES ('x')",
    "step_cohorts_are_findings": "INSERT INTO marts.step_cohorts (job_type, ratio) VALUES ('x', 1.1)",
    "step_durations_by_dimension_sum_to_steps": "UPDATE marts.step_durations_by_cluster SET cluster_id = NULL",
    "step_durations_are_consistent": "UPDATE marts.step_durations SET p95_seconds = p99_seconds + 1",
    "step_durations_daily_are_consistent": "UPDATE marts.step_durations_daily SET p50_seconds = -1",
    "step_durations_daily_phases_sum_to_steps": (
        "UPDATE marts.step_durations_daily SET running_count = running_count + 1"
    ),
    "step_durations_daily_sum_to_totals": "DELETE FROM marts.step_durations_daily WHERE created_on IS NULL",
    "step_durations_by_part_sum_to_totals": "DELETE FROM marts.step_durations_by_cluster WHERE cluster_id = 'c'",
    "step_failure_rates_are_rates": "UPDATE marts.step_failure_rates SET failure_rate_low = failure_rate + 0.1",
    "step_failure_rates_are_quotients": "UPDATE intermediate.step_failure_rates SET blamed_rate = 0.5",
    "step_failure_rates_daily_agree_with_durations": "UPDATE marts.step_failure_rates_daily SET created_on = NULL",
    "step_failure_rates_daily_are_rates": "UPDATE marts.step_failure_rates_daily SET failure_rate_high = 1.5",
    "step_failure_rates_daily_sum_to_totals": "DELETE FROM marts.step_failure_rates_daily WHERE finished_count > 0",
    "comparison_cutoffs_are_first_running_steps": (
        "INSERT INTO intermediate.comparison_cutoffs (source, job_type) VALUES ('s', 'x')"
    ),
    "step_savings_are_of_slow_steps": "INSERT INTO intermediate.step_savings (source, job_type) VALUES ('s', 'x')",
    "step_survival_counts_all_steps": "UPDATE marts.step_survival SET at_risk_count = at_risk_count + 1",
    "step_survival_is_a_curve": "UPDATE marts.step_survival SET survival = survival + 0.1",
    "steps_are_in_their_trees": "UPDATE core.root_jobs SET step_count = step_count + 1",
    "steps_agree_with_their_clocks": "UPDATE core.steps SET wait_seconds = 1",
    "steps_key_is_unique": "INSERT INTO core.steps SELECT * REPLACE ('twin' AS job_id) FROM marts.steps",
    "steps_sum_to_loaded_jobs": "UPDATE core.steps SET ordinal = ordinal + 1",
}


@pytest.fixture(scope="module")
def built(node: Any, build: Any) -> Any:
    """Return good data that is not simple: nesting, a cycle, no uid, no start, running, failed, resolved letters."""
    trees = [
        node("r", node("x", end=30), node("", phase="Failed"), node("idle", start=None, phase="Initializing"), end=40),
        node("x", node("leaf", end=20), node("on", start=5, phase="Running")),
        node("a", node("b")),
        node("b", node("a")),
        node("f", phase="Failed"),
    ]
    built = build(*trees)
    built.connection.execute(
        "INSERT INTO raw.job_ids BY NAME SELECT 's' AS source, 'r' AS job_id, 'finished' AS state, 1 AS attempts"
    )
    for resolved_at in ("NULL", NEVER, NEVER):
        built.connection.execute(
            f"""INSERT INTO raw.dead_letters (source, job_id, kind, message, attempts, failed_at, resolved_at)
            VALUES ('s', 'lost', 'gone', 'gone', 1, {NEVER}, {resolved_at})"""
        )
    built.build_all()
    return built


@pytest.fixture
def warehouse(built: Any) -> Iterator[Any]:
    """Yield the good data, and undo what a test does to it."""
    built.connection.execute("BEGIN")
    yield built
    built.connection.execute("ROLLBACK")


def test_every_check_has_a_fault_and_a_table() -> None:
    assert FAULTS.keys() == CHECKS.keys()
    assert {name for name, check in CHECKS.items() if not check.table or not check.description} == set()


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.name)
def test_every_check_says_what_to_do_about_its_rows(check: Check) -> None:
    assert re.search(r"^-- to do: [A-Z].+", check.sql, re.MULTILINE)
    assert check.description.endswith(".")
    assert "to do:" not in check.description


def test_good_data_fails_no_check(warehouse: Any) -> None:
    assert {name: rows for name, check in CHECKS.items() if (rows := run_check(warehouse.connection, check))} == {}


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_planted_fault_is_found(warehouse: Any, name: str) -> None:
    warehouse.connection.execute(FAULTS[name])
    assert run_check(warehouse.connection, CHECKS[name]) != []


def test_a_finished_id_that_was_never_loaded_is_found(warehouse: Any) -> None:
    warehouse.connection.execute("UPDATE raw.job_ids SET job_id = 'unloaded'")
    assert [row["job_id"] for row in run_check(warehouse.connection, CHECKS["finished_ids_are_loaded"])] == ["unloaded"]


def test_a_second_root_of_a_tree_is_found(warehouse: Any) -> None:
    warehouse.connection.execute(COPY_LEAF.format("0 AS depth"))
    assert [row["root_count"] for row in run_check(warehouse.connection, CHECKS["core_trees_have_one_root"])] == [2]
