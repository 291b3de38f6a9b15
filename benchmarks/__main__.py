"""`python -m benchmarks [--scale quick|standard|large] [--only NAME ...]`.

Lives here: which benchmarks there are, printing the one table; exit 1 when a contender fails.
Does not: measuring (`harness`, each module), judging by targets.
"""

import argparse
import importlib
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from benchmarks.harness import ContenderError, Row, Scale
from benchmarks.results import RESULTS, section, write_section
from benchmarks.table import HEADINGS, TARGET_HEADINGS, aligned, cells, target_cells

_BENCHMARKS: Final = ("fetch", "load", "models", "publish", "startup", "whole_job", "growth")
_LARGE: Final = ("growth",)


def main() -> int:
    """Run the benchmarks of a scale, print the table and keep it; a quick run is never kept."""
    arguments = _arguments()
    scale = Scale(arguments.scale)
    names = arguments.only or (_LARGE if scale is Scale.LARGE else _BENCHMARKS)
    rows: list[Row] = []
    failures: list[str] = []
    for name in names:
        started = time.perf_counter()
        try:
            rows.extend(_rows(name, scale))
        except ContenderError as error:
            failures.append(f"{name}: {error}")
        _say(f"{name}: {time.perf_counter() - started:.0f} s")
    _say(f"\n{aligned(HEADINGS, cells(rows))}\n\n{aligned(TARGET_HEADINGS, target_cells(rows))}")
    for failure in failures:
        _say(f"\nFAILED {failure}")
    if not failures and not arguments.only and scale is not Scale.QUICK:
        write_section(RESULTS, scale, section(scale, rows, datetime.now(UTC)))
    return 1 if failures else 0


def _rows(name: str, scale: Scale) -> Iterator[Row]:
    found: Iterator[Row] = importlib.import_module(f"benchmarks.{name}").rows(scale)
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure beside floors and alternatives.")
    parser.add_argument("--scale", default=Scale.STANDARD.value, choices=[scale.value for scale in Scale])
    parser.add_argument("--only", nargs="*", choices=_BENCHMARKS, help="these alone; their figures are not kept")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
