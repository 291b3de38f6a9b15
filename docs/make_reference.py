# ruff: noqa: INP001  a script, no package
"""Write docs/reference/ and the examples of environment files from what the code says of itself.

`make reference` writes them. `python docs/make_reference.py --check` names those that are not as the code has them.
"""

import inspect
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import typer

from cce_etl import telemetry
from cce_etl.cli.app import app
from cce_etl.errors import EXIT_CODES
from cce_etl.pipeline import run as pipeline
from cce_etl.settings.settings import (
    CONFIG_FILE,
    SETTINGS,
    Group,
    Slo,
    default_text,
    describe_fields,
    environment_name,
    option_flags,
)
from cce_etl.settings.sources import SOURCE_KEYS
from cce_etl.warehouse.connection import open_warehouse
from cce_etl.warehouse.status import published_tables

ROOT: Final = Path(__file__).parents[1]
_MADE: Final = "<!-- Made by `make reference` from the code; changes here are lost. -->"
_OF_TELEMETRY: Final = "A collector of OpenTelemetry that takes OTLP over HTTP. Nothing is sent without it."

_SETTINGS_INTRODUCTION: Final = f"""\
Each setting comes from the first of these that has it: the option of the command, the environment variable,
`{CONFIG_FILE}` in the current folder (the same name in lower case, without `CCE_`), the default.

Secrets come from the environment or from the official SDK's profile file, never from an option or from `{CONFIG_FILE}`,
because a command line and a shared file can be read by others."""

_BEFORE_GROUP: Final = {
    Group.SIGN_IN: """\
The first method that is set up is used: token, access key, IAM user, the key in the SDK's profile file
(`~/.huaweicloud/credentials`, or the file that HUAWEICLOUD_SDK_CREDENTIALS_FILE names), agency.""",
    Group.WHAT: """\
Id lists are text with one id a line and `#` comments, CSV, Parquet, JSON or NDJSON, in any number, or standard input
(`--ids -`). In a table the column is `job_id`, `jobid`, `uid` or `id`. In saved answers of other CCE calls (clusters,
nodes, node pools) every `jobID` is found. Jobs that have ended are not asked for again. In Dagster, run config of the
step `fetch` narrows or widens one run: `ids`, `id_files`, `since`, `sources`, `refetch`.""",
    Group.SCALE: "[lake.md](../lake.md) describes lakes, [scale.md](../scale.md) workers.",
    Group.SERVING: "[serving.md](../serving.md) describes the server.",
    Group.LEVELS: f"""\
These stand in `{CONFIG_FILE}` alone, in the table `[slo]`:

```toml
[slo]
objective = 0.99
[slo.targets]
InstallMaster = 600
```""",
}

_SOURCES: Final = f"""\
## Several projects and regions

Each project in one region is a table `[[sources]]` of `{CONFIG_FILE}`. A secret is given by the name of the environment
variable that holds it, in a key that ends in `_env`:

```toml
[[sources]]
name = "production"
region = "eu-west-101"
project_id = "0123456789abcdef0123456789abcdef"
access_key_env = "PRODUCTION_AK"
secret_key_env = "PRODUCTION_SK"
job_ids = "ids/production/*.txt"
```

A table may have the keys {", ".join(f"`{key}`" for key in SOURCE_KEYS)}.
A table that sets how to sign in takes nothing of that from the common settings. `--source` uses one table alone."""

_OTHER_VARIABLES: Final = f"""\
## Other environment variables

| Environment | What it is |
|---|---|
| {telemetry.ENDPOINT_VARIABLE} | {_OF_TELEMETRY} The other OTEL_* variables count too. |
| HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY | The proxy for requests to the API and to IAM. |
| SSL_CERT_FILE | A file of certificate authorities to trust in place of the system's. |
| HUAWEICLOUD_SDK_CREDENTIALS_FILE | The profile file of the official SDK. Default: `~/.huaweicloud/credentials`. |"""


