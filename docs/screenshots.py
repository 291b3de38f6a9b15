# ruff: noqa: INP001  a script, no package
"""Make docs/images/*.png again: Dagster's asset graph, an asset's page and the report, after four nights of a fleet.

It needs Chromium on the PATH.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from dagster import DagsterInstance
from playwright.sync_api import Browser, Page, sync_playwright

from cce_etl.defs.assembly import build_definitions
from cce_etl.defs.jobs import NIGHTLY
from cce_etl.demo.api import DEMO_PROJECT_ID, DEMO_TOKEN, build_application
from cce_etl.demo.fleet import Fleet, build_fleet
from cce_etl.demo.server import serve_in_thread
from cce_etl.demo.showcase import DEMO_ENDS_AT

ROOT: Final = Path(__file__).parents[1]
IMAGES: Final = ROOT / "docs" / "images"
NIGHTS: Final = 4
JOBS: Final = 800
PORT: Final = 8_791
DAY_NS: Final = 86_400 * 1_000_000_000


def main() -> None:
    """Run some nights and write the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        environment = _some_nights(Path(folder), build_fleet(7, JOBS, DEMO_ENDS_AT))
        with _webserver(Path(folder), environment) as address, _browser() as browser:
            page = browser.new_page()
            _asset_graph(page, address)
            _asset_page(page, address)
            _report(page, Path(environment["CCE_PUBLISHED"]).with_name("report.html"))


def _some_nights(folder: Path, fleet: Fleet) -> dict[str, str]:
    shutil.copy(ROOT / "dagster_home" / "dagster.yaml", folder)
    listed = folder / "ids.txt"
    with serve_in_thread(build_application(fleet)) as endpoint:
        environment = {
            "CCE_ENDPOINT": endpoint,
            "CCE_PROJECT_ID": DEMO_PROJECT_ID,
            "CCE_AUTH_TOKEN": DEMO_TOKEN,
            "CCE_SOURCE": "synthetic",
            "CCE_JOB_IDS": str(listed),
            "CCE_WAREHOUSE": str(folder / "warehouse.duckdb"),
            "CCE_PUBLISHED": str(folder / "cce_jobs.duckdb"),
            "CCE_RATE_LIMIT": "0",
        }
        for night in range(1, NIGHTS + 1):
            share = 0.8 + 0.2 * night / NIGHTS
            listed.write_text("\n".join(fleet.job_ids[: round(share * len(fleet.job_ids))]), encoding="utf-8")
            _one_night(folder, environment, DEMO_ENDS_AT - (NIGHTS - night) * DAY_NS)
    return environment


def _one_night(folder: Path, environment: dict[str, str], now: int) -> None:
    job = build_definitions(lambda: now, environment).resolve_job_def(NIGHTLY)
    with DagsterInstance.from_config(str(folder)) as instance:
        job.execute_in_process(instance=instance)


@contextmanager
def _webserver(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    command = [sys.executable, "-m", "dagster_webserver", "--module-name", "cce_etl.definitions"]
    server = subprocess.Popen(  # noqa: S603  our own interpreter
        [*command, "--host", "127.0.0.1", "--port", str(PORT)],
        env=os.environ | environment | {"DAGSTER_HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{PORT}"
    try:
        _wait_for(address)
        yield address
    finally:
        server.terminate()
        server.wait()


def _wait_for(address: str) -> None:
    for _ in range(120):
        try:
            with urllib.request.urlopen(f"{address}/server_info", timeout=2):  # noqa: S310  loopback
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("Dagster's webserver did not start.")


@contextmanager
def _browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for path in map(shutil.which, names) if path), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def _asset_graph(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 480})
    groups = ",".join(f"global@global:{group}" for group in ("ingest", "published"))
    page.goto(f"{address}/asset-groups?expanded={quote(groups, safe='')}")
    page.get_by_text("Hide navigation").click()
    _settle(page)
    page.screenshot(path=IMAGES / "asset-graph.png")


def _asset_page(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.goto(f"{address}/assets/raw/job_payloads")
    _settle(page)
    # Fold the columns, so that the charts are in the picture.
    page.get_by_text("Columns", exact=True).click()
    page.get_by_text("Plots", exact=True).click()
    _settle(page)
    page.screenshot(path=IMAGES / "asset.png")


def _report(page: Page, report: Path) -> None:
    page.set_viewport_size({"width": 1200, "height": 900})
    page.goto(report.as_uri())
    _settle(page)
    page.screenshot(path=IMAGES / "report.png")


def _settle(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(2_000)


if __name__ == "__main__":
    IMAGES.mkdir(parents=True, exist_ok=True)
    main()
