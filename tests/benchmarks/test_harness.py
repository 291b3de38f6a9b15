"""Medians, costs a unit, targets; a contender in a process of its own, and one that fails."""

import pytest

from benchmarks.contender import Stopwatch
from benchmarks.harness import Contender, ContenderError, Result, Sample, at_least, at_most, compare, serving

KILOBYTE = 1_000


def counts(watch: Stopwatch, *, units: int) -> int:
    """Be a contender that does nothing."""
    with watch:
        return units


def fails(watch: Stopwatch) -> int:
    """Be a contender that does not come through."""
    with watch:
        raise RuntimeError("the server said no")


def announces(announce: object) -> None:
    """Be a server that is ready at once, and ends."""
    assert callable(announce)
    announce("http://127.0.0.1:1")


def test_a_result_is_the_medians_of_its_samples() -> None:
    result = Result(
        [
            Sample(seconds=2.0, cpu_seconds=1.0, peak_bytes=30 * KILOBYTE, units=10),
            Sample(seconds=8.0, cpu_seconds=0.5, peak_bytes=10 * KILOBYTE, units=10),
            Sample(seconds=4.0, cpu_seconds=3.0, peak_bytes=20 * KILOBYTE, units=10),
        ]
    )
    assert (result.seconds, result.cpu_seconds, result.peak_bytes) == (4.0, 1.0, 20 * KILOBYTE)
    assert (result.units_per_second, result.cpu_seconds_per_unit, result.peak_bytes_per_unit) == (2.5, 0.1, 2_000)


def test_a_target_is_met_on_its_limit_and_on_its_good_side() -> None:
    assert [at_most("x", value, 2.0).is_met for value in (1.0, 2.0, 2.1)] == [True, True, False]
    assert [at_least("x", value, 2.0).is_met for value in (1.9, 2.0, 3.0)] == [False, True, True]


def test_each_contender_runs_in_a_process_of_its_own_as_often_as_asked() -> None:
    found = compare({"it": Contender(counts, {"units": 7})}, repeats=2)
    assert [sample.units for sample in found["it"].samples] == [7, 7]
    assert all(sample.peak_bytes > KILOBYTE for sample in found["it"].samples)


def test_a_contender_that_fails_is_named_with_what_it_said() -> None:
    with pytest.raises(ContenderError, match=r"(?s)fails ended with code 1:.*the server said no"):
        compare({"it": Contender(fails)}, repeats=1)


def test_a_server_tells_when_it_is_ready_and_one_that_is_never_ready_is_an_error() -> None:
    with serving(announces, {}) as endpoint:
        assert endpoint == "http://127.0.0.1:1"
    with (
        pytest.raises(ContenderError, match="announces_nothing ended before it was ready"),
        serving(announces_nothing, {}),
    ):
        pass


def announces_nothing(announce: object) -> None:
    """Be a server that ends before it is ready."""
