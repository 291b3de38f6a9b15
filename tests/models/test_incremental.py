"""Incremental models in a warehouse with deleted rows."""

from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from cce_etl.models import batches
from cce_etl.models.incremental import build_incremental
from cce_etl.models.model import read_models
from cce_etl.warehouse.connection import Connection

ROW_GROUP = 122_880
COPY = """-- materialized: incremental
-- grain: source, root_job_id
SELECT source, root_job_id FROM core.jobs
"""


def test_every_tree_is_made_though_a_checkpoint_in_between_takes_out_a_row_group_of_deleted_rows(
    tmp_path: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 400)
    connection.execute(
        """
        INSERT INTO core.jobs BY NAME
        SELECT 's' AS source, x AS job_id, x AS root_job_id, '' AS path, 0 AS depth, 0 AS ordinal, true AS is_leaf,
            true AS has_uid
        FROM range($1) AS r(x)
        """,
        [ROW_GROUP + 1_000],
    )
    connection.execute("CHECKPOINT")
    connection.execute("DELETE FROM core.jobs WHERE rowid < $1", [ROW_GROUP])
    checkpoints: list[object] = []

    def interrupted(rows: pa.Table) -> pa.Table:
        if rows.num_rows and not checkpoints:
            checkpoints.append(connection.cursor().execute("CHECKPOINT").fetchall())
        return rows

    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "copy.sql").write_text(COPY)
    models = [msgspec.structs.replace(model, computation=interrupted) for model in read_models(tmp_path)]
    assert build_incremental(connection, models, "code") == {"core.copy": 1_000}
    assert checkpoints
    assert connection.execute("FROM core.jobs ANTI JOIN core.copy USING (source, root_job_id)").fetchall() == []
