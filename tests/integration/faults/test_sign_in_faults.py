"""Credentials that expire, an IAM that fails, and wrong clocks: credentials are renewed, or the run stops."""

import time
from typing import TYPE_CHECKING, Any

import pytest

from cce_etl.demo.fleet import Fleet
from cce_etl.errors import ApiError, AuthError
from tests.fake_api.fault_plans import for_sign_ins_at_first, from_request, once_after
from tests.fake_api.faults import delay, server_fault, void_tokens
from tests.fake_api.identity import (
    DEMO_ACCESS_KEY,
    DEMO_DOMAIN,
    DEMO_PASSWORD,
    DEMO_SECRET_KEY,
    DEMO_USERNAME,
    SECURITY_KEY_PATH,
    TOKENS_PATH,
)

if TYPE_CHECKING:
    from tests.integration.faults.conftest import Scene

MINUTE_NS = 60 * 1_000_000_000
PASSWORD = {"auth_token": None, "username": DEMO_USERNAME, "password": DEMO_PASSWORD, "domain": DEMO_DOMAIN}
ACCESS_KEY = {"auth_token": None, "access_key": DEMO_ACCESS_KEY, "secret_key": DEMO_SECRET_KEY}
AGENCY = {"auth_token": None, "auth": "agency"}
TOKENS, SECURITY_KEY = (path.rpartition("/")[2] for path in (TOKENS_PATH, SECURITY_KEY_PATH))


def settings_for(scene: "Scene", method: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of an auth method, with the scene's own IAM and metadata service."""
    return method | {"iam_endpoint": scene.settings.endpoint, "metadata_endpoint": scene.settings.endpoint}


@pytest.mark.parametrize("method", [PASSWORD, ACCESS_KEY, AGENCY], ids=["password", "access key", "agency"])
def test_each_auth_method_loads_every_job(serve: Any, fleet: Fleet, method: dict[str, Any]) -> None:
    scene: Scene
    with serve() as scene:
        scene.fetch(**settings_for(scene, method))
        scene.assert_loaded()
    assert scene.meter.statuses[401] == 0


@pytest.mark.parametrize(
    ("method", "provider"), [(PASSWORD, TOKENS), (AGENCY, SECURITY_KEY)], ids=["password", "agency"]
)
def test_credentials_voided_during_a_run_are_renewed_once(
    serve: Any, fleet: Fleet, method: dict[str, Any], provider: str
) -> None:
    scene: Scene
    with serve(once_after(20, void_tokens)) as scene:
        summary = scene.fetch(**settings_for(scene, method))
        scene.assert_loaded()
    assert (summary.fetched, summary.failed) == (len(fleet), 0)
    assert scene.meter.requested[provider] == 2
    # One refusal for each request under way when the old token ended.
    assert 1 <= scene.meter.statuses[401] <= scene.settings.concurrency


def test_a_given_token_that_is_voided_stops_the_run_and_keeps_what_was_fetched(serve: Any, fleet: Fleet) -> None:
    scene: Scene
    with serve(once_after(20, void_tokens)) as scene:
        with pytest.raises(AuthError, match="CCE_AUTH_TOKEN"):
            scene.fetch()
        kept = {root for root, _, _ in scene.rows()}
        assert len(kept) == scene.meter.statuses[200] == 20
        assert scene.letters() == []
        # A new token, here from IAM, and the next run does the rest.
        scene.fetch(**settings_for(scene, PASSWORD))
        scene.assert_loaded()
        assert all(scene.meter.requested[root] == 1 for root in kept if scene.states()[root] == "finished")


def test_credentials_that_are_always_refused_stop_the_run_after_few_requests(serve: Any, fleet: Fleet) -> None:
    scene: Scene
    with serve(from_request(10, void_tokens)) as scene:
        with pytest.raises(AuthError):
            scene.fetch(**settings_for(scene, PASSWORD))
        assert scene.letters() == []
    assert scene.meter.statuses[401] <= 2 * scene.settings.concurrency


# A provider's failure is kept for a second: the tries must last longer.
@pytest.mark.parametrize("back_off_seconds", [0.2])
@pytest.mark.parametrize("method", [PASSWORD, AGENCY], ids=["password", "agency"])
def test_a_provider_that_fails_briefly_is_asked_again(serve: Any, fleet: Fleet, method: dict[str, Any]) -> None:
    scene: Scene
    with serve(for_sign_ins_at_first(1, server_fault(503))) as scene:
        scene.fetch(max_attempts=9, **settings_for(scene, method))
        scene.assert_loaded()


def test_an_iam_that_stalls_is_asked_again(serve: Any, fleet: Fleet) -> None:
    scene: Scene
    with serve(for_sign_ins_at_first(1, delay(60.0))) as scene:
        scene.fetch(timeout_seconds=0.5, **settings_for(scene, PASSWORD))
        scene.assert_loaded()


def test_an_iam_that_keeps_failing_stops_the_run_after_few_requests(serve: Any, fleet: Fleet) -> None:
    scene: Scene
    with serve(for_sign_ins_at_first(10_000, server_fault(500))) as scene:
        with pytest.raises(ApiError, match="IAM failed: HTTP 500"):
            scene.fetch(max_attempts=2, **settings_for(scene, PASSWORD))
        assert scene.letters() == []
    # No job was asked for, and all requests that waited for the one question to IAM share its answer.
    assert scene.meter.requested.total() == scene.meter.requested[TOKENS] <= 2


def test_a_wrong_password_stops_the_run_after_one_request(serve: Any, fleet: Fleet) -> None:
    scene: Scene
    with serve() as scene, pytest.raises(AuthError, match="CCE_PASSWORD"):
        scene.fetch(**settings_for(scene, PASSWORD | {"password": "wrong"}))
    assert scene.meter.requested == {TOKENS: 1}


@pytest.mark.parametrize("skew_minutes", [-16, 16])
def test_a_wrong_clock_stops_the_run_with_an_error_that_names_it(serve: Any, fleet: Fleet, skew_minutes: int) -> None:
    scene: Scene
    with serve(clock=lambda: time.time_ns() + skew_minutes * MINUTE_NS) as scene:
        with pytest.raises(AuthError, match=r"signature expired.*clock is within 15 minutes"):
            scene.fetch(**ACCESS_KEY)
        assert scene.rows() == []
        assert set(scene.states().values()) == {"pending"}
    assert scene.meter.statuses[401] <= scene.settings.concurrency


@pytest.mark.parametrize("skew_minutes", [-14, 14])
def test_a_clock_that_is_slightly_wrong_does_no_harm(serve: Any, fleet: Fleet, skew_minutes: int) -> None:
    scene: Scene
    with serve(clock=lambda: time.time_ns() + skew_minutes * MINUTE_NS) as scene:
        scene.fetch(**ACCESS_KEY)
        scene.assert_loaded()
