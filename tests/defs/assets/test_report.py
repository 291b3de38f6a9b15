"""The report as an asset: made after the published file, beside it."""

from pathlib import Path
from typing import TYPE_CHECKING

from cce_etl.defs.assembly import build_definitions
from cce_etl.defs.assets.published import PUBLISHED
from cce_etl.defs.assets.report import REPORT

if TYPE_CHECKING:
    from tests.defs.conftest import Night


def test_it_is_made_from_the_published_file() -> None:
    assert build_definitions().resolve_asset_graph().get(REPORT).parent_keys == {PUBLISHED}


def test_it_is_a_page_beside_the_published_file(night: "Night") -> None:
    metadata = night.materialization("published", "report").metadata
    page = Path(night.environment["CCE_PUBLISHED"]).with_name("report.html")
    assert metadata["path"].value == str(page)
    assert metadata["file_bytes"].value == page.stat().st_size
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
