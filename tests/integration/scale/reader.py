"""A reader of the lake in a process of its own, which asks again and again while others write.

Lives here: asking, and how often it was answered. Does not: what the answers should be.
"""

import os
import select
import sys
from itertools import count

from cce_etl.settings.settings import read_settings
from cce_etl.warehouse.connection import open_warehouse_to_read

# What is loaded and what is built of it; the second is there only once a night has built it.
_ASKED = "SELECT (SELECT count(*) FROM core.jobs), (SELECT count(DISTINCT source) FROM raw.job_ids)"


def read_until_told() -> int:
    """Ask until standard input ends, a connection each time, and return how often."""
    settings = read_settings({}, os.environ)
    for times in count(1):
        with open_warehouse_to_read(settings.warehouse) as connection:
            ((rows, sources),) = connection.execute(_ASKED).fetchall()
        sys.stdout.write(f"{rows} {sources}\n")
        sys.stdout.flush()
        if select.select([sys.stdin], [], [], 0.5)[0]:
            return times
    raise AssertionError


if __name__ == "__main__":
    read_until_told()
