"""A process that reads the lake again and again while others write."""

import os
import select
import sys
from itertools import count

from cce_etl.settings.settings import read_settings
from cce_etl.warehouse.connection import open_warehouse_to_read

_QUERY = "SELECT (SELECT count(*) FROM core.jobs), (SELECT count(DISTINCT source) FROM raw.job_ids)"


def read_until_stopped() -> int:
    """Read with a new connection each time until standard input ends, and return how often."""
    settings = read_settings({}, os.environ)
    for times in count(1):
        with open_warehouse_to_read(settings.warehouse) as connection:
            ((rows, sources),) = connection.execute(_QUERY).fetchall()
        sys.stdout.write(f"{rows} {sources}\n")
        sys.stdout.flush()
        if select.select([sys.stdin], [], [], 0.5)[0]:
            return times
    raise AssertionError


if __name__ == "__main__":
    read_until_stopped()
