"""Building all models: the incremental ones for the trees that changed, then the others, several at a time."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager, suppress
from graphlib import TopologicalSorter
from typing import Final

import duckdb

from cce_etl.models.incremental import build_incremental
from cce_etl.models.model import Model
from cce_etl.models.tables import drop_other_type, make_table, model_errors, relation_types, write_comments
from cce_etl.settings.settings import NO_TARGETS, Slo
from cce_etl.warehouse.connection import Connection, new_connection, storage_of, unlocked_transaction
from cce_etl.warehouse.files import row_counts

# DuckDB keeps what it has read up to its limit, by default most of the machine's memory, and the computations need
# memory beside it: 6.7 million rows took 4.7 GB with 1 GiB a thread, and with half of it 3.4, in the same time.
_BYTES_PER_THREAD: Final = 2**29
_MEMORY_LIMIT: Final = """
    SELECT wanted < parse_formatted_bytes(current_setting('memory_limit')), wanted
    FROM (SELECT $1 * current_setting('threads') AS wanted)
"""


def build_models(
    connection: Connection, models: Sequence[Model], code: str = "", slo: Slo = NO_TARGETS
) -> dict[str, int]:
    """Bring every model's table up to date, each after all it selects from; return the rows of each that is kept.

    Args:
        models: The models, each after those it selects from.
        code: The version of all computations. When it changes, all trees are built anew.
        slo: The service level that marts.slo measures.

    Raises:
        WarehouseError: A model failed; the message names it. Those built before it are new, its old table is kept.
    """
    with storage_of(connection).build_lock(connection), bulk_writes(connection):
        counts = build_incremental(connection, models, code)
        before = relation_types(connection)  # once for all: it takes 8 ms, and making a model of few rows some 20
        counts |= _build_in_parallel(connection, [model for model in models if not model.is_built_by_tree], slo, before)
    return {model.name: counts[model.name] for model in models if model.name in counts}


def _build_in_parallel(
    connection: Connection, models: Sequence[Model], slo: Slo, before: Mapping[str, str]
) -> dict[str, int]:
    own = {model.name: model for model in models}
    order = TopologicalSorter({name: model.dependencies & own.keys() for name, model in own.items()})
    order.prepare()
    lengths = _chain_lengths(models)
    counts: dict[str, int] = {}
    ready: list[str] = []
    running: dict[Future[int], str] = {}
    builders = storage_of(connection).build_connections
    with ThreadPoolExecutor(max_workers=builders) as pool:
        while order.is_active():
            # The longest chain first: begun last, its models would be built one by one while nothing else is.
            ready = sorted([*ready, *order.get_ready()], key=lengths.__getitem__)
            while ready and len(running) < builders:
                name = ready.pop()
                running[pool.submit(_build_beside, new_connection(connection), own[name], slo, before)] = name
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                counts[name] = future.result()
                order.done(name)
    return counts


def _chain_lengths(models: Sequence[Model]) -> dict[str, int]:
    """Return how many models in a row wait for each, given each after all it selects from."""
    lengths = dict.fromkeys((model.name for model in models), 0)
    for model in reversed(models):
        for name in model.dependencies & lengths.keys():
            lengths[name] = max(lengths[name], lengths[model.name] + 1)
    return lengths


def _build_beside(own: Connection, model: Model, slo: Slo, before: Mapping[str, str]) -> int:
    with closing(own):
        set_slo(own, slo)
        return build_model(own, model, before)


def build_model(connection: Connection, model: Model, before: Mapping[str, str]) -> int:
    """Build one model with its comments in one transaction; return its rows."""
    with model_errors(model), unlocked_transaction(connection):
        drop_other_type(connection, model, before)
        make_table(connection, model)
        write_comments(connection, model)
    return row_counts(connection, [model.name])[model.name]


def set_slo(connection: Connection, slo: Slo) -> None:
    """Set the variables of this connection that intermediate.slo_targets reads."""
    connection.execute("SET VARIABLE slo_targets = CAST(? AS MAP(VARCHAR, DOUBLE))", [dict(slo.targets)])
    connection.execute("SET VARIABLE slo_objective = CAST(? AS DOUBLE)", [slo.objective])
    connection.execute("SET VARIABLE slo_window_days = CAST(? AS INTEGER)", [slo.window_days])


@contextmanager
def bulk_writes(connection: Connection) -> Iterator[None]:
    """Write many rows with one checkpoint at the end, and in bounded memory."""
    ((is_lower, limit),) = connection.execute(_MEMORY_LIMIT, [_BYTES_PER_THREAD]).fetchall()
    connection.execute("SET checkpoint_threshold = '1GB'")
    if is_lower:
        connection.execute(f"SET memory_limit = '{limit}B'")
    try:
        yield
        storage_of(connection).checkpoint(connection)
    finally:
        with suppress(duckdb.Error):  # after a fatal error the database cannot be used; that error says more
            connection.execute("RESET checkpoint_threshold")
            if is_lower:
                connection.execute("RESET memory_limit")
