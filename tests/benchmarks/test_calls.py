"""How far one job id travels through the code of a run."""

from pathlib import Path
from types import ModuleType

from benchmarks.calls import Call, file_changes, one_id_run, recorded_calls

MOST_CALLS = 250
MOST_FILE_CHANGES = 135


def test_a_run_for_one_id_is_short() -> None:
    with one_id_run() as run:
        calls = recorded_calls(run)
    assert len(calls) <= MOST_CALLS
    assert file_changes(calls) <= MOST_FILE_CHANGES


def test_only_calls_of_our_own_functions_are_recorded() -> None:
    from cce_etl.timestamps import planned_time

    assert recorded_calls(lambda: (planned_time(""), Path("a").name, ModuleType("m"))) == [
        Call("timestamps.py", "planned_time")
    ]


def test_a_change_of_file_is_counted_between_neighbours() -> None:
    calls = [Call(file, "f") for file in ("a", "a", "b", "a")]
    assert file_changes(calls) == 2
