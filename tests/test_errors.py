"""The tree of errors: the parent of each, and the exit code of the command that it ends."""

import pytest

from cce_etl import errors
from cce_etl.errors import (
    ApiError,
    AuthError,
    CceEtlError,
    CheckError,
    ConfigError,
    Interrupted,
    JobGone,
    PayloadError,
    RetryableError,
    WarehouseError,
)


@pytest.mark.parametrize(
    ("kind", "parent", "exit_code"),
    [
        (ConfigError, CceEtlError, 2),
        (ApiError, CceEtlError, 1),
        (AuthError, ApiError, 3),
        (RetryableError, ApiError, 1),
        (JobGone, ApiError, 1),
        (PayloadError, CceEtlError, 1),
        (WarehouseError, CceEtlError, 4),
        (CheckError, CceEtlError, 6),
    ],
)
def test_each_error_has_its_place_and_its_exit_code(
    kind: type[CceEtlError], parent: type[CceEtlError], exit_code: int
) -> None:
    assert kind.__bases__ == (parent,)
    assert kind.exit_code == exit_code


def test_every_error_of_the_module_is_in_the_tree_that_its_docstring_draws() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CceEtlError)]
    assert len(kinds) == 11
    assert all(kind.exit_code in errors.EXIT_CODES for kind in kinds)
    for kind in kinds:
        assert kind.__name__ in (errors.__doc__ or "")


def test_an_api_error_keeps_its_parts() -> None:
    error = RetryableError(
        "slow down", status=429, error_code="X", request_id="r", url="u", retry_after_seconds=2.0, is_throttle=True
    )
    assert (error.status, error.error_code, error.request_id, error.url) == (429, "X", "r", "u")
    assert (error.retry_after_seconds, error.is_throttle, str(error)) == (2.0, True, "slow down")
    bare = AuthError("no")
    assert (bare.status, bare.error_code, bare.request_id, bare.url) == (None, None, None, None)


def test_a_payload_error_names_the_place_if_there_is_one() -> None:
    assert str(PayloadError("wrong_type", "expected a string", path="spec.type")) == "expected a string at spec.type"
    error = PayloadError("empty_body", "expected a JSON object")
    assert (str(error), error.kind, error.path) == ("expected a JSON object", "empty_body", "")


@pytest.mark.parametrize(("signal_number", "exit_code"), [(2, 130), (15, 143)])
def test_an_interrupted_run_ends_as_a_shell_expects(signal_number: int, exit_code: int) -> None:
    assert Interrupted("stopped", signal_number=signal_number).exit_code == exit_code
    assert Interrupted.exit_code == 1
