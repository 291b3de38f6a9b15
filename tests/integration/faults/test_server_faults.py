"""Servers that fail, stall, close connections or state wrong lengths: requests are retried, or give dead letters."""

from typing import TYPE_CHECKING, Any

import pytest
from aiohttp.typedefs import Middleware

from cce_etl.demo.fleet import Fleet
from cce_etl.errors import ApiError
from tests.fake_api.fault_plans import at_first, for_each_job_at_first, for_jobs, sometimes
from tests.fake_api.faults import (
    BROKEN,
    delay,
    gzip_bomb,
    html_page,
    length_too_long,
    length_too_short,
    redirect_to,
    reset_within_body,
    server_fault,
    trickle,
    truncated_body,
)
from tests.fake_api.meter import CLIENT_CLOSED, Meter
from tests.fake_api.server import fake_api

if TYPE_CHECKING:
    from tests.integration.faults.conftest import Scene

# A whole answer over loopback takes some milliseconds.
SHORT_SECONDS = 0.4


def test_five_percent_of_500_502_and_503_lose_no_job(serve: Any, fleet: Fleet) -> None:
    scene: Scene
    with serve(sometimes(0.05, "5xx", server_fault(500, 502, 503))) as scene:
        summary = scene.fetch()
        scene.assert_loaded()
        faults = sum(scene.meter.statuses[status] for status in (500, 502, 503))
        assert faults > 0
        assert (summary.fetched, summary.failed, scene.account("retry_count")) == (len(fleet), 0, faults)


def test_a_job_whose_every_try_meets_a_fault_is_a_dead_letter_and_stays_pending(serve: Any, fleet: Fleet) -> None:
    broken = fleet.job_ids[5]
    scene: Scene
    with serve(for_jobs([broken], server_fault(502))) as scene:
        summary = scene.fetch()
        scene.assert_loaded(but=[broken])
        assert scene.letters() == [(broken, "unavailable", 502)]
        assert (summary.failed, scene.states()[broken], scene.meter.requested[broken]) == (1, "pending", 6)


def test_an_api_that_fails_for_all_stops_the_run_and_its_ids_stay_pending(serve: Any, fleet: Fleet) -> None:
    scene: Scene
    with serve(server_fault(503)) as scene:
        with pytest.raises(ApiError, match=r"first 10 jobs all failed, after 6 tries each.*HTTP 503"):
            scene.fetch()
        assert (scene.rows(), scene.letters()) == ([], [])
        assert set(scene.states().values()) == {"pending"}
    # Ten jobs were tried to the end; the others under way, one a worker, were dropped.
    assert scene.meter.request_count <= 6 * (10 + 8)


def test_an_api_that_is_starting_is_waited_for(serve: Any, fleet: Fleet) -> None:
    scene: Scene
    with serve(at_first(15, server_fault(503))) as scene:
        assert scene.fetch().fetched == len(fleet)
        scene.assert_loaded()
        assert scene.meter.statuses[503] == 15


@pytest.mark.parametrize("fault", [reset_within_body, length_too_long, length_too_short])
def test_a_body_with_a_wrong_length_is_requested_again(serve: Any, fleet: Fleet, fault: Middleware) -> None:
    scene: Scene
    with serve(sometimes(0.3, "broken", fault)) as scene:
        assert scene.fetch().fetched == len(fleet)
        scene.assert_loaded()
        assert scene.meter.statuses[BROKEN] == scene.account("retry_count") > 0


def test_a_dead_letter_does_not_quote_a_broken_response(serve: Any, fleet: Fleet) -> None:
    broken = fleet.job_ids[5]
    scene: Scene
    with serve(for_jobs([broken], length_too_short)) as scene:
        scene.fetch()
        assert scene.letters() == [(broken, "unreachable", None)]
        ((message,),) = scene.connection.execute("SELECT message FROM raw.dead_letters").fetchall()
        assert len(message) < 100
        assert "clusterUID" not in message


def test_a_truncated_body_is_a_dead_letter_that_the_next_run_resolves(serve: Any, fleet: Fleet) -> None:
    cut = list(fleet.job_ids[3:6])
    scene: Scene
    with serve(for_jobs(cut, for_each_job_at_first(1, truncated_body))) as scene:
        scene.fetch()
        scene.assert_loaded(but=cut)
        assert scene.letters() == sorted((job_id, "invalid_json", 200) for job_id in cut)
        scene.fetch()
        scene.assert_loaded()
        assert scene.letters() == []


