"""A lake's files over time: small ones merged, old snapshots forgotten, files that no snapshot needs deleted.

Lives here: the order of that, and its account. Does not: a DuckDB file's own space (`vacuum`, `retention`).
Source: DuckLake's page "Maintenance".
"""

import msgspec

from cce_etl.warehouse.connection import Connection
from cce_etl.warehouse.lake import NAME
from cce_etl.warehouse.locks import write_lock

_FILES = "SELECT coalesce(sum(file_count + delete_file_count), 0) FROM ducklake_table_info($1)"


class Compaction(msgspec.Struct, frozen=True):
    """Account for a compaction: files of all tables before and after, snapshots forgotten, files deleted."""

    files_before: int
    files_after: int
    expired_snapshots: int
    deleted_files: int


def compact(connection: Connection, snapshot_days: int) -> Compaction:
    """Merge small files and take out deleted rows; forget snapshots older than that many days, and their files.

    The present is as it was; time travel then goes back that many days.
    """
    # Writers wait: what they deleted from a file that is merged meanwhile would make one of the two fail.
    with write_lock(connection):
        before = _file_count(connection)
        connection.execute(f"CALL ducklake_rewrite_data_files('{NAME}')").fetchall()
        connection.execute(f"CALL ducklake_merge_adjacent_files('{NAME}')").fetchall()
        expired = connection.execute(
            f"CALL ducklake_expire_snapshots('{NAME}', older_than => now() - INTERVAL {snapshot_days} DAY)"
        ).fetchall()
        deleted = connection.execute(
            f"CALL ducklake_cleanup_old_files('{NAME}', older_than => now() - INTERVAL {snapshot_days} DAY)"
        ).fetchall()
        return Compaction(before, _file_count(connection), len(expired), len(deleted))


def _file_count(connection: Connection) -> int:
    ((count,),) = connection.execute(_FILES, [NAME]).fetchall()
    return int(count)
