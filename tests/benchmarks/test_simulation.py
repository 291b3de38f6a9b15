"""The simulated night: cases worked out by hand, and what holds of any fleet."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.simulation import Costs, Source, least, longest_first, simulate

FREE = Costs()
TEN_SECONDS = Source(jobs=100, rate_per_second=10)

sources = st.builds(
    Source, st.integers(1, 2_000), st.floats(1, 100, width=32), st.floats(0, 1, width=32, allow_subnormal=False)
)
fleets = st.lists(sources, min_size=1, max_size=12)
costs = st.builds(
    Costs,
    step=st.floats(0, 2),
    step_waiting=st.floats(0, 2),
    fetch_job=st.floats(0, 0.01),
    write_batch=st.floats(0, 2),
    write_job=st.floats(0, 0.01),
    write_file=st.floats(0, 0.1),
)


def minimum(fleet: list[Source], cost: Costs, workers: int, cores: int) -> float:
    return max(least(fleet, cost, workers, cores).values())


def test_a_source_takes_its_jobs_at_its_rate_and_its_first_answer() -> None:
    assert simulate([TEN_SECONDS], FREE, 1, 2) == 10
    assert simulate([Source(100, 10, latency_seconds=0.5)], FREE, 1, 2) == 10.5


def test_a_batch_is_written_while_the_next_one_comes() -> None:
    # Two batches of 50 jobs, five seconds each, and a second to write the last.
    assert simulate([TEN_SECONDS], Costs(write_job=0.02), 1, 2) == 11
    # Writing takes longer than fetching: the second batch is written from 15 to 25.
    assert simulate([TEN_SECONDS], Costs(write_job=0.2), 1, 2) == 25


def test_a_batch_pays_for_the_files_of_those_before_it() -> None:
    # Three batches: the first is written in no time, the second in a second, the last in two.
    assert simulate([Source(150, 10)], Costs(write_file=1), 1, 2) == 17


def test_a_batch_ends_at_its_seconds_or_its_jobs() -> None:
    assert FREE.batches(Source(120, 10)) == [50, 50, 20]
    assert FREE.batches(Source(2_500, 400)) == [1_000, 1_000, 500]
    assert FREE.batches(Source(2, 0.1)) == [1, 1]


def test_two_workers_halve_the_waiting_and_take_turns_to_write() -> None:
    both = [TEN_SECONDS, TEN_SECONDS]
    assert simulate(both, FREE, 1, 2) == 20
    assert simulate(both, FREE, 2, 2) == 10
    # Both have their last batch at ten seconds; the second one waits for its turn.
    assert simulate(both, Costs(write_job=0.02), 2, 2) == 12


def test_workers_share_the_cores() -> None:
    both = [Source(10, 10), Source(10, 10)]
    assert simulate(both, Costs(step=3), 2, 2) == 4
    assert simulate(both, Costs(step=3), 2, 1) == 7


def test_all_workers_but_the_first_pay_more_for_their_first_step() -> None:
    assert simulate([TEN_SECONDS] * 4, Costs(first_step_more=2), 2, 2) == 22


def test_the_longest_source_bounds_the_night_when_it_is_begun_last() -> None:
    fleet = [Source(10, 10), Source(10, 10), Source(30, 10)]
    assert simulate(fleet, FREE, 2, 2) == 4
    assert simulate(longest_first(fleet, FREE), FREE, 2, 2) == 3
    assert least(fleet, FREE, 2, 2) == {"the longest source": 3, "workers": 2.5, "cores": 0, "the write lock": 0}


@given(fleets, costs, st.integers(1, 8), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_no_night_is_shorter_than_the_least_possible(
    fleet: list[Source], cost: Costs, workers: int, cores: int
) -> None:
    assert simulate(fleet, cost, workers, cores) >= minimum(fleet, cost, workers, cores) * (1 - 1e-9)


@given(fleets, costs)
@settings(max_examples=25, deadline=None)
def test_one_worker_takes_the_sum_of_what_its_sources_take(fleet: list[Source], cost: Costs) -> None:
    assert simulate(fleet, cost, 1, 2) == pytest.approx(sum(map(cost.alone, fleet)))


@given(fleets, costs, st.integers(1, 7), st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_a_worker_more_never_costs_more_than_the_longest_source(
    fleet: list[Source], cost: Costs, workers: int, cores: int
) -> None:
    more = simulate(fleet, cost, workers + 1, cores)
    assert more <= simulate(fleet, cost, workers, cores) + max(map(cost.alone, fleet)) + 1e-6