_DEPLOYMENT_INTRODUCTION: Final = """\
# What the code server reads. Copy to /etc/cce-etl/cce-etl.env (systemd) or deploy/container/cce-etl.env (containers),
# mode 0600. No quotes, no `export`: systemd and Docker read the lines as they are.
# Several projects and regions: tables [[sources]] in cce-etl.toml instead."""
# The paths are the same on a host and in the containers.
_DEPLOYMENT_VALUES: Final = {
    "region": "eu-west-101",
    "project_id": "",
    "access_key": "",
    "secret_key": "",
    "warehouse": "/var/lib/cce-etl/data/warehouse.duckdb",
    "published": "/var/lib/cce-etl/data/cce_jobs.duckdb",
    "inbox": "/var/lib/cce-etl/data/inbox",
}


_TABLES_INTRODUCTION: Final = """\
The published file holds these tables and `manifest`, which says when and from what it was made. Times are UTC to the
nanosecond, durations are in seconds, rates run from 0 to 1. DuckDB knows the same texts: `FROM duckdb_columns()`."""
_COLUMNS: Final = """
    SELECT column_name, data_type, coalesce(comment, '')
    FROM duckdb_columns()
    WHERE database_name = current_database() AND schema_name = ? AND table_name = ?
    ORDER BY column_index
"""
_COMMENTS: Final = """
    SELECT schema_name || '.' || table_name, comment FROM duckdb_tables() WHERE comment IS NOT NULL
    UNION ALL
    SELECT schema_name || '.' || view_name, comment FROM duckdb_views() WHERE comment IS NOT NULL
"""


def settings_page() -> Iterator[str]:
    """Yield the blocks of docs/reference/settings.md."""
    yield from ("# Settings", _MADE, _SETTINGS_INTRODUCTION)
    for group in Group:
        yield f"## {group}"
        if group in _BEFORE_GROUP:
            yield _BEFORE_GROUP[group]
        if group is Group.LEVELS:
            defaults = {field.name: field.default for field in msgspec.structs.fields(Slo)}
            rows = ((name, known.unset or defaults[name], known.text) for name, known in describe_fields(Slo).items())
            yield _table(("Key", "Default", "What it is"), rows)
        else:
            yield _table(("Environment", "Option", "Default", "What it is"), map(_setting_row, _settings_of(group)))
    yield from (_SOURCES, _OTHER_VARIABLES)


def _settings_of(group: Group) -> list[str]:
    return [name for name, known in SETTINGS.items() if known.group is group]


def _setting_row(name: str) -> tuple[str, str, str, str]:
    known = SETTINGS[name]
    text = known.text
    if known.aliases:
        text += f" {' and '.join(known.aliases)} {'means' if len(known.aliases) == 1 else 'mean'} the same."
    default = default_text(name)
    option = ", ".join(f"`{flag}`" for flag in option_flags(name))
    return environment_name(name), option, f"`{default}`" if default and not known.unset else default, text


def environment_example(introduction: str, values: dict[str, str]) -> Iterator[str]:
    """Yield the blocks of an example of an environment file; what has no value there is commented out."""
    yield introduction
    for group in Group:
        lines = [f"# {group}"]
        for name in _settings_of(group):
            known = SETTINGS[name]
            if known.is_file_only:
                continue
            is_said = values.get(name)
            usual = known.example if known.unset or known.example else default_text(name)
            lines += [f"# {known.text}", _assignment(environment_name(name), is_said, usual)]
        if len(lines) > 1:
            yield "\n".join(lines)
    yield f"# {_OF_TELEMETRY}\n# {telemetry.ENDPOINT_VARIABLE}=http://127.0.0.1:4318"


def _assignment(name: str, value: str | None, usual: str) -> str:
    return f"# {name}={usual}" if value is None else f"{name}={value}"


