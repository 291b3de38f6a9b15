"""The published file as an asset: after what, signed by whom, described how."""

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from dagster import AssetKey

from cce_etl import pipeline
from cce_etl.defs.assembly import build_definitions
from cce_etl.defs.published_asset import PUBLISHED

if TYPE_CHECKING:
    from tests.defs.conftest import Night


def test_it_is_published_only_when_every_model_is_built() -> None:
    parents = build_definitions().resolve_asset_graph().get(PUBLISHED).parent_keys
    assert parents == {AssetKey(model.name.split(".")) for model in pipeline.models()}


def test_the_file_is_signed_with_the_run_and_the_clock(night: "Night") -> None:
    with duckdb.connect(night.environment["CCE_PUBLISHED"], read_only=True) as connection:
        rows = connection.execute("SELECT run_id, epoch_ns(published_at) FROM manifest").fetchall()
    assert rows == [(night.result.run_id, night.now)]


def test_the_metadata_says_where_it_is_and_what_it_holds(night: "Night") -> None:
    metadata = night.materialization("published", "cce_jobs").metadata
    assert metadata["path"].value == night.environment["CCE_PUBLISHED"]
    assert metadata["file_bytes"].value == Path(night.environment["CCE_PUBLISHED"]).stat().st_size
    # Every model, and core.jobs.
    assert metadata["table_count"].value == len(pipeline.models()) + 1
    rows = night.materialization("marts", "steps").metadata["dagster/row_count"].value
    assert f"| marts.steps | {rows} |" in str(metadata["tables"].value).replace("\\_", "_")
