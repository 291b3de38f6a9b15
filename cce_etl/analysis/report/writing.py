"""The report as text and as a file, which is written completely or not at all and is readable only by its owner."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from cce_etl.analysis.published import open_published
from cce_etl.analysis.report.contents import read_contents
from cce_etl.analysis.report.page import render
from cce_etl.errors import ConfigError, WarehouseError

_FIRST_LINE: Final = "<!DOCTYPE html>"


def report_page(published_path: Path) -> str:
    """Return the report of a published file as HTML. Raises WarehouseError when that file cannot be read."""
    with open_published(published_path) as published:
        return render(read_contents(published))


def write_report(published_path: Path, target_path: Path) -> None:
    """Write the report of a published file to `target_path`, in place of an earlier report.

    A new file is readable only by its owner; a file that replaces another keeps its permissions.

    Raises:
        ConfigError: `target_path` is a folder or a file that is no report, or its folder does not exist.
        WarehouseError: the published file cannot be read, or the report cannot be written.
    """
    try:
        # A mistyped -o must not overwrite a warehouse.
        if target_path.is_dir():
            raise ConfigError(f"{target_path} is a folder. Name a file for the report.")
        if target_path.exists():
            with target_path.open("rb") as file:
                if file.read(len(_FIRST_LINE)).decode("utf-8", "replace") != _FIRST_LINE:
                    raise ConfigError(f"{target_path} exists and is no report, so it is kept. Name another file.")
        page = report_page(published_path)
        folder = target_path.parent
        if not folder.is_dir():
            raise ConfigError(
                f"{target_path} cannot be written: there is no folder {folder}. Make it, or name another."
            )
        _replace(page, target_path)
    except OSError as error:
        raise WarehouseError(f"The report {target_path} cannot be written: {error.strerror}.") from None


def _replace(page: str, target: Path) -> None:
    draft = target.with_name(f".{target.name}.draft")
    draft.unlink(missing_ok=True)
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123  Path.open would create it with other permissions
            file.write(page)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():  # its owner has decided who may read it
            draft.chmod(target.stat().st_mode)
        draft.replace(target)
    finally:
        with suppress(OSError):  # usually it does not exist, and an error above matters more
            draft.unlink()
