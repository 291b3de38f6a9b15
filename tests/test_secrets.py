"""Canary secrets of every auth method: whole runs, successful and refused, print and write none of them."""

from pathlib import Path

import pytest

from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN
from cce_etl.demo.fleet import Fleet, build_fleet
from tests.conftest import Shell
from tests.fake_api.identity import DEMO_ACCESS_KEY, DEMO_DOMAIN, DEMO_PASSWORD, DEMO_SECRET_KEY, DEMO_USERNAME
from tests.fake_api.server import fake_api

AUTH_METHODS: dict[str, dict[str, str]] = {
    "token": {"CCE_AUTH_TOKEN": DEMO_TOKEN},
    "key": {"HUAWEICLOUD_SDK_AK": DEMO_ACCESS_KEY, "HUAWEICLOUD_SDK_SK": DEMO_SECRET_KEY},
    "password": {"CCE_USERNAME": DEMO_USERNAME, "CCE_PASSWORD": DEMO_PASSWORD, "CCE_DOMAIN": DEMO_DOMAIN},
    "profile": {},
    "agency": {"CCE_AUTH": "agency"},
}
WRONG = "canary-that-is-wrong-0123456789"


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return build_fleet(5, 12, 1_772_323_200_000_000_000)


def shell_for(folder: Path, endpoint: str, method: str, secrets: dict[str, str]) -> Shell:
    shell = Shell(folder, endpoint)
    del shell.environment["CCE_AUTH_TOKEN"]
    shell.environment |= secrets | {"CCE_IAM_ENDPOINT": endpoint, "CCE_METADATA_ENDPOINT": endpoint}
    if method == "profile":
        kept = folder.parent / f"{folder.name}-home"
        kept.mkdir()
        (kept / "credentials").write_text(
            f"[basic]\nak = {DEMO_ACCESS_KEY}\nsk = {DEMO_SECRET_KEY}\nproject_id = {DEMO_PROJECT_ID}\n",
            encoding="utf-8",
        )
        del shell.environment["CCE_PROJECT_ID"]
        shell.environment["HUAWEICLOUD_SDK_CREDENTIALS_FILE"] = str(kept / "credentials")
    return shell


def left_behind(shell: Shell, printed: str) -> bytes:
    """Return everything a run printed and wrote."""
    files = [path.read_bytes() for path in shell.folder.rglob("*") if path.is_file()]
    return b"".join([printed.encode(), *files])


@pytest.mark.parametrize("method", AUTH_METHODS)
def test_a_whole_run_leaves_no_secret_behind(fleet: Fleet, tmp_path: Path, method: str) -> None:
    with fake_api(fleet) as endpoint:
        shell = shell_for(tmp_path, endpoint, method, AUTH_METHODS[method])
        # Models see nothing that signs in, and the token is looked for after every whole run (the fixture `shell`).
        ran = shell("run", "--no-build", "--ids", shell.write("ids.txt", fleet.job_ids), "--json")
        assert (ran.code, ran.json["fetched"]) == (0, len(fleet.job_ids)), ran.err
        shown = [ran, shell("publish"), shell("doctor"), shell("status"), shell("dead-letters")]
        left = left_behind(shell, "".join(one.out + one.err for one in shown))
    for secret in (DEMO_TOKEN, DEMO_SECRET_KEY, DEMO_PASSWORD):
        assert secret.encode() not in left


@pytest.mark.parametrize(
    ("method", "secrets"),
    [
        ("token", {"CCE_AUTH_TOKEN": WRONG}),
        ("key", {"HUAWEICLOUD_SDK_AK": DEMO_ACCESS_KEY, "HUAWEICLOUD_SDK_SK": WRONG}),
        ("password", {"CCE_USERNAME": DEMO_USERNAME, "CCE_PASSWORD": WRONG, "CCE_DOMAIN": DEMO_DOMAIN}),
    ],
)
def test_a_refused_run_says_so_and_leaves_no_secret_behind(
    fleet: Fleet, tmp_path: Path, method: str, secrets: dict[str, str]
) -> None:
    with fake_api(fleet) as endpoint:
        shell = shell_for(tmp_path, endpoint, method, secrets)
        ran = shell("run", "--ids", shell.write("ids.txt", fleet.job_ids))
        assert ran.code == 3
        assert "refused" in ran.err
        doctor = shell("doctor")
        assert doctor.code == 3
        assert WRONG.encode() not in left_behind(shell, ran.out + ran.err + doctor.out + doctor.err)
