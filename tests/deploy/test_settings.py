"""The examples of environment files: every name is a setting, and no secret has a value."""

from cce_etl.settings.settings import SECRETS, SETTINGS, environment_name
from cce_etl.telemetry import ENDPOINT_VARIABLE
from tests.deploy.units import DEPLOY, read_environment, read_unit, read_yaml


def test_the_example_names_settings_that_exist_and_gives_no_secret() -> None:
    example = read_environment("cce-etl.env.example")
    known = {environment_name(field) for field, known in SETTINGS.items() if not known.is_file_only} | {
        ENDPOINT_VARIABLE
    }
    assert {"CCE_SECRET_KEY", "CCE_ALERT_WEBHOOK", "CCE_WAREHOUSE"} <= set(example) <= known
    assert {example.get(environment_name(name), "") for name in SECRETS} == {""}
    assert read_environment("container/postgres.env.example")["POSTGRES_PASSWORD"] == ""


def test_files_are_in_folders_that_units_and_containers_may_write() -> None:
    example = read_environment("cce-etl.env.example")
    (allowed,) = read_unit("code")["ReadWritePaths"]
    volumes = read_yaml(DEPLOY / "container" / "compose.yaml")["services"]["code"]["volumes"]
    for name in ("CCE_WAREHOUSE", "CCE_PUBLISHED", "CCE_INBOX"):
        folder = "/".join(example[name].split("/")[:5])
        assert folder in allowed.split()
        assert f"data:{folder}" in volumes


def test_units_and_containers_use_the_same_socket() -> None:
    (server,) = read_yaml(DEPLOY / "workspace.yaml")["load_from"]
    socket = server["grpc_server"]["socket"]
    assert socket in read_unit("code")["ExecStart"][0].split()
    assert socket in read_yaml(DEPLOY / "container" / "compose.yaml")["services"]["code"]["command"]