def commands_page() -> Iterator[str]:
    """Yield the blocks of docs/reference/commands.md."""
    group: Any = typer.main.get_command(app)
    yield from ("# Commands", _MADE, f"{group.help} {group.epilog}")
    yield "The settings of a command are options too; [settings.md](settings.md) describes them."
    for name, command in group.commands.items():
        rows, usage, settings = [], [name], []
        for parameter in command.params:
            text = parameter.help or ""
            if parameter.param_type_name == "argument":
                shown = parameter.name.upper() + ("..." if parameter.nargs == -1 else "")
                usage.append(shown if parameter.required else f"[{shown}]")
                rows.append((f"`{shown}`", "", text))
            elif parameter.name in SETTINGS and environment_name(parameter.name) in text:
                settings.append(f"`{parameter.opts[0]}`")
            else:
                rows.append((", ".join(f"`{flag}`" for flag in parameter.opts), _shown_default(parameter), text))
        yield f"## `cce-etl {' '.join(usage)}`"
        yield inspect.cleandoc(command.help)
        if rows:
            yield _table(("Argument or option", "Default", "What it is"), rows)
        if settings:
            yield f"Settings: {', '.join(settings)}."
    yield "## Exit codes"
    yield _table(("Code", "Meaning"), EXIT_CODES.items())


def tables_page() -> Iterator[str]:
    """Yield the blocks of docs/reference/tables.md: what a build without any job makes and publishes."""
    with tempfile.TemporaryDirectory() as folder, open_warehouse(Path(folder) / "empty.duckdb") as connection:
        pipeline.build(connection)
        comments = dict(connection.execute(_COMMENTS).fetchall())
        tables = [(name, *comments[name].rsplit(" Grain: ", 1)) for name in published_tables(connection)]
        columns = {name: connection.execute(_COLUMNS, name.split(".")).fetchall() for name, _, _ in tables}
    yield from ("# Tables", _MADE, _TABLES_INTRODUCTION)
    yield _table(
        ("Table", "Grain", "What it holds"),
        (
            (f"[{name}](#{name.replace('.', '')})", grain.rstrip("."), _first_sentence(text))
            for name, text, grain in tables
        ),
    )
    for name, text, grain in tables:
        yield f"## {name}"
        yield f"{text} Grain: {grain}"
        yield _table(("Column", "Type", "What it is"), columns[name])


def _first_sentence(text: str) -> str:
    # The point after an initial, as in a name, does not end a sentence.
    return re.split(r"(?<=[^A-Z]\.) ", text)[0]


def _shown_default(option: Any) -> str:
    default = option.default
    return "" if default is None or default is False or default == () else f"`{getattr(default, 'value', default)}`"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [tuple(header), *(tuple(_cell(cell) for cell in row) for row in rows)]
    lines.insert(1, ("---",) * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |".replace("|  ", "| ").replace("|  ", "| ") for line in lines)


def pages() -> dict[Path, str]:
    """Return every file that is made, by its path from the project's folder."""
    return {
        path: "\n\n".join(blocks) + "\n"
        for path, blocks in {
            Path("docs/reference/settings.md"): settings_page(),
            Path("docs/reference/commands.md"): commands_page(),
            Path("docs/reference/tables.md"): tables_page(),
            Path(".env.example"): environment_example(
                "# Copy to .env, fill in, and load with: set -a; . ./.env; set +a",
                {"region": "eu-west-101", "project_id": "", "auth_token": ""},
            ),
            Path("deploy/cce-etl.env.example"): environment_example(_DEPLOYMENT_INTRODUCTION, _DEPLOYMENT_VALUES),
        }.items()
    }


if __name__ == "__main__":
    made = pages()
    stale = [path for path, text in made.items() if not (ROOT / path).exists() or (ROOT / path).read_text() != text]
    if sys.argv[1:] == ["--check"]:
        sys.exit("\n".join(f"{path} is not as the code has it: run make reference" for path in stale) or 0)
    for path in stale:
        (ROOT / path).write_text(made[path], encoding="utf-8")
