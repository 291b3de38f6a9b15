"""The wheel: what is in it, and that it works alone, installed, in an empty folder."""

import os
import shutil
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BUILT_FROM = ("cce_etl", "sql", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, so that nothing is written beside the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in BUILT_FROM:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder / "dist")]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel alone into a folder of its own."""
    target = tmp_path_factory.mktemp("target")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    options = ["--no-deps", "--no-index", "--no-compile", "--target", str(target)]
    subprocess.run([*pip, *options, str(wheel)], check=True, capture_output=True)
    return target


def test_the_wheel_holds_every_module_every_model_and_the_schema(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder, prefix in (("cce_etl", ""), ("sql", "cce_etl/")):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".sql", ".j2", ".css"):
                assert prefix + path.relative_to(ROOT).as_posix() in names
    assert not any(name.startswith(("tests", "docs", "notebooks")) or "__pycache__" in name for name in names)


def test_the_wheel_holds_nothing_of_the_synthetic_server_that_only_tests_use(wheel: Path) -> None:
    only_tests_use = {path.name for path in (ROOT / "tests" / "fake_api").glob("*.py")} - {"server.py"}
    assert "faults.py" in only_tests_use
    with zipfile.ZipFile(wheel) as archive:
        demo = {Path(name).name: archive.read(name) for name in archive.namelist() if name.startswith("cce_etl/demo/")}
    assert {"api.py", "server.py"} <= demo.keys()
    assert not only_tests_use & demo.keys()
    # A signature or a password is checked by tests alone.
    assert not any(b"hmac" in source or b"password" in source for source in demo.values())


def test_the_wheel_names_its_command_licence_and_readme(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (about,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = message_from_bytes(archive.read(about))
        entry_points = archive.read(about.replace("METADATA", "entry_points.txt")).decode()
        assert about.replace("METADATA", "licenses/LICENSE") in archive.namelist()
    assert "cce-etl = cce_etl.cli:main" in entry_points
    assert metadata["Name"] == "cce-etl"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert str(metadata.get_payload()).strip()


def test_the_installed_command_runs_the_demo_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    # The target goes before the editable install of the checkout.
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(installed)}
    command = [sys.executable, str(installed / "bin" / "cce-etl")]
    shown = subprocess.run(
        [*command, "demo", "--jobs", "50"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "50 requested: 50 fetched, 0 unchanged" in shown.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    where = "import cce_etl.models.model as m; print(m.__file__, m.sql_directory(), sep='\\n')"
    asked = subprocess.run(
        [sys.executable, "-c", where], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert asked.stdout.splitlines() == [
        str(installed / "cce_etl" / "models" / "model.py"),
        str(installed / "cce_etl" / "sql"),
    ]
