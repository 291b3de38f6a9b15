"""The commands with a synthetic fleet: `demo` and `demo-server`."""

from pathlib import Path
from typing import Annotated

import typer

from cce_etl.cli import output
from cce_etl.cli.app import app

DemoJobs = Annotated[int, typer.Option("--jobs", min=1, help="How many synthetic jobs.")]
DemoSeed = Annotated[
    int, typer.Option("--seed", help="The seed of the synthetic fleet; the same seed makes the same jobs.")
]


@app.command()
def demo(
    *,
    jobs: DemoJobs = 2_000,
    seed: DemoSeed = 7,
    folder: Annotated[Path, typer.Option("--folder", help="The folder of the demo's files.")] = Path("data/demo"),
) -> None:
    """Fetch, load, build and publish the jobs of a synthetic fleet on this machine, and show the results."""
    from cce_etl.demo.showcase import run_demo

    with output.progress_bar("Fetching synthetic jobs") as on_progress:
        shown = run_demo(folder, seed, jobs, on_progress)
    output.demo(shown)


@app.command("demo-server")
def demo_server(
    *,
    jobs: DemoJobs = 2_000,
    seed: DemoSeed = 7,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="Port on loopback; 0 for any free one.")
    ] = 8_780,
    ids: Annotated[Path, typer.Option("--ids", help="The file to write the fleet's job ids to.")] = Path(
        "demo-job-ids.txt"
    ),
) -> None:
    """Serve the API of a synthetic fleet on this machine until stopped, to try `cce-etl run` with it."""
    from cce_etl.demo.showcase import serve_demo

    serve_demo(seed, jobs, port, ids, output.demo_server_ready)
