"""What `cce-etl doctor` looks at: each setting, the API, the files. Nothing is written or mended."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from cce_etl.errors import CceEtlError, ConfigError, PayloadError
from cce_etl.extract.client import Client, Failed, FetchPolicy, Gone
from cce_etl.extract.sign_in import SignIn, choose_sign_in
from cce_etl.pipeline.run import models
from cce_etl.publish.query import open_published
from cce_etl.settings.endpoints import endpoint_of
from cce_etl.settings.location import same_file
from cce_etl.settings.settings import SECRETS, Settings
from cce_etl.settings.sources import Source, read_sources, require_source
from cce_etl.transform.payload import decode_body
from cce_etl.warehouse.status import warehouse_status

# No job has it: an answer "no such job" proves address, project, token and right at once, and changes nothing.
_UNKNOWN_JOB: Final = "00000000-0000-0000-0000-000000000000"


class Finding(msgspec.Struct, frozen=True):
    """The state of one thing; `exit_code` is 0 when it is well."""

    subject: str
    text: str
    exit_code: int = 0

    @property
    def is_well(self) -> bool:
        """Return whether nothing has to be done."""
        return self.exit_code == 0


def examine(settings: Settings) -> list[Finding]:
    """Look at every source's settings and API, then at the files, and return what was found, in that order.

    Raises ConfigError when cce-etl.toml cannot be read.
    """
    asked = [finding for one in read_sources(settings) for finding in (*_settings(one), _api(one))]
    return [*asked, *_files(settings)]


def exit_code(findings: list[Finding]) -> int:
    """Return the exit code of the first thing that is wrong, 0 when all is well."""
    return next((finding.exit_code for finding in findings if not finding.is_well), 0)


def _settings(settings: Settings) -> Iterator[Finding]:
    yield _tried("address", lambda: endpoint_of(settings))
    yield _tried("CCE_PROJECT_ID", lambda: require_source(settings).project_id)
    yield _tried("sign-in", lambda: f"with {choose_sign_in(settings, require_source(settings), time.time_ns).method}")
    named = {"endpoint", "region", "project_id", "warehouse", "published", "username", "domain", "auth", *SECRETS}
    others = {name: value for name, value in msgspec.structs.asdict(settings).items() if name not in named}
    yield Finding("other settings", ", ".join(f"{name} = {value}" for name, value in others.items()))


def _tried(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, look())
    except CceEtlError as error:
        return Finding(subject, str(error), error.exit_code)


def _api(settings: Settings) -> Finding:
    try:
        source = require_source(settings)
        sign_in = choose_sign_in(settings, source, time.time_ns)
    except ConfigError:
        return Finding("API", "not asked, since a setting above is missing or wrong", ConfigError.exit_code)
    return _tried("API", lambda: asyncio.run(_ask(source, sign_in, settings)))


async def _ask(source: Source, sign_in: SignIn, settings: Settings) -> str:
    policy = FetchPolicy(max_attempts=1, timeout_seconds=min(settings.timeout_seconds, 10.0), concurrency=1)
    endpoint = source.endpoint
    async with Client(endpoint, source.project_id, sign_in.auth, policy, time.time_ns) as client:
        outcome = await client.fetch(_UNKNOWN_JOB)
    if isinstance(outcome, Gone):
        return f"{endpoint} answers, and knows the project and who asks"
    if isinstance(outcome, Failed):
        hint = "The permission cce:job:get is missing." if outcome.kind == "forbidden" else "Check address and network."
        raise CceEtlError(f"{endpoint}: {outcome.message}. {hint}")
    try:
        decode_body(outcome.body)
    except PayloadError as error:
        raise CceEtlError(f"{endpoint} answers, but not as CCE does: {error}. Check the address.") from None
    return f"{endpoint} answers, with a job for an id that no job has"


def _files(settings: Settings) -> Iterator[Finding]:
    yield _tried("models", lambda: f"{len(models())} SQL models can be read")
    yield _tried("warehouse", lambda: warehouse_status(settings.warehouse))
    yield _tried("published file", lambda: _published(settings))


def _published(settings: Settings) -> str:
    path = settings.published
    if same_file(settings.warehouse, path):
        raise ConfigError("CCE_PUBLISHED is wrong: it is the warehouse itself. Set it to another path.")
    if not path.exists():
        return f"{path} will be made by the first run"
    with open_published(path):
        age = time.time() - path.stat().st_mtime
        return f"{path}, published {age / 3600:.1f} hours ago"
