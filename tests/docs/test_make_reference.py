"""docs/reference/ and the examples of environment files are what the code makes them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_committed_pages_are_what_the_code_makes() -> None:
    command = [sys.executable, str(ROOT / "docs" / "make_reference.py"), "--check"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (found.stderr, found.returncode) == ("", 0)
