"""The run config: which of the known ids each of its fields selects."""

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cce_etl.defs.config import FetchConfig, plan_run, reopen_finished
from cce_etl.errors import ConfigError
from cce_etl.pipeline.plan import read_id_list, register
from cce_etl.settings.settings import Settings, read_settings
from cce_etl.warehouse.connection import Connection, open_warehouse
from cce_etl.warehouse.job_ids import IdUpdate, finished_ids, register_ids, update_ids

MARCH = 1_772_323_200_000_000_000  # 2026-03-01 00:00:00 UTC
TABLES = "".join(
    f'[[sources]]\nname = "{name}"\nproject_id = "p"\nregion = "r-1"\nauth_token_env = "TOKEN"\n'
    for name in ("east", "west")
)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with open_warehouse(tmp_path / "w.duckdb") as opened:
        for source in ("east", "west"):
            register_ids(opened, source, "list", ["old", "open"], MARCH - 1)
            register_ids(opened, source, "list", ["new"], MARCH)
            update_ids(opened, source, [IdUpdate("old", "finished", 1, 1), IdUpdate("new", "finished", 1, 1)])
        yield opened


@pytest.fixture
def settings() -> Settings:
    environment = {"CCE_ENDPOINT": "https://e.x", "CCE_PROJECT_ID": "p", "CCE_AUTH_TOKEN": "t", "CCE_SOURCE": "east"}
    return read_settings({}, environment)


@pytest.fixture
def several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "cce-etl.toml").write_text(TABLES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKEN", "t")
    return read_settings({}, {})


def _ids(connection: Connection, settings: Settings, config: FetchConfig) -> list[list[str] | None]:
    plans = plan_run(connection, settings, config, "run", time.time_ns)
    reopen_finished(connection, plans, config)
    id_lists = [one.id_list for one in plans]
    return [None if id_list is None else id_list.job_ids for id_list in id_lists]


def test_without_any_field_the_run_is_as_every_night(connection: Connection, settings: Settings) -> None:
    assert _ids(connection, settings, FetchConfig()) == [None]


def test_refetch_opens_every_finished_job_again_of_that_source_alone(
    connection: Connection, settings: Settings
) -> None:
    assert _ids(connection, settings, FetchConfig(refetch=True)) == [["new", "old", "open"]]
    assert finished_ids(connection, "east", ["old", "new"]) == set()
    assert finished_ids(connection, "west", ["old", "new"]) == {"old", "new"}


def test_since_counts_the_first_listing_and_refetch_then_opens_no_older_job(
    connection: Connection, settings: Settings
) -> None:
    for since in ("2026-03-01", "2026-03-01T00:00:00Z"):
        assert _ids(connection, settings, FetchConfig(since=since)) == [["new"]]
    assert _ids(connection, settings, FetchConfig(since="2026-03-02")) == [[]]
    _ids(connection, settings, FetchConfig(since="2026-03-01", refetch=True))
    assert finished_ids(connection, "east", ["old", "new"]) == {"old"}


def test_each_id_is_requested_once(connection: Connection, settings: Settings) -> None:
    assert _ids(connection, settings, FetchConfig(ids=["unheard", "old", "unheard"])) == [["unheard", "old"]]


def test_a_list_in_the_config_replaces_the_usual_one(
    connection: Connection, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "list.txt").write_text("first\nsecond\n", encoding="utf-8")
    assert _ids(connection, settings, FetchConfig(id_files=[str(tmp_path / "list.txt")])) == [["first", "second"]]


def test_sources_choose_whom_to_ask(connection: Connection, several: Settings) -> None:
    for names, expected in (([], ["east", "west"]), (["west"], ["west"]), (["west", "east"], ["west", "east"])):
        plans = plan_run(connection, several, FetchConfig(sources=names), "run", time.time_ns)
        assert [one.source.name for one in plans] == expected


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (FetchConfig(sources=["north"]), "There is no source north; there are east, west."),
        (FetchConfig(ids=["old"]), "names ids, and there are several sources: east, west. Name one in sources."),
        (FetchConfig(sources=["east"], ids=["no id!"]), "1 of the ids in the run config are not job ids"),
        (FetchConfig(since="yesterday"), "since in the run config is 'yesterday': write 2026-03-01"),
    ],
)
def test_an_invalid_field_gives_an_error_that_names_it(
    connection: Connection, several: Settings, config: FetchConfig, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        plan_run(connection, several, config, "run", time.time_ns)


def test_a_list_that_the_run_has_registered_is_not_read_again(
    connection: Connection, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "list.txt").write_text("first\nno id!\n", encoding="utf-8")
    listing = msgspec.structs.replace(settings, job_ids=str(tmp_path / "list.txt"))
    id_list = read_id_list(listing)
    assert id_list is not None
    register(connection, "run", "east", id_list, time.time_ns)
    (tmp_path / "list.txt").unlink()
    [planned] = plan_run(connection, listing, FetchConfig(), "run", time.time_ns)
    assert planned.id_list is not None
    assert (planned.id_list.job_ids, planned.id_list.bad_entry_count) == (["first"], 1)
    with pytest.raises(ConfigError, match=r"list\.txt"):
        plan_run(connection, listing, FetchConfig(), "another run", time.time_ns)


def test_a_list_that_no_step_has_registered_is_read_and_registered_once(
    connection: Connection, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "list.txt").write_text("first\n", encoding="utf-8")
    listing = msgspec.structs.replace(settings, job_ids=str(tmp_path / "list.txt"))
    for _ in range(2):
        assert _ids(connection, listing, FetchConfig()) == [["first"]]
    assert connection.execute("SELECT count(*) FROM raw.id_lists").fetchall() == [(1,)]
