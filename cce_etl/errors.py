"""The errors this project raises on purpose, as one tree.

CceEtlError
├─ ConfigError        a setting is wrong or missing; says which and how to set it      exit 2
├─ ApiError           status, error_code, request_id, url without secrets
│  ├─ AuthError       the credentials or their rights were refused; stops the run      exit 3
│  ├─ RetryableError  throttled, server fault or transport; may carry a wait
│  └─ JobGone         the API has forgotten the job
├─ PayloadError       a body that is no CCE job: kind, path in the body, expectation
├─ WarehouseError     corrupt, disk full, not to be written                            exit 4
│  └─ WarehouseBusyError   in the hands of another process: a later try may go through
└─ Interrupted        a signal asked the run to stop; what was fetched is kept         exit 128 + signal

Does not live here: how a failure is stored (`warehouse/`) or shown (`cli/`).
"""


class CceEtlError(Exception):
    """Stand at the root of the tree: every error a person is meant to read."""

    exit_code = 1


class ConfigError(CceEtlError):
    """Report a setting that is missing or wrong, and how to set it."""

    exit_code = 2


class ApiError(CceEtlError):
    """Report an answer of the API other than the job asked for."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        error_code: str | None = None,
        request_id: str | None = None,
        url: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error_code = error_code
        self.request_id = request_id
        self.url = url


class AuthError(ApiError):
    """Report that the credentials, or the rights behind them, were refused."""

    exit_code = 3


class RetryableError(ApiError):
    """Report a failure that may pass: throttling, a server fault, or the transport."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        error_code: str | None = None,
        request_id: str | None = None,
        url: str | None = None,
        retry_after_seconds: float | None = None,
        is_throttle: bool = False,
    ) -> None:
        super().__init__(message, status=status, error_code=error_code, request_id=request_id, url=url)
        self.retry_after_seconds = retry_after_seconds
        self.is_throttle = is_throttle


class JobGone(ApiError):  # noqa: N818  the API's own word for a job it has forgotten
    """Report a job that the API no longer knows (404 CCE.01404001)."""


class PayloadError(CceEtlError):
    """Report a body that is not a CCE job.

    `kind` is one word for grouping (`invalid_json`, `wrong_type`, ...), `path` the place in the body, as
    `spec.subJobs[1].metadata`, empty for the whole.
    """

    def __init__(self, kind: str, message: str, *, path: str = "") -> None:
        super().__init__(f"{message} at {path}" if path else message)
        self.kind = kind
        self.path = path


class WarehouseError(CceEtlError):
    """Report that the warehouse cannot be opened, read or written."""

    exit_code = 4


class WarehouseBusyError(WarehouseError):
    """Report that another process holds the warehouse, or fetches the source: a later try may go through."""


class Interrupted(CceEtlError):  # noqa: N818  it is a request kept, not a failure
    """Report that a signal asked the run to stop, and that it stopped in good order."""

    def __init__(self, message: str, *, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number
