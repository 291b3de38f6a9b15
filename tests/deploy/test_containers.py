"""The containers: their access to secrets and data, their ports, and that they run the commands of the units."""

import shlex

from cce_etl.settings.settings import SECRETS, environment_name
from tests.deploy.units import DEPLOY, ROOT, SERVICES, read_environment, read_yaml, unit_command

COMPOSE = read_yaml(DEPLOY / "container" / "compose.yaml")
CONTAINERS = COMPOSE["services"]
DOCKERFILE = (DEPLOY / "container" / "Dockerfile").read_text(encoding="utf-8")


def _on_host(word: str) -> str:
    # In a container, loopback would be the container's own; the port is published to the host's.
    return "127.0.0.1" if word == "0.0.0.0" else word  # noqa: S104


def test_the_services_are_the_units_and_their_database() -> None:
    assert set(CONTAINERS) == {*SERVICES, "postgres"}
    for name in SERVICES:
        as_unit = [word.removeprefix("/opt/cce-etl/.venv/bin/") for word in unit_command(name)]
        assert [_on_host(word) for word in CONTAINERS[name]["command"]] == as_unit


def test_only_the_webservers_port_is_published_and_on_loopback() -> None:
    published = {name: service.get("ports") for name, service in CONTAINERS.items() if "ports" in service}
    assert published == {"webserver": ["127.0.0.1:3000:3000"]}
    assert COMPOSE["networks"]["storage"] == {"internal": True}
    outside = {name for name, service in CONTAINERS.items() if set(service["networks"]) - {"storage"}}
    assert outside == {"code", "webserver"}


def test_every_container_is_read_only_without_capabilities_and_not_root() -> None:
    for service in CONTAINERS.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["user"] in ("10001:10001", "postgres")
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
        assert "privileged" not in service


def test_only_the_code_server_gets_the_apis_secrets_and_the_data() -> None:
    given = {name for name, service in CONTAINERS.items() if "cce-etl.env" in service["env_file"]}
    holding = {
        name for name, service in CONTAINERS.items() if any(one.startswith("data:") for one in service["volumes"])
    }
    assert (given, holding) == ({"code"}, {"code"})
    for service in CONTAINERS.values():
        assert set(service.get("environment", {})) <= {"TINI_KILL_PROCESS_GROUP"}


def test_the_instance_has_the_usual_settings_except_the_database() -> None:
    ours = read_yaml(DEPLOY / "container" / "dagster.yaml")
    database = ours.pop("storage")["postgres"]["postgres_db"]
    assert ours == read_yaml(ROOT / "dagster_home" / "dagster.yaml")
    assert database.pop("scheme") == "postgresql+psycopg2"
    names = {value["env"] for value in database.values()}
    assert names == set(read_environment("container/postgres.env.example"))


def test_the_image_is_built_from_hashed_packages_and_runs_as_another_user() -> None:
    lines = DOCKERFILE.replace("\\\n", " ").splitlines()
    installs = [line for line in lines if "pip install" in line]
    packages, ourselves = installs
    assert '--require-hashes --only-binary=:all: --requirement "${REQUIREMENTS}"' in packages
    assert "ARG REQUIREMENTS=requirements-deploy.lock" in lines
    assert "--no-deps --no-build-isolation --no-index" in ourselves
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]
    assert lines[-1].startswith("CMD") and lines.index("USER 10001:10001") == len(lines) - 2


def test_only_files_of_the_image_are_sent_to_its_build() -> None:
    ignore = (DEPLOY / "container" / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in ignore if not line.startswith("#")]
    assert rules[0] == "*"
    allowed = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    copied = {
        name.removeprefix("./")
        for line in DOCKERFILE.splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for name in shlex.split(line)[1:-1]
    }
    assert allowed == copied
    assert all((ROOT / name).exists() for name in copied)


def test_no_secret_is_in_an_argument_or_a_variable_of_the_image() -> None:
    secrets = {environment_name(name) for name in SECRETS} | {"POSTGRES_PASSWORD"}
    assert not [name for name in secrets if name in DOCKERFILE]
