"""The errors that this project raises on purpose, as one tree, and the exit codes of the commands.

CceEtlError
├─ ConfigError        a setting is missing or wrong; says which and how to set it      exit 2
├─ ApiError           status, error_code, request_id, url without secrets
│  ├─ AuthError       the credentials or their permissions were refused; stops the run exit 3
│  ├─ RetryableError  throttling, a server fault, no response; may carry a wait
│  └─ JobGone         the API no longer knows the job
├─ PayloadError       a body that is not a CCE job: kind, path in the body, expectation
├─ WarehouseError     corrupt, disk full, not writable                                 exit 4
│  └─ WarehouseBusyError   another process uses it; a later try may succeed
├─ CheckError         a check found rows that must not exist; nothing is published     exit 6
└─ Interrupted        a signal stopped the run; what was fetched is kept               exit 128 + signal
"""

from typing import Final, TypedDict, Unpack

EXIT_CODES: Final = {
    0: "Success. Jobs that the API no longer knows do not count as failures.",
    1: "Some ids failed; they are kept as dead letters. `watch`: the job failed. `status --health`: a check failed.",
    2: "A setting, an option or an argument is missing or wrong.",
    3: "The credentials or their permissions were refused.",
    4: "The warehouse cannot be used.",
    5: "`watch` could not follow the job to its end.",
    6: "A check of severity error failed, and nothing was published.",
    130: "Stopped by Ctrl-C (SIGINT).",
    143: "Stopped by SIGTERM.",
}


class CceEtlError(Exception):
    """An error whose message is meant for the user."""

    exit_code = 1


class ConfigError(CceEtlError):
    """A setting that is missing or wrong; the message says how to set it."""

    exit_code = 2


class ResponseDetails(TypedDict, total=False):
    """What is known of a response of the API."""

    status: int | None
    error_code: str | None
    request_id: str | None
    url: str | None


class ApiError(CceEtlError):
    """A response of the API other than the job that was asked for."""

    def __init__(self, message: str, **details: Unpack[ResponseDetails]) -> None:
        super().__init__(message)
        self.status = details.get("status")
        self.error_code = details.get("error_code")
        self.request_id = details.get("request_id")
        self.url = details.get("url")


class AuthError(ApiError):
    """Credentials, or permissions of theirs, that were refused."""

    exit_code = 3


class RetryableError(ApiError):
    """A failure that another try may overcome: throttling, a server fault, or no complete response."""

    def __init__(
        self,
        message: str,
        *,
        retry_after_seconds: float | None = None,
        is_throttle: bool = False,
        **details: Unpack[ResponseDetails],
    ) -> None:
        super().__init__(message, **details)
        self.retry_after_seconds = retry_after_seconds
        self.is_throttle = is_throttle


class JobGone(ApiError):  # noqa: N818  the API's own word for a job that it no longer knows
    """A job that the API no longer knows (404 CCE.01404001)."""


class PayloadError(CceEtlError):
    """A body that is not a CCE job.

    `kind` is one word to group by (`invalid_json`, `wrong_type`, ...), `path` the place in the body, such as
    `spec.subJobs[1].metadata`, empty for the whole body.
    """

    def __init__(self, kind: str, message: str, *, path: str = "") -> None:
        super().__init__(f"{message} at {path}" if path else message)
        self.kind = kind
        self.path = path


class WarehouseError(CceEtlError):
    """A warehouse that cannot be opened, read or written."""

    exit_code = 4


class WarehouseBusyError(WarehouseError):
    """A warehouse that another process uses, or a source that another process fetches; a later try may succeed."""


class CheckError(CceEtlError):
    """A check of severity error found rows, so nothing is published."""

    exit_code = 6


class Interrupted(CceEtlError):  # noqa: N818  the user asked for it, so it is no failure
    """A stop that a signal asked for; the run ended in good order."""

    def __init__(self, message: str, *, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number
