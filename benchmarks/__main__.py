"""Run the benchmarks of one scale and print one table: `python -m benchmarks [--scale SCALE] [--only NAME ...]`.

The exit code is 1 when a contender fails. A missed target is printed and changes no exit code.
"""

import argparse
import importlib
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from benchmarks.harness import ContenderError, Row, Scale
from benchmarks.results import RESULTS, heading, section, write_section
from benchmarks.table import HEADINGS, TARGET_HEADINGS, aligned, cells, target_cells

# What says something at small sizes too, and needs no servers: in a minute, most of which is starting Python.
_QUICK: Final = ("fetch", "load", "models", "publish", "startup", "whole_job")
_BENCHMARKS: Final = (*_QUICK, "lake", "workers", "growth")
_OF: Final = {Scale.QUICK: _QUICK, Scale.STANDARD: _BENCHMARKS, Scale.LARGE: ("growth",)}


def main() -> int:
    """Run the benchmarks of a scale, keep the figures of each but the quick ones, and print the table."""
    arguments = _arguments()
    scale = Scale(arguments.scale)
    rows: list[Row] = []
    failures: list[str] = []
    for name in arguments.only or _OF[scale]:
        try:
            rows.extend(_measured(name, scale))
        except ContenderError as error:
            failures.append(f"{name}: {error}")
    _say(f"\n{aligned(HEADINGS, cells(rows))}\n\n{aligned(TARGET_HEADINGS, target_cells(rows))}")
    for failure in failures:
        _say(f"\nFAILED {failure}")
    return 1 if failures else 0


def _measured(name: str, scale: Scale) -> list[Row]:
    started = time.perf_counter()
    found = list(_rows(name, scale))
    if scale is not Scale.QUICK:
        write_section(RESULTS, heading(name, scale), section(scale, found, datetime.now(UTC)))
    _say(f"{name}: {time.perf_counter() - started:.0f} s")
    return found


def _rows(name: str, scale: Scale) -> Iterator[Row]:
    found: Iterator[Row] = importlib.import_module(f"benchmarks.{name}").rows(scale)
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure beside floors and alternatives.")
    parser.add_argument("--scale", default=Scale.STANDARD.value, choices=[scale.value for scale in Scale])
    parser.add_argument("--only", nargs="*", choices=_BENCHMARKS, help="these alone")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
