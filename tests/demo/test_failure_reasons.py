"""The reasons of synthetic failures."""

from random import Random

import pytest

from cce_etl.demo.failure_reasons import failure_reason


@pytest.mark.parametrize("job_type", ["InstallNode", "InstallMaster", "CreateServer", "DrainNode"])
def test_a_reason_is_filled_and_differs_from_failure_to_failure(job_type: str) -> None:
    rng = Random(5)
    reasons = {failure_reason(rng, job_type, "server-id") for _ in range(200)}
    assert len(reasons) > 50
    assert not any("{" in reason or "}" in reason for reason in reasons)


def test_a_reason_may_name_the_server_it_is_about() -> None:
    rng = Random(5)
    reasons = [failure_reason(rng, "InstallNode", "6f4dcb2c-server") for _ in range(50)]
    assert any("6f4dcb2c-server" in reason for reason in reasons)


def test_steps_of_different_types_fail_for_different_reasons() -> None:
    node = {failure_reason(Random(seed), "InstallNode", "s").split()[0] for seed in range(50)}
    master = {failure_reason(Random(seed), "CreateServer", "s").split()[0] for seed in range(50)}
    assert node == {"Install", "Wait"}
    assert master == {"Create", "Wait"}
