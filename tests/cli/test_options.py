"""Options become settings: they go before the environment, which goes before the file; secrets have none."""

import inspect
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cce_etl.cli.options import FETCHING, FILES, with_settings
from cce_etl.settings.settings import SECRETS, Settings, environment_name

RUNNER = CliRunner()


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """Return a command with every option, which prints one of its settings and its own argument."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.__struct_fields__:
        monkeypatch.delenv(environment_name(name), raising=False)
    made = typer.Typer(rich_markup_mode=None)

    @made.command()
    @with_settings(*FETCHING)
    def show(*, settings: Settings, field: str, twice: bool = False) -> None:
        typer.echo(f"{getattr(settings, field)}" * (2 if twice else 1))

    return made


def test_an_option_goes_before_the_environment_and_that_before_the_file_and_that_before_the_default(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert RUNNER.invoke(app, ["concurrency"]).output == "32\n"
    (tmp_path / "cce-etl.toml").write_text("concurrency = 3\n")
    assert RUNNER.invoke(app, ["concurrency"]).output == "3\n"
    monkeypatch.setenv("CCE_CONCURRENCY", "4")
    assert RUNNER.invoke(app, ["concurrency"]).output == "4\n"
    assert RUNNER.invoke(app, ["concurrency", "--concurrency", "5"]).output == "5\n"


@pytest.mark.parametrize(
    ("flag", "field", "value"),
    [
        ("--rate", "rate_limit", "2.5"),
        ("--rate-limit", "rate_limit", "2.5"),
        ("--timeout", "timeout_seconds", "2.5"),
        ("--timeout-seconds", "timeout_seconds", "2.5"),
        ("--project", "project_id", "p"),
        ("--project-id", "project_id", "p"),
        ("--warehouse", "warehouse", "w.duckdb"),
        ("--max-body-bytes", "max_body_bytes", "7"),
    ],
)
def test_each_option_sets_its_setting(app: typer.Typer, flag: str, field: str, value: str) -> None:
    assert RUNNER.invoke(app, [field, flag, value]).output == f"{value}\n"


def test_the_commands_own_parameters_stay(app: typer.Typer) -> None:
    assert RUNNER.invoke(app, ["region", "--twice"]).output == "NoneNone\n"
    assert RUNNER.invoke(app, []).exit_code == 2


def test_help_names_the_environment_variable_of_every_option(app: typer.Typer) -> None:
    shown = " ".join(RUNNER.invoke(app, ["--help"]).output.split())
    for field in FETCHING:
        assert f"[{environment_name(field)}]" in shown


def test_no_secret_has_an_option() -> None:
    assert not set(FETCHING) & set(SECRETS)
    assert set(FILES) <= set(FETCHING)


def test_a_command_keeps_its_name_and_words() -> None:
    @with_settings(*FILES)
    def tidy(*, settings: Settings) -> None:
        """Tidy up."""

    assert (tidy.__name__, tidy.__doc__) == ("tidy", "Tidy up.")
    assert list(inspect.signature(tidy).parameters) == list(FILES)
