"""The command `serve`, which serves the published file to analysts."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from cce_etl.cli.app import app
from cce_etl.cli.options import with_settings
from cce_etl.cli.output import note
from cce_etl.errors import ConfigError
from cce_etl.settings.settings import Settings

if TYPE_CHECKING:
    from cce_etl.publish.server import Listener

_OPEN: Final = (
    "Other machines can reach this address, and nothing is encrypted, not even the token. Put a reverse proxy with TLS "
    "in front of it (docs/serving.md)."
)


@app.command()
@with_settings("published")
def serve(
    *,
    settings: Settings,
    port: Annotated[int, typer.Option("--port", min=1, max=65_535, help="Where to listen.")] = 9_494,
    host: Annotated[
        str, typer.Option("--host", help="The address to listen on. Another one than 127.0.0.1 needs TLS in front.")
    ] = "127.0.0.1",
) -> None:
    """Serve the published file, read-only, to analysts' own DuckDB (Quack) until stopped; needs the extra `lake`.

    Clients need a token: CCE_SERVE_TOKEN, or a new one that is shown at the start. A file that is published meanwhile
    is served without a restart.
    """
    import secrets

    from cce_etl.publish.server import MIN_TOKEN_LENGTH, Listener
    from cce_etl.publish.server import serve as serve_published

    if settings.serve_token is not None and len(settings.serve_token) < MIN_TOKEN_LENGTH:
        raise ConfigError(
            f"CCE_SERVE_TOKEN is wrong: it has fewer than {MIN_TOKEN_LENGTH} characters. Make one with "
            "`openssl rand -hex 24`, or unset it to get a new one at each start."
        )
    listener = Listener(host, port, settings.serve_token or secrets.token_urlsafe(24))

    def on_ready() -> None:
        typer.echo(f"Serving {settings.published}, read-only, until stopped. In DuckDB:")
        typer.echo(_client_sql(listener, token_is_known=settings.serve_token is not None))
        if not listener.is_local:
            note(_OPEN)

    serve_published(
        settings.published,
        listener,
        on_ready,
        lambda error: note(f"The file published last cannot be served. The one before it is still served: {error}"),
    )


def _client_sql(listener: "Listener", *, token_is_known: bool) -> str:
    token = "<CCE_SERVE_TOKEN>" if token_is_known else listener.token
    address = listener.address if listener.is_local else "quack:<name of the reverse proxy>:443"
    return f"CREATE SECRET (TYPE quack, TOKEN '{token}');\nATTACH '{address}' AS cce;"
