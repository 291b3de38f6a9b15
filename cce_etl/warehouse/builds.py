"""Making the tables of all models, in the order given.

Lives here: which are made tree by tree and which anew, the settings that large writes want.
Does not: reading models (`models`), one table (`tables`), following changed trees (`trees`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cce_etl.warehouse.connection import Connection, transaction
from cce_etl.warehouse.models import Model, count_rows
from cce_etl.warehouse.tables import make_table, naming, write_comments
from cce_etl.warehouse.trees import build_trees


def build_models(connection: Connection, models: Sequence[Model], code: str = "") -> dict[str, int]:
    """Bring every model's table up to date, in the order given; return the rows of each.

    `code` names the version of all computations: with another one, what was kept of unchanged trees is made anew too.
    Raises WarehouseError naming the model that failed; the tables before it are made, its old one is kept.
    """
    with bulk_writes(connection):
        counts = build_trees(connection, models, code)
        return counts | {model.name: build_model(connection, model) for model in models if not model.by_tree}


def build_model(connection: Connection, model: Model) -> int:
    """Make one model's table and its comments anew, in one transaction; return its rows."""
    with naming(model), transaction(connection):
        make_table(connection, model)
        write_comments(connection, model)
    return count_rows(connection, model.name)


@contextmanager
def bulk_writes(connection: Connection) -> Iterator[None]:
    """Write many rows with one checkpoint at the end, on all cores, and none of them twice.

    A checkpoint with vacuum tasks merges what the cores wrote apart: a third of the time of the largest table.
    """
    connection.execute("SET checkpoint_threshold = '1GB'; SET preserve_insertion_order = false")
    connection.execute("SET max_vacuum_tasks = 0")
    try:
        yield
        connection.execute("CHECKPOINT")
    finally:
        connection.execute("RESET max_vacuum_tasks; RESET checkpoint_threshold")
