"""Write RESULTS.md, which has one section a benchmark, replaced each time that benchmark is run."""

import os
import platform
import re
import timeit
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final

from benchmarks.harness import Row, Scale
from benchmarks.table import HEADINGS, TARGET_HEADINGS, cells, markdown, target_cells

RESULTS: Final = Path(__file__).with_name("RESULTS.md")
_PACKAGES: Final = (
    "duckdb", "httpx", "httpx-aiohttp", "aiohttp", "msgspec", "pyarrow", "numpy", "pandas", "dagster", "orjson", "dlt",
    "huaweicloudsdkcce",
)  # fmt: skip
_COMMANDS: Final = {Scale.QUICK: "make bench-quick", Scale.STANDARD: "make bench", Scale.LARGE: "make bench-large"}
_TITLE: Final = """# Results of the benchmarks

Written by the commands named below; each benchmark replaces its own section. All jobs are synthetic. Each contender
runs in a process of its own, in turns with the others; seconds are medians, CPU counts all threads and child
processes, the peak is the resident memory of the whole process. `time to ours` is a contender's time over ours: above
1, we are faster. A rented machine is not as fast every day: where the line of its date says how long a million squares
took, compare that first. What was missed, and why: docs/decisions/0010-limits-of-speed.md.
"""


def heading(benchmark: str, scale: Scale) -> str:
    """Return the name of the section that keeps a benchmark's figures at a scale."""
    return benchmark if scale is Scale.STANDARD else f"{benchmark}, {scale.value}"


def write_section(path: Path, name: str, section: str) -> None:
    """Put one section into the file, a new one at its end; all others stay."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    sections = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", before, re.MULTILINE | re.DOTALL))
    sections[name] = section
    written = [f"## {each}\n\n{text.strip()}\n" for each, text in sections.items()]
    path.write_text("\n".join([_TITLE, *written]), encoding="utf-8")


def section(scale: Scale, rows: Sequence[Row], at: datetime) -> str:
    """Return what a run found, with the machine's size and the versions it was taken with."""
    date = f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, {_machine()}; a million squares took {_yardstick_seconds():.3f} s"
    taken = f"{date}. Repeat with `{_COMMANDS[scale]}`.\n{_versions()}."
    return "\n\n".join([taken, markdown(HEADINGS, cells(rows)), markdown(TARGET_HEADINGS, target_cells(rows))])


def _machine() -> str:
    gibibytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {gibibytes:.0f} GiB of memory"


def _yardstick_seconds() -> float:
    """Tell how fast the machine is at the moment, so that the figures of two days can be compared.

    Rented cores share theirs with others': the same imports took 0.066 s on one day and 0.14 s on another.
    """
    return min(timeit.repeat("sum(number * number for number in range(1_000_000))", repeat=5, number=1))


def _versions() -> str:
    found = {package: _version(package) for package in _PACKAGES}
    names = [f"{package} {version}" for package, version in found.items() if version]
    return ", ".join([f"Python {platform.python_version()}", *names])


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
