"""Models that SQL alone cannot express: each module computes one model from the rows that its SELECT returns.

A module names its model as MODEL and offers `compute`: it takes an Arrow table, calls `statistics/` with arrays, and
returns an Arrow table. The model's header names the module (`computed by:`). `arrow` and `root_dimensions` have no
MODEL; they read columns for the others.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path


@cache
def code_version() -> str:
    """Return a hash of the code of all computations. When it changes, the incremental models are built anew."""
    package = Path(__file__).resolve().parents[2]
    paths = sorted([*package.glob("models/computed/*.py"), *package.glob("statistics/*.py")])
    return sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
