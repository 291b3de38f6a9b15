"""The documented shape, and that nothing else passes for it."""

import pytest

from cce_etl.demo.example import EXAMPLE_BODY, EXAMPLE_JOB_ID
from cce_etl.transform.documented import Metadata, decode_documented, decode_parameters


def test_the_documented_example_is_of_the_documented_shape() -> None:
    root = decode_documented(EXAMPLE_BODY)
    assert root is not None
    assert root.spec is not None
    assert root.metadata is not None
    assert (root.metadata.uid, root.spec.job_type) == (EXAMPLE_JOB_ID, "CreateCluster")
    assert decode_parameters(bytes(root.spec.extend_param)) == {"serverID": "bc467e3a-2338-11e8-825b-0255ac100c13"}
    assert [step.spec and step.spec.job_type for step in root.spec.sub_jobs or []] == ["InstallMaster", "CreatePSMCert"]


def test_what_is_null_is_absent() -> None:
    root = decode_documented(b'{"kind":null,"metadata":{"uid":null},"spec":{"subJobs":null,"extendParam":null}}')
    assert root is not None
    assert (root.kind, root.metadata, root.status) == (None, Metadata(), None)
    assert root.spec is not None
    assert (root.spec.sub_jobs, decode_parameters(bytes(root.spec.extend_param))) == (None, {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"metadata":null,"spec":null,"status":null}',
        b'{"spec":{},"new":1}',
        b'{"spec":{"subjobs":[]}}',
        b'{"spec":{"subJobs":[null]}}',
        b'{"spec":{"subJobs":[{"kind":"job"}]}}',
        b'{"apiVersion":"v2","spec":{}}',
        b'{"status":{"completionTime":""}}',
        b'{"status":{"phase":1}}',
        b'{"spec":{"subJobs":[' * 5_000,
    ],
)
def test_any_other_body_is_left_to_those_who_read_every_shape(body: bytes) -> None:
    assert decode_documented(body) is None


@pytest.mark.parametrize("text", [b"[]", b'{"a":1}', b'{"a":null}', b'{"a":"\xff"}', b"{"])
def test_parameters_that_are_no_texts_are_left_to_them_too(text: bytes) -> None:
    assert decode_parameters(text) is None
