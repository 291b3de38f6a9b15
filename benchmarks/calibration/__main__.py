"""Runs fleets in two processes and prints what was found against its targets; exits with 1 if one is missed.

`python -m benchmarks.calibration [--fleets 40] [--first-seed 1000] [--study NAME] [--verbose]`
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from benchmarks.calibration.plans import Plan, Study, plan
from benchmarks.calibration.scores import Score, score_fleet, summarize
from benchmarks.calibration.warehouses import built_fleet

PROCESSES = 2


def run(one: Plan) -> Score:
    """Draw one fleet, build the models on it, and compare what they found with its plan."""
    started = time.perf_counter()
    with built_fleet(one) as connection:
        return score_fleet(connection, one, time.perf_counter() - started)


def main() -> int:
    """Run the fleets of every study; print the counts against their targets."""
    arguments = _arguments()
    studies = [study for study in Study if arguments.study in ("", study.name.lower())]
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.fleets)
    plans = [plan(study, seed) for study in studies for seed in seeds]
    scores = []
    with ProcessPoolExecutor(PROCESSES) as pool:
        for one in pool.map(run, plans):
            scores.append(one)
            if arguments.verbose:
                _print(_description(one))
    met = True
    for line in summarize(scores):
        met &= line.is_met
        _print(f"{line.count:4} of {line.of:<4} {line.target:12} {'' if line.is_met else 'MISSED':7} {line.name}")
    return 0 if met else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--fleets", type=int, default=40, help="fleets of each study")
    parser.add_argument("--first-seed", type=int, default=1_000, help="the fleets' seeds count from here")
    parser.add_argument("--study", default="", choices=["", *(study.name.lower() for study in Study)])
    parser.add_argument("--verbose", action="store_true", help="print each fleet as well")
    return parser.parse_args()


def _description(one: Score) -> str:
    plan = one.plan
    dates = (("pair", one.cohort_days), ("source", one.change_days))
    days = [f"{name} {value:+.2f} d" for name, value in dates if value is not None]
    return (
        f"{plan.study.value} {plan.seed}: {plan.region}/{plan.flavor} x{plan.factor} first={one.is_pair_first} "
        f"ratio={one.ratio or 0:.2f} covered={one.is_covered} {' '.join(days)} failing={one.is_failing_found} "
        f"others={one.other_finding_count} {one.seconds:.1f} s"
    )


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
