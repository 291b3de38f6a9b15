"""The report as text, and as a file: written whole or not at all, and for its owner's eyes.

Lives here: the file. Does not: what is in it (`contents`, `page`).
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from cce_etl.analysis.published import open_published
from cce_etl.analysis.report.contents import read_contents
from cce_etl.analysis.report.page import render
from cce_etl.errors import ConfigError, WarehouseError

_BEGINNING: Final = "<!DOCTYPE html>"


def report_page(published_path: Path) -> str:
    """Return the report of a published file as HTML. Raises WarehouseError when that file cannot be read."""
    with open_published(published_path) as published:
        return render(read_contents(published))


def write_report(published_path: Path, target_path: Path) -> None:
    """Write the report of a published file to `target_path`, in place of the one before.

    A new file is its owner's alone; one that is replaced hands on its rights. Raises ConfigError when `target_path` is
    a file that is no page, or its folder is not there; WarehouseError when the published file cannot be read, or the
    report cannot be written.
    """
    try:
        _refuse_other_files(target_path)
        page = report_page(published_path)
        _refuse_missing_folder(target_path)
        _swap_in(page, target_path)
    except OSError as error:
        raise WarehouseError(f"The report {target_path} cannot be written: {error.strerror}.") from None


def _refuse_other_files(target: Path) -> None:
    # A mistyped -o must not cost anyone a warehouse.
    if target.is_dir():
        raise ConfigError(f"{target} is a folder. Name a file for the report.")
    if target.exists():
        with target.open("rb") as file:
            if file.read(len(_BEGINNING)).decode("utf-8", "replace") != _BEGINNING:
                raise ConfigError(f"{target} is there already and is no report; it is kept. Name another file.")


def _refuse_missing_folder(target: Path) -> None:
    # A mistyped -o must not leave folders behind either.
    if not target.parent.is_dir():
        raise ConfigError(f"{target} cannot be written: there is no folder {target.parent}. Make it, or name another.")


def _swap_in(page: str, target: Path) -> None:
    draft = target.with_name(f".{target.name}.draft")
    draft.unlink(missing_ok=True)
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123  a path would be made with other rights
            file.write(page)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():  # who may read it is for its owner to say, once
            draft.chmod(target.stat().st_mode)
        draft.replace(target)
    finally:
        with suppress(OSError):  # mostly that it is not there, and never worth more than an error above
            draft.unlink()
