"""Many jobs at once: how many in flight, and when a run stops because all ids would fail alike."""

import socket
from typing import TYPE_CHECKING

import pytest

from cce_etl.errors import ApiError, AuthError, ConfigError
from cce_etl.extract.client import Failed, Fetched, Gone
from cce_etl.extract.worker_pool import Outcome

if TYPE_CHECKING:
    from tests.extract.conftest import ScriptedApi

FORBIDDEN = b'{"errorCode": "CCE.01403001", "errorMessage": "Forbidden"}'
GONE = b'{"errorCode": "CCE.01404001"}'


def ids(count: int) -> list[str]:
    return [f"job-{number:03d}" for number in range(count)]


def test_every_id_has_one_outcome(api: "ScriptedApi") -> None:
    for job_id in ids(50):
        api.script(job_id, body=job_id.encode())
    outcomes = api.fetch(*ids(50))
    assert sorted((one.job_id, one.body) for one in outcomes if isinstance(one, Fetched)) == [
        (job_id, job_id.encode()) for job_id in ids(50)
    ]
    assert sorted(api.asked) == ids(50)


def test_without_ids_nothing_is_requested(api: "ScriptedApi") -> None:
    assert api.fetch() == []
    assert api.asked == []


@pytest.mark.parametrize("concurrency", [1, 3, 8])
def test_as_many_requests_are_in_flight_as_allowed_and_no_more(api: "ScriptedApi", concurrency: int) -> None:
    api.held_back = concurrency
    for job_id in ids(24):
        api.script(job_id, pause_seconds=0.005)
    assert len(api.fetch(*ids(24), concurrency=concurrency)) == 24
    assert api.most_in_flight == concurrency


def test_retries_count_against_the_same_concurrency(api: "ScriptedApi") -> None:
    for job_id in ids(12):
        api.script(job_id, 503, pause_seconds=0.01, retry_after="0")
        api.script(job_id, pause_seconds=0.01)
    assert all(isinstance(outcome, Fetched) for outcome in api.fetch(*ids(12), concurrency=2))
    assert api.most_in_flight <= 2
    assert len(api.asked) == 24


def test_refused_credentials_stop_the_run_after_few_requests(api: "ScriptedApi") -> None:
    for job_id in ids(100):
        api.script(job_id, 401, b'{"error_code": "APIGW.0301"}')
    with pytest.raises(AuthError):
        api.fetch(*ids(100), concurrency=4, max_attempts=6)
    assert len(api.asked) <= 4
    assert len(set(api.asked)) == len(api.asked)


def test_a_wrong_url_stops_the_run(api: "ScriptedApi") -> None:
    for job_id in ids(100):
        api.script(job_id, 404, b'{"error_code": "APIGW.0101"}')
    with pytest.raises(ConfigError):
        api.fetch(*ids(100), concurrency=4)
    assert len(api.asked) <= 4


def test_outcomes_before_a_token_expires_are_kept(api: "ScriptedApi") -> None:
    for job_id in ids(30):
        api.script(job_id, 200 if job_id < "job-015" else 401)
    with pytest.raises(AuthError):
        api.fetch(*ids(30), concurrency=1)
    assert [outcome.job_id for outcome in api.outcomes] == ids(15)


def test_ten_forbidden_jobs_at_the_start_stop_the_run_and_name_the_permission(api: "ScriptedApi") -> None:
    for job_id in ids(40):
        api.script(job_id, 403, FORBIDDEN)
    with pytest.raises(AuthError, match="cce:job:get") as caught:
        api.fetch(*ids(40), concurrency=1)
    assert (caught.value.status, caught.value.error_code, len(api.asked)) == (403, "CCE.01403001", 10)


@pytest.mark.parametrize("other", [0, 4, 9])
def test_a_run_goes_on_when_one_of_the_first_ten_outcomes_differs(api: "ScriptedApi", other: int) -> None:
    for number, job_id in enumerate(ids(15)):
        if number == other:
            api.script(job_id, 404, GONE)
        else:
            api.script(job_id, 403, FORBIDDEN)
    outcomes = api.fetch(*ids(15), concurrency=1)
    assert sum(isinstance(outcome, Failed) and outcome.kind == "forbidden" for outcome in outcomes) == 14


def test_nine_forbidden_ids_are_nine_failures(api: "ScriptedApi") -> None:
    for job_id in ids(9):
        api.script(job_id, 403, FORBIDDEN)
    assert len(api.fetch(*ids(9))) == 9


def test_ten_jobs_that_are_gone_do_not_stop_the_run(api: "ScriptedApi") -> None:
    for job_id in ids(20):
        api.script(job_id, 404, GONE)
    assert all(isinstance(outcome, Gone) for outcome in api.fetch(*ids(20)))


def test_ten_ids_without_any_response_stop_the_run(api: "ScriptedApi") -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ApiError, match="CCE_ENDPOINT"):
            api.fetch(*ids(1_000), endpoint=endpoint, max_attempts=1)
    assert len(api.outcomes) < 1_000


def test_an_outage_during_a_run_stops_it_after_fifty_ids_in_a_row(api: "ScriptedApi") -> None:
    for job_id in ids(200):
        api.script(job_id, 200 if job_id < "job-020" else 503)
    with pytest.raises(ApiError, match=r"last 50 jobs all failed.*Nothing is lost"):
        api.fetch(*ids(200), concurrency=1, max_attempts=1)
    assert len(api.outcomes) == 70


def test_a_run_goes_on_when_one_job_is_fetched_among_faults(api: "ScriptedApi") -> None:
    for number, job_id in enumerate(ids(120)):
        api.script(job_id, 503 if number % 50 else 200)
    assert len(api.fetch(*ids(120), concurrency=1, max_attempts=1)) == 120


def test_all_requests_wait_while_one_is_throttled(api: "ScriptedApi") -> None:
    api.script("job-000", 429, retry_after="0.2")
    api.script("job-000")
    api.script("job-001")
    outcomes = api.fetch("job-000", "job-001", concurrency=1)
    assert [outcome.job_id for outcome in outcomes] == ["job-000", "job-001"]
    assert api.asked == ["job-000", "job-000", "job-001"]
    assert (api.statistics.throttled_count, api.waited_seconds >= 0.2) == (1, True)


def test_an_error_of_the_receiver_is_raised_unchanged(api: "ScriptedApi") -> None:
    class FullInbox(list[Outcome]):
        def append(self, _outcome: Outcome) -> None:
            raise OSError("no space left")

    for job_id in ids(10):
        api.script(job_id)
    api.outcomes = FullInbox()
    with pytest.raises(OSError, match="no space left"):
        api.fetch(*ids(10))
