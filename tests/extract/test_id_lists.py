"""Ids from text, CSV, Parquet and JSON responses of the API; entries that are not ids, by file and line."""

import io
import json
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from cce_etl.errors import ConfigError
from cce_etl.extract.id_lists import BadId, IdList, expand_patterns, read_id_lists

UID = "354331b2c-229a-11e8-9c75-0255ac100ceb"
Reader = Callable[..., IdList]
ID_TEXTS = st.text("abcXYZ0189._-", min_size=1, max_size=128).filter(lambda text: text.strip("."))


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Return what writes a file and reads the list in it."""

    def read_list(content: str | bytes, name: str = "list") -> IdList:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_id_lists([str(path)])

    return read_list


def bad_of(listed: IdList) -> list[tuple[str, int]]:
    return [(bad.text, bad.line) for bad in listed.bad]


def test_text_is_one_id_a_line_with_comments_and_blanks(read: Reader) -> None:
    listed = read(f"# the list, of today\n\n  {UID} \t\r\nb # first, second\n#c\n\td\n")
    assert listed == IdList([UID, "b", "d"], [])


def test_an_id_is_taken_once_in_the_order_first_seen(read: Reader) -> None:
    assert read("b\na\nb \n a\nc") == IdList(["b", "a", "c"], [])


def test_the_first_line_of_a_text_may_end_in_a_tab_or_hold_a_comma_in_its_comment(read: Reader) -> None:
    assert read("a\t\nb\n").job_ids == ["a", "b"]
    assert read("a # one, two\nb\n").job_ids == ["a", "b"]


@pytest.mark.parametrize("name", ["a", "A.b_c-9", "x" * 128, "-", "..a", UID])
def test_text_that_can_be_an_id_is_accepted(read: Reader, name: str) -> None:
    assert read(name) == IdList([name], [])


@pytest.mark.parametrize("name", ["x" * 129, "a/b", "a b", "\u00e4", ".", "..", "a?b", "a%2Fb", "a\x00b", "\u0661"])
def test_text_that_cannot_be_an_id_is_reported_with_its_line(read: Reader, name: str) -> None:
    listed = read(f"a\n{name}\nb\n")
    assert listed.job_ids == ["a", "b"]
    assert bad_of(listed) == [(name, 2)]


def test_a_bad_entry_names_its_file(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("a\nb c\n")
    second.write_text('["d", "e f"]')
    listed = read_id_lists([str(first), str(second)])
    assert listed.job_ids == ["a", "d"]
    assert listed.bad == [BadId("b c", str(first), 2), BadId("e f", str(second), 1)]


@pytest.mark.parametrize("column", ["job_id", "JobID", "JOB_ID", "uid", "UID", "Id", " jobid "])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_column_of_a_table_is_found_without_case(read: Reader, column: str, separator: str) -> None:
    rows = [["name", column, "phase"], ["x", UID, "Running"], ["y", " b ", ""]]
    assert read("\n".join(separator.join(row) for row in rows)) == IdList([UID, "b"], [])


def test_job_id_counts_before_jobid_before_uid_before_id(read: Reader) -> None:
    assert read("id,uid,jobid,job_id\n1,2,3,4\n").job_ids == ["4"]
    assert read("id,uid,jobid\n1,2,3\n").job_ids == ["3"]
    assert read("id,uid\n1,2\n").job_ids == ["2"]


def test_a_table_of_one_column_needs_no_separator(read: Reader) -> None:
    assert read("Job_Id\na\nb\n").job_ids == ["a", "b"]
    assert read('"uid"\n"a"\n"b"\n').job_ids == ["a", "b"]
    assert read('"a"\n"b"\n', "list.csv").job_ids == ["a", "b"]


def test_a_table_may_have_quotes_a_byte_order_mark_comments_and_short_rows(read: Reader) -> None:
    content = b'\xef\xbb\xbf# exported\nname,"job_id"\n"x, y",a\n#z,b\n\nshort\n"two\nlines",c\nw,d e\n'
    listed = read(content, "list.csv")
    assert listed.job_ids == ["a", "c"]
    assert bad_of(listed) == [("d e", 9)]


def test_a_table_without_such_a_column_names_those_it_has(read: Reader) -> None:
    with pytest.raises(ConfigError, match="no column job_id, jobid, uid or id; it has name, phase"):
        read("name,phase\nx,Running\n")


def test_a_cell_too_large_for_an_id_is_reported(read: Reader) -> None:
    listed = read("job_id,x\na,1\n" + "y" * 200_000 + ",2\nb,3\n")
    assert listed.job_ids == ["a", "b"]
    assert [(len(text), line) for text, line in bad_of(listed)] == [(200, 3)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_the_encodings_of_windows_are_read(read: Reader, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    assert read(f"{mark}job_id,x\r\na,1\r\nb,2\r\n".encode(encoding)).job_ids == ["a", "b"]


@pytest.mark.parametrize(
    "values",
    [
        pa.array(["a", None, " b ", "c d"]),
        pa.array([b"a", None, b"b", b"c d"]),
        pa.array(["a", None, "b", "c d"]).dictionary_encode(),
    ],
)
def test_a_parquet_file_is_read_by_its_column(tmp_path: Path, values: Any) -> None:
    path = tmp_path / "list"
    parquet.write_table(pa.table({"id": [1, 2, 3, 4], "Job_ID": values}), path)
    assert read_id_lists([str(path)]) == IdList(["a", "b"], [BadId("c d", str(path), 4)])


def test_parquet_columns_of_numbers_and_uuids_are_ids_too(tmp_path: Path) -> None:
    uid = uuid.UUID("fd474fab-9606-11e8-baa9-0255ac10215d")
    parquet.write_table(pa.table({"id": [7, 8]}), tmp_path / "numbers")
    parquet.write_table(pa.table({"uid": pa.array([uid.bytes], pa.uuid())}), tmp_path / "uuids")
    assert read_id_lists([str(tmp_path / "numbers"), str(tmp_path / "uuids")]).job_ids == ["7", "8", str(uid)]


def test_a_parquet_file_without_such_a_column_or_cut_off_is_a_wrong_setting(tmp_path: Path) -> None:
    path = tmp_path / "list"
    parquet.write_table(pa.table({"name": ["a"]}), path)
    with pytest.raises(ConfigError, match="it has name"):
        read_id_lists([str(path)])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ConfigError, match="not a readable Parquet file"):
        read_id_lists([str(path)])


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (["a", "b", 7], ["a", "b", "7"]),
        ([{"job_id": "a", "uid": "x"}, {"UID": "b", "id": "y"}, {"Id": "c"}, {"name": "z"}], ["a", "b", "c"]),
        ({"kind": "Cluster", "metadata": {"uid": "x"}, "status": {"phase": "Creating", "jobID": "a"}}, ["a"]),
        ({"kind": "Cluster", "metadata": {"uid": "x", "annotations": {"jobid": "a"}}, "status": {}}, ["a"]),
        ({"kind": "Node", "metadata": {"uid": "x"}, "status": {"jobID": "a"}}, ["a"]),
        ({"kind": "NodePool", "status": {"jobId": "a", "conditions": []}}, ["a"]),
        ({"kind": "List", "items": [{"status": {"jobID": i}} for i in ("b", "", "a", None)]}, ["b", "a"]),
        ({"a": {"jobid": "1"}, "b": [{"jobID": "2"}], "jobId": "3"}, ["1", "2", "3"]),
        ({"jobid": ["a", "b"]}, ["a", "b"]),
        ({"kind": "Job", "metadata": {"uid": "a"}, "spec": {}}, ["a"]),
        ([{"kind": "Job", "metadata": {"uid": "a"}}, {"kind": "job", "metadata": {"uid": "b"}}], ["a", "b"]),
        ({"kind": "Node", "metadata": {"uid": "x"}, "status": {}}, []),
        ([], []),
        ([None, {}, {"job_id": None}], []),
    ],
)
def test_every_job_id_in_json_is_found(read: Reader, document: Any, expected: list[str]) -> None:
    assert read(json.dumps(document)) == IdList(expected, [])
    assert read("\n  " + json.dumps(document, indent=2) + "\n") == IdList(expected, [])


def test_ndjson_is_read_line_by_line(read: Reader) -> None:
    listed = read('{"job_id": "a"}\n\n{"status": {"jobID": "b"}}\n{"job_id": "c d"}\n{"cut\n{"uid": "e"}\n')
    assert listed.job_ids == ["a", "b", "e"]
    assert bad_of(listed) == [("c d", 4), ('{"cut', 5)]


def test_a_bad_id_in_json_is_reported_with_its_line(read: Reader) -> None:
    assert bad_of(read('[\n "a",\n "b c"\n]')) == [("b c", 3)]
    assert bad_of(read('[["a"], 1]')) == [('["a"]', 1)]


@pytest.mark.parametrize("content", ["[" * 100_000, '{"job_id": "a"', "{" * 2_000, '["a", ]'])
def test_broken_json_is_a_wrong_setting(read: Reader, content: str) -> None:
    with pytest.raises(ConfigError, match="list"):
        read(content)


@pytest.mark.parametrize("content", ["", "\n\n", "# nothing\n", " ", "\ufeff"])
def test_an_empty_list_holds_no_ids(read: Reader, content: str) -> None:
    assert read(content) == IdList([], [])


def test_a_list_that_is_missing_or_not_text_is_a_wrong_setting(read: Reader, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not text"):
        read(b"\x80\x81")
    with pytest.raises(ConfigError, match="No such file"):
        read_id_lists([str(tmp_path / "missing")])
    with pytest.raises(ConfigError, match="cannot be read"):
        read_id_lists([str(tmp_path)])


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("a\nb\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"b\nc\nd e\n")))
    listed = read_id_lists([str(tmp_path / "list"), "-"])
    assert listed == IdList(["a", "b", "c"], [BadId("d e", "-", 3)])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | st.tuples(st.sampled_from([b"PAR1", b"[", b"{", b"id,", b"\xff\xfe"]), st.binary()).map(b"".join))
def test_any_bytes_are_read_or_raise_a_configuration_error(read: Reader, content: bytes) -> None:
    try:
        listed = read(content)
    except ConfigError:
        return
    assert len(set(listed.job_ids)) == len(listed.job_ids)
    assert all(bad.text.strip() and bad.line >= 1 for bad in listed.bad)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ID_TEXTS.filter(lambda text: text.lower() not in ("id", "uid", "jobid", "job_id")), unique=True))
def test_the_same_ids_come_out_of_every_format(read: Reader, tmp_path: Path, job_ids: list[str]) -> None:
    parquet.write_table(pa.table({"uid": pa.array(job_ids, pa.string())}), tmp_path / "table")
    expected = IdList(job_ids, [])
    assert read("\n".join(job_ids)) == expected
    assert read("\n".join(["x;jobid", *(f"1;{job_id}" for job_id in job_ids)])) == expected
    assert read(json.dumps(job_ids)) == expected
    assert read("\n".join(json.dumps({"jobID": job_id}) for job_id in job_ids)) == expected
    assert read_id_lists([str(tmp_path / "table")]) == expected


def test_patterns_name_files_separated_by_commas_and_line_ends(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "c.csv", "odd[1].txt"):
        (tmp_path / name).touch()
    assert expand_patterns(f"{tmp_path}/c.csv, {tmp_path}/[ab].txt\n") == [
        f"{tmp_path}/{name}" for name in ("c.csv", "a.txt", "b.txt")
    ]
    assert expand_patterns(f"{tmp_path}/odd[1].txt") == [f"{tmp_path}/odd[1].txt"]
    with pytest.raises(ConfigError, match="matches no file"):
        expand_patterns(f"{tmp_path}/*.json")
