"""Build all models anew, and build them again after a night that brought 2,000 jobs."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.contender import Stopwatch
from benchmarks.harness import Contender, Result, Role, Row, Scale, Target, at_most, compare
from benchmarks.model_warehouse import NIGHT, WAREHOUSE, make_warehouse

# Root jobs of the smaller warehouse, 13 rows each, and how often the larger one holds them.
_JOBS: Final = {Scale.QUICK: 100, Scale.STANDARD: 50_000}
_COPIES: Final = {Scale.QUICK: 2, Scale.STANDARD: 10}
_NIGHT_JOBS: Final = {Scale.QUICK: 20, Scale.STANDARD: 2_000}
_REPEATS: Final = {Scale.QUICK: 1, Scale.STANDARD: 3}
_MEGABYTE: Final = 1_000_000
_LIMITED: Final = "cce-etl, memory_limit 1 GB"
# The copy in which models are built; a night finds them there.
_BUILT: Final = "copy.duckdb"
# The search for cohorts, and what is read from it.
_SEARCH: Final = ("intermediate.comparisons", "marts.duration_changes", "marts.step_cohorts")


def rows(scale: Scale) -> Iterator[Row]:
    """Yield whole builds of the smaller and the larger warehouse and one after a night; rows of core.jobs as units."""
    if scale is not Scale.QUICK:
        with _warehouse(scale, 1) as folder:
            yield from _whole(scale, folder, _REPEATS[scale], 10)
    with _warehouse(scale, _COPIES[scale]) as folder:
        yield from _whole(scale, folder, 1, 90)
        yield from _night(scale, folder)


@contextmanager
def _warehouse(scale: Scale, copies: int) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="cce-etl-benchmark-") as folder:
        size = {"job_count": _JOBS[scale], "copies": copies, "night_job_count": _NIGHT_JOBS[scale]}
        compare({"making": Contender(make_warehouse, {"folder": folder} | size)}, 1)
        yield folder


def _whole(scale: Scale, folder: str, repeats: int, limit_seconds: float) -> Iterator[Row]:
    arguments = {"folder": folder}
    contenders = {
        "cce-etl": Contender(build_plain, arguments),
        "search for cohorts": Contender(search, arguments),
        "a copy of core.jobs": Contender(copy_jobs, arguments),
    }
    if scale is not Scale.QUICK:  # a hundred jobs need less
        contenders[_LIMITED] = Contender(build_plain, arguments | {"memory_limit": "1GB"})
    found = compare(contenders, repeats)
    ours = found["cce-etl"]
    name = f"models, {ours.units:,} rows"
    targets = _whole_targets(ours, found["search for cohorts"], limit_seconds) if scale is not Scale.QUICK else ()
    yield Row(name, "rows", "cce-etl", Role.OURS, ours, targets)
    if _LIMITED in found:
        yield Row(name, "rows", _LIMITED, Role.OURS_TOO, found[_LIMITED])
    yield Row(name, "rows", "search for cohorts", Role.OURS_TOO, found["search for cohorts"])
    yield Row(name, "rows", "a copy of core.jobs", Role.FLOOR, found["a copy of core.jobs"])


def _whole_targets(ours: Result, search: Result, limit_seconds: float) -> tuple[Target, ...]:
    return (
        at_most("seconds without the search", ours.seconds, limit_seconds),
        at_most("seconds of the search", search.seconds, 30),
        at_most("peak MB", ours.peak_bytes / _MEGABYTE, 4_000),
    )


def _night(scale: Scale, folder: str) -> Iterator[Row]:
    arguments = {"folder": folder}
    steps = {"load": load_night, "build": build_all, "check": check_all, "publish": publish_all}
    found = {name: compare({name: Contender(step, arguments)}, 1)[name] for name, step in steps.items()}
    total = sum(result.seconds for result in found.values())
    targets = (at_most("seconds of all but fetching", total, 30),) if scale is not Scale.QUICK else ()
    for name, result in found.items():
        role = Role.OURS if name == "load" else Role.OURS_TOO
        yield Row(
            f"night, {_NIGHT_JOBS[scale]:,} new jobs", "rows", name, role, result, targets if name == "load" else ()
        )


def build_plain(watch: Stopwatch, *, folder: str, memory_limit: str = "") -> int:
    """Build every model but the search for cohorts in a fresh copy of the warehouse."""
    import shutil

    from cce_etl.models.build import build_models
    from cce_etl.models.computed import code_version
    from cce_etl.pipeline import run as pipeline
    from cce_etl.warehouse.connection import open_warehouse
    from cce_etl.warehouse.files import row_counts

    copy = Path(folder, _BUILT)
    shutil.copyfile(Path(folder, WAREHOUSE), copy)
    models = [model for model in pipeline.models() if model.name not in _SEARCH]
    with watch, open_warehouse(copy) as connection:
        if memory_limit:
            connection.execute(f"SET memory_limit = '{memory_limit}'")
        build_models(connection, models, code_version())
        return row_counts(connection, ["core.jobs"])["core.jobs"]


def search(watch: Stopwatch, *, folder: str) -> int:
    """Search for cohorts and changes in what `build_plain` left."""
    from cce_etl.models.build import build_model
    from cce_etl.models.tables import relation_types
    from cce_etl.pipeline import run as pipeline
    from cce_etl.warehouse.connection import open_warehouse
    from cce_etl.warehouse.files import row_counts

    (model,) = [model for model in pipeline.models() if model.name == _SEARCH[0]]
    with watch, open_warehouse(Path(folder, _BUILT)) as connection:
        build_model(connection, model, relation_types(connection))
        return row_counts(connection, ["core.jobs"])["core.jobs"]


def copy_jobs(watch: Stopwatch, *, folder: str) -> int:
    """Write one plain copy of core.jobs, about what the rows of marts.steps must cost."""
    from cce_etl.warehouse.connection import open_warehouse
    from cce_etl.warehouse.files import row_counts

    with open_warehouse(Path(folder, _BUILT)) as connection:
        with watch:
            connection.execute("CREATE TABLE main.plain AS FROM core.jobs; CHECKPOINT")
        connection.execute("DROP TABLE main.plain")
        return row_counts(connection, ["core.jobs"])["core.jobs"]


def build_all(watch: Stopwatch, *, folder: str) -> int:
    """Bring every model up to date."""
    from cce_etl.pipeline import run as pipeline
    from cce_etl.warehouse.connection import open_warehouse
    from cce_etl.warehouse.files import row_counts

    with watch, open_warehouse(Path(folder, _BUILT)) as connection:
        pipeline.build(connection)
        return row_counts(connection, ["core.jobs"])["core.jobs"]


def load_night(watch: Stopwatch, *, folder: str) -> int:
    """Load the jobs of one night."""
    from cce_etl.pipeline.load_files import load_files
    from cce_etl.warehouse.connection import open_warehouse

    with watch, open_warehouse(Path(folder, _BUILT)) as connection:
        return load_files(connection, "benchmark", [str(Path(folder, NIGHT))], "load").rows


def check_all(watch: Stopwatch, *, folder: str) -> int:
    """Run every check."""
    from cce_etl.pipeline.gates import Gate, run_gate
    from cce_etl.warehouse.connection import open_warehouse
    from cce_etl.warehouse.files import row_counts

    with watch, open_warehouse(Path(folder, _BUILT)) as connection:
        for gate in Gate:
            run_gate(connection, gate, "run")
        return row_counts(connection, ["core.jobs"])["core.jobs"]


def publish_all(watch: Stopwatch, *, folder: str) -> int:
    """Publish the warehouse."""
    from cce_etl.publish.publish import publish
    from cce_etl.warehouse.connection import open_warehouse
    from cce_etl.warehouse.files import row_counts

    path = Path(folder, _BUILT)
    with watch, open_warehouse(path) as connection:
        publish(connection, path, Path(folder, "published.duckdb"), "benchmark", 1_772_323_200_000_000_000)
        return row_counts(connection, ["core.jobs"])["core.jobs"]
