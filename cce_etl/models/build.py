"""Making the tables of all models, in the order given.

Lives here: which are made tree by tree and which anew, the settings that large writes want.
Does not: reading models (`models`), one table (`tables`), following changed trees (`trees`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager, suppress
from graphlib import TopologicalSorter
from typing import Final

import duckdb

from cce_etl.models.incremental import build_trees
from cce_etl.models.model import Model, count_rows
from cce_etl.models.tables import drop_other_kind, kinds, make_table, naming, write_comments
from cce_etl.warehouse.connection import Connection, new_connection, storage_of, unlocked_transaction

Prepare = Callable[[Connection], None]
# DuckDB keeps what it has read up to its limit, by default most of the machine's memory, and the computations need
# theirs beside it: 6.7 million rows took 4.7 GB with 1 GiB a thread, and with half of it 3.4, in the same time.
_BYTES_PER_THREAD: Final = 2**29
_LIMIT: Final = """
    SELECT wanted < parse_formatted_bytes(current_setting('memory_limit')), wanted
    FROM (SELECT $1 * current_setting('threads') AS wanted)
"""


def build_models(
    connection: Connection, models: Sequence[Model], code: str = "", prepare: Prepare = lambda _: None
) -> dict[str, int]:
    """Bring every model's table up to date, each after all it selects from; return the rows of each.

    `code` names the version of all computations: with another one, what was kept of unchanged trees is made anew too.
    `prepare` is called with each further connection, to set what models read from it. Raises WarehouseError naming the
    model that failed; the tables before it are made, its old one is kept.
    """
    with storage_of(connection).build_lock(connection), bulk_writes(connection):
        counts = build_trees(connection, models, code)
        before = kinds(connection)  # once for all of them: it takes 8 ms, and making a model of few rows some 20
        counts |= _build_side_by_side(connection, [model for model in models if not model.by_tree], prepare, before)
    return {model.name: counts[model.name] for model in models if model.name in counts}


def _build_side_by_side(
    connection: Connection, models: Sequence[Model], prepare: Prepare, before: Mapping[str, str]
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
            # The longest chain first: begun last, its models would be made one after the other while nothing else is.
            ready = sorted([*ready, *order.get_ready()], key=lengths.__getitem__)
            while ready and len(running) < builders:
                name = ready.pop()
                running[pool.submit(_build_beside, new_connection(connection), prepare, own[name], before)] = name
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


def _build_beside(own: Connection, prepare: Prepare, model: Model, before: Mapping[str, str]) -> int:
    with closing(own):
        prepare(own)
        return build_model(own, model, before)


def build_model(connection: Connection, model: Model, before: Mapping[str, str]) -> int:
    """Make one model's table and its comments anew, in one transaction; return its rows."""
    with naming(model), unlocked_transaction(connection):
        drop_other_kind(connection, model, before)
        make_table(connection, model)
        write_comments(connection, model)
    return count_rows(connection, model.name)


@contextmanager
def bulk_writes(connection: Connection) -> Iterator[None]:
    """Write many rows with one checkpoint at the end, on all cores, none of them twice, in bounded memory."""
    ((is_lower, limit),) = connection.execute(_LIMIT, [_BYTES_PER_THREAD]).fetchall()
    connection.execute("SET checkpoint_threshold = '1GB'")
    if is_lower:
        connection.execute(f"SET memory_limit = '{limit}B'")
    try:
        yield
        storage_of(connection).checkpoint(connection)
    finally:
        with suppress(duckdb.Error):  # of a database that failed for good, whose own error says more
            connection.execute("RESET checkpoint_threshold")
            if is_lower:
                connection.execute("RESET memory_limit")
