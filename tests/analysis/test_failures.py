"""Failure rates, read from the mart."""

import pytest

from cce_etl.analysis import Published, failure_rates


def test_rates_come_highest_first_with_their_counts(published: Published) -> None:
    rates = failure_rates(published)
    first = rates.iloc[0]
    assert (first["job_type"], first["failed_count"], first["finished_count"]) == ("InstallMaster", 1, 4)
    assert rates["failure_rate"].is_monotonic_decreasing


def test_the_interval_is_wilsons(published: Published) -> None:
    first = failure_rates(published).iloc[0]
    # 1 of 4: (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n) with z = 1.96
    assert first["failure_rate"] == 0.25
    assert first["failure_rate_low"] == pytest.approx(0.0456, abs=5e-5)
    assert first["failure_rate_high"] == pytest.approx(0.6994, abs=5e-5)


def test_a_type_of_which_nothing_finished_has_no_rate_and_no_row(published: Published) -> None:
    assert set(failure_rates(published)["job_type"]) == {"InstallMaster", "CreateServers", "CreateServer"}
