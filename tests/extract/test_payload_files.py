"""Payloads saved earlier: cut into the exact bytes of each record, whatever packs them."""

import gzip
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cce_etl.errors import ConfigError
from cce_etl.extract.payload_files import SavedRecord, read_ahead, read_saved

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Reader = Callable[[bytes], list[SavedRecord]]
FETCHED_AT_TEXT = "2026-03-01T00:00:00.000000123Z"
FETCHED_AT = 1_772_323_200_000_000_123
JOB = b'{"kind":"Job", "spec":{"type" : "CreateCluster","v":1.10}}'
OTHER = b'{"kind": "Job","metadata":{"uid":"b"}}'


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Return what writes a file and reads the records in it."""

    def read_file(content: bytes) -> list[SavedRecord]:
        (tmp_path / "saved").write_bytes(content)
        return list(read_saved([str(tmp_path / "saved")]))

    return read_file


def places(records: list[SavedRecord]) -> list[tuple[bytes, str]]:
    return [(record.body, record.where.rpartition("/")[2]) for record in records]


def deep_job(levels: int) -> bytes:
    return b'{"spec":{"subJobs":[' * (levels - 1) + b'{"spec":{}}' + b"]}}" * (levels - 1)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress])
def test_ndjson_gives_the_bytes_of_each_line(read: Reader, pack: Callable[[bytes], bytes]) -> None:
    records = read(pack(b"\n" + JOB + b"\r\n\n" + OTHER + b"\n"))
    assert [record.body for record in records] == [JOB, OTHER]


def test_a_line_is_named_by_its_number(read: Reader) -> None:
    assert places(read(JOB + b"\n\n" + OTHER)) == [(JOB, "saved:1"), (OTHER, "saved:3")]


def test_one_job_over_several_lines_is_one_record(read: Reader) -> None:
    pretty = json.dumps(json.loads(OTHER), indent=2).encode()
    assert places(read(b"\n" + pretty + b"\n")) == [(pretty, "saved")]


def test_an_array_gives_the_bytes_of_its_elements(read: Reader) -> None:
    assert places(read(b"[" + JOB + b" , " + OTHER + b"]")) == [(JOB, "saved:1[0]"), (OTHER, "saved:1[1]")]
    assert places(read(b"[\n  " + JOB + b",\n" + OTHER + b"\n]\n")) == [(JOB, "saved[0]"), (OTHER, "saved[1]")]
    assert read(b"[]") == []


def test_a_byte_order_mark_is_no_part_of_a_record(read: Reader) -> None:
    assert [record.body for record in read(b"\xef\xbb\xbf" + JOB + b"\n" + OTHER)] == [JOB, OTHER]
    assert [record.body for record in read(b"\xef\xbb\xbf[\n" + JOB + b"\n]")] == [JOB]


def test_the_payload_of_an_envelope_is_the_record(read: Reader) -> None:
    envelope = b'{"fetched_at": "%s", "payload": %s, "note": 1}' % (FETCHED_AT_TEXT.encode(), JOB)
    (record,) = read(envelope)
    assert (record.body, record.fetched_at) == (JOB, FETCHED_AT)


def test_a_payload_may_be_the_text_of_the_body(read: Reader) -> None:
    envelope = {"payload": JOB.decode(), "fetched_at": "2026-03-01 08:00:00.000000123 +0800 CST"}
    (record,) = read(json.dumps(envelope).encode())
    assert (record.body, record.fetched_at) == (JOB, FETCHED_AT)


def test_a_job_may_carry_its_time_itself(read: Reader) -> None:
    body = b'{"spec": {"payload": 1}, "fetched_at": "%s"}' % FETCHED_AT_TEXT.encode()
    (record,) = read(body)
    assert (record.body, record.fetched_at) == (body, FETCHED_AT)


@pytest.mark.parametrize("text", [b'"yesterday"', b'""', b"null", b"17", b'"0001-01-01 00:00:00 +0000 UTC"'])
def test_a_time_that_is_none_is_not_guessed(read: Reader, text: bytes) -> None:
    (record,) = read(b'{"spec": {}, "fetched_at": %s}' % text)
    assert record.fetched_at is None


@pytest.mark.parametrize("payload", [b"null", b'"\\ud800"', b'"\xff"', b'"\\x"'])
def test_a_payload_that_is_no_text_is_handed_on_for_the_caller_to_report(read: Reader, payload: bytes) -> None:
    (record,) = read(b'{"payload":%s}' % payload)
    assert payload in record.body


@pytest.mark.parametrize("levels", [100, 250])
def test_deep_trees_come_out_of_lines_arrays_and_envelopes(read: Reader, levels: int) -> None:
    job = deep_job(levels)
    assert [record.body for record in read(job + b"\n" + OTHER)] == [job, OTHER]
    assert [record.body for record in read(b"[" + job + b"," + OTHER + b"]")] == [job, OTHER]
    assert [record.body for record in read(b"[\n" + job + b",\n" + OTHER + b"]")] == [job, OTHER]
    assert [record.body for record in read(b'{"payload": ' + job + b"}")] == [job]


def test_what_is_no_json_is_handed_on_too(read: Reader) -> None:
    assert places(read(b"<html>")) == [(b"<html>", "saved")]
    assert places(read(JOB + b"\n{cut\n" + OTHER)) == [(JOB, "saved:1"), (b"{cut", "saved:2"), (OTHER, "saved:3")]
    assert places(read(b"{cut\n" + OTHER)) == [(b"{cut", "saved:1"), (OTHER, "saved:2")]


def test_a_folder_stands_for_its_files_in_order(tmp_path: Path) -> None:
    for name in ("b.json", "a.json", ".hidden"):
        (tmp_path / name).write_bytes(b'{"spec": {"type": "%s"}}' % name.encode())
    (tmp_path / "inner").mkdir()
    assert [record.where for record in read_saved([str(tmp_path)])] == [
        f"{tmp_path}/a.json:1",
        f"{tmp_path}/b.json:1",
    ]


def test_a_file_that_is_missing_or_cut_off_is_a_wrong_setting(read: Reader, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        list(read_saved([str(tmp_path / "missing")]))
    for pack in (gzip.compress, zstd.compress):
        packed = pack(b"\n".join([JOB] * 100))
        with pytest.raises(ConfigError, match="cannot be read"):
            read(packed[: len(packed) // 2])
        with pytest.raises(ConfigError, match="cannot be read"):
            read(packed[:4] + b"\x00\xff" * 20)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | st.tuples(st.sampled_from([b"[", b'{"payload":', b"\x1f\x8b"]), st.binary()).map(b"".join))
def test_no_bytes_do_more_than_raise_a_configuration_error(read: Reader, content: bytes) -> None:
    try:
        records = read(content)
    except ConfigError:
        return
    assert all(isinstance(record.body, bytes) for record in records)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.none())), max_size=5))
def test_what_was_written_is_read_whether_as_lines_or_as_an_array(
    read: Reader, documents: list[dict[str, object]]
) -> None:
    wanted = [json.dumps(document).encode() for document in documents]
    bodies = [body for body in wanted if b'"payload"' not in body]
    assert [record.body for record in read(b"\n".join(bodies)) if bodies] == bodies
    assert [record.body for record in read(b"[" + b",".join(bodies) + b"]")] == bodies


def test_what_is_read_ahead_comes_in_order_and_never_more_than_one_too_early() -> None:
    made: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(1, 5):
            made.append(number)
            yield number

    with read_ahead(numbers()) as items:
        for number in items:
            assert len(made) <= number + 1
    assert made == [1, 2, 3, 4]


def test_an_error_while_reading_ahead_comes_after_what_was_read_before_it() -> None:
    def records() -> Iterator[str]:
        yield "first"
        raise ConfigError("broken")

    seen: list[str] = []
    with pytest.raises(ConfigError, match="broken"), read_ahead(records()) as items:
        seen.extend(items)
    assert seen == ["first"]