def test_a_page_of_html_with_200_is_a_dead_letter_that_the_next_run_resolves(serve: Any, fleet: Fleet) -> None:
    paged = list(fleet.job_ids[3:6])
    scene: Scene
    with serve(for_jobs(paged, for_each_job_at_first(1, html_page()))) as scene:
        scene.fetch()
        scene.assert_loaded(but=paged)
        assert scene.letters() == sorted((job_id, "invalid_json", 200) for job_id in paged)
        scene.fetch()
        scene.assert_loaded()
        assert scene.letters() == []


@pytest.mark.parametrize("fault", [delay(60.0), trickle(0.01)], ids=["stall", "trickle"])
def test_a_response_that_does_not_end_is_requested_again(serve: Any, fleet: Fleet, fault: Middleware) -> None:
    scene: Scene
    with serve(for_jobs(fleet.job_ids[1:9], for_each_job_at_first(1, fault))) as scene:
        assert scene.fetch(timeout_seconds=SHORT_SECONDS).fetched == len(fleet)
        scene.assert_loaded()
    assert scene.meter.statuses[CLIENT_CLOSED] >= 8


@pytest.mark.parametrize(
    ("fault", "letter"),
    [(delay(60.0), ("unreachable", None)), (trickle(0.01), ("incomplete_body", 200))],
    ids=["stall", "trickle"],
)
def test_a_job_whose_requests_always_stall_delays_no_other(
    serve: Any, fleet: Fleet, fault: Middleware, letter: tuple[str, int | None]
) -> None:
    stalled = fleet.job_ids[2]
    scene: Scene
    with serve(for_jobs([stalled], fault)) as scene:
        scene.fetch(timeout_seconds=SHORT_SECONDS, max_attempts=2)
        scene.assert_loaded(but=[stalled])
        assert scene.letters() == [(stalled, *letter)]
        assert scene.states()[stalled] == "pending"


def test_a_gzip_bomb_is_a_dead_letter_after_one_request(serve: Any, fleet: Fleet) -> None:
    bomb = fleet.job_ids[7]
    scene: Scene
    with serve(for_jobs([bomb], gzip_bomb(50_000_000))) as scene:
        scene.fetch(max_body_bytes=1_000_000)
        scene.assert_loaded(but=[bomb])
        assert scene.letters() == [(bomb, "body_too_large", 200)]
        assert (scene.states()[bomb], scene.meter.requested[bomb]) == ("dead", 1)


def test_a_redirect_to_another_host_sends_no_token_there(serve: Any, fleet: Fleet) -> None:
    elsewhere = Meter()
    moved = fleet.job_ids[4]
    scene: Scene
    with fake_api(fleet, middlewares=[elsewhere]) as other, serve(for_jobs([moved], redirect_to(other))) as scene:
        scene.fetch()
        scene.assert_loaded(but=[moved])
        assert scene.letters() == [(moved, "unexpected_status", 302)]
    assert elsewhere.request_count == 0


def test_an_unknown_host_stops_the_run_and_its_ids_stay_pending(serve: Any, fleet: Fleet) -> None:
    scene: Scene
    with serve() as scene:
        scene.fetch(fleet.job_ids[:1])
        with pytest.raises(ApiError, match="CCE_ENDPOINT"):
            scene.fetch(endpoint="https://name.invalid", max_attempts=2)
        assert scene.letters() == []
        assert set(scene.states().values()) == {"pending", "running"}
        scene.fetch()
        scene.assert_loaded()


def test_finished_jobs_are_loaded_once_and_not_requested_again(serve: Any, fleet: Fleet) -> None:
    scene: Scene
    with serve(sometimes(0.3, "again", server_fault(500))) as scene:
        scene.fetch()
        asked = scene.meter.requested.copy()
        summary = scene.fetch()
        scene.assert_loaded()
        asked_again = {job_id for job_id, count in scene.meter.requested.items() if count > asked[job_id]}
        assert asked_again == {job_id for job_id, state in scene.states().items() if state == "running"}
        assert summary.skipped == len(fleet) - len(asked_again) > 0
