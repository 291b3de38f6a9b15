"""Id lists in a folder: each starts one run when it is complete, or gives an alert when it cannot be read."""

from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, RunRequest, SensorResult, SkipReason, build_sensor_context

from cce_etl.defs.resources import Warehouse
from cce_etl.defs.sensors.inbox import inbox_sensor
from tests.defs.chat import Chat

ID = "354331b2c-229a-11e8-9c75-0255ac100ceb"


class Inbox:
    """A folder, and the sensor that looks at it with the cursor of its last look."""

    def __init__(self, folder: Path, instance: DagsterInstance, environment: dict[str, str]) -> None:
        self.folder, self.instance = folder, instance
        self.cursor: str | None = None
        self.partitions: list[str] = []
        self.environment = {
            "CCE_INBOX": str(folder),
            "CCE_PROJECT_ID": "p",
            "CCE_ENDPOINT": "https://e.x",
            **environment,
        }

    def drop(self, name: str, text: str) -> None:
        """Write a file, of another size than any file of that name before."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def tick(self) -> list[RunRequest]:
        """Look once, and return the runs asked for."""
        context = build_sensor_context(instance=self.instance, cursor=self.cursor)
        result: Any = inbox_sensor(self.partitions)(context, warehouse=Warehouse(lambda: 0, self.environment))
        assert isinstance(result, SensorResult)
        self.cursor = result.cursor
        return list(result.run_requests or [])


@pytest.fixture
def inbox(tmp_path: Path, instance: DagsterInstance, chat: Chat) -> Inbox:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return Inbox(folder, instance, {"CCE_ALERT_WEBHOOK": chat.url})


def test_without_the_setting_the_sensor_does_nothing(instance: DagsterInstance) -> None:
    result = inbox_sensor()(build_sensor_context(instance=instance), warehouse=Warehouse(lambda: 0, {}))
    assert isinstance(result, SkipReason)
    assert result.skip_message == "CCE_INBOX is not set."


def test_a_list_starts_one_run_when_it_is_unchanged_between_two_ticks(inbox: Inbox) -> None:
    inbox.drop("ids.txt", ID)
    assert inbox.tick() == []
    (request,) = inbox.tick()
    assert request.run_config["ops"]["fetch"]["config"]["id_files"] == [str(inbox.folder / "ids.txt")]
    assert request.tags["cce_etl/id_list"] == "ids.txt"
    assert [inbox.tick() for _ in range(3)] == [[], [], []]


def test_a_list_that_still_grows_starts_no_run(inbox: Inbox) -> None:
    for length in range(1, 4):
        inbox.drop("ids.txt", f"{ID}\n" * length)
        assert inbox.tick() == []
    assert len(inbox.tick()) == 1


def test_incomplete_copies_and_hidden_files_start_no_run(inbox: Inbox) -> None:
    for name in (".ids.txt", "ids.txt.part", "ids.txt~", ".sync/ids.txt"):
        inbox.drop(name, ID)
    assert [inbox.tick(), inbox.tick()] == [[], []]


def test_the_key_of_a_run_is_name_and_content_even_when_the_cursor_is_lost(inbox: Inbox) -> None:
    inbox.drop("ids.txt", ID)
    inbox.tick()
    (first,) = inbox.tick()
    inbox.cursor = None
    inbox.tick()
    (again,) = inbox.tick()
    inbox.drop("ids.txt", f"{ID}\nanother")
    inbox.tick()
    (changed,) = inbox.tick()
    assert first.run_key == again.run_key != changed.run_key
    assert str(first.run_key).startswith("ids.txt ")


def test_an_unreadable_list_gives_one_alert_and_is_tried_again_when_it_changes(inbox: Inbox, chat: Chat) -> None:
    inbox.drop("ids.csv", "colour,size\nred,1\n")
    inbox.drop("empty.txt", "# nothing yet\n")
    assert [inbox.tick() for _ in range(3)] == [[], [], []]
    empty, table = chat.received()
    assert "empty.txt cannot be read: It contains no job id." in empty
    assert "has no column job_id" in table
    assert {path.name for path in inbox.folder.iterdir()} == {"ids.csv", "empty.txt"}
    inbox.drop("ids.csv", f"job_id,size\n{ID},1\n")
    inbox.tick()
    assert len(inbox.tick()) == 1
    assert [line.partition(",")[0].rpartition("/")[2] for line in chat.received()] == ["ids.csv"]


def test_a_subfolder_names_a_source(inbox: Inbox, chat: Chat) -> None:
    inbox.environment["CCE_SOURCE"] = "east"
    inbox.drop("east/ids.txt", ID)
    inbox.drop("west/ids.txt", ID)
    inbox.tick()
    (request,) = inbox.tick()
    assert request.run_config["ops"]["fetch"]["config"]["sources"] == ["east"]
    (line,) = chat.received()
    assert "There is no source west; there are east." in line


def test_with_several_sources_a_list_must_be_in_a_subfolder(
    inbox: Inbox, chat: Chat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tables = [f'[[sources]]\nname = "{name}"\nproject_id = "p"\nregion = "r-1"\n' for name in ("east", "west")]
    (tmp_path / "cce-etl.toml").write_text("".join(tables), encoding="utf-8")
    inbox.drop("ids.txt", ID)
    assert [inbox.tick(), inbox.tick()] == [[], []]
    (line,) = chat.received()
    assert "There are several sources. Drop the list into a subfolder named after one of them." in line


def test_with_several_sources_the_run_is_of_the_partition_that_the_folder_names(
    inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table = '[[sources]]\nname = "{name}"\nproject_id = "p"\nregion = "r-1"\n'
    tables = "".join(table.format(name=name) for name in ("east", "west"))
    (tmp_path / "cce-etl.toml").write_text(tables, encoding="utf-8")
    inbox.partitions = ["east", "west"]
    inbox.drop("west/ids.txt", ID)
    inbox.tick()
    (request,) = inbox.tick()
    assert request.partition_key == "west"
    assert request.run_config["ops"]["fetch"]["config"]["sources"] == ["west"]
