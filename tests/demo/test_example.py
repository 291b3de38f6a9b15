"""The documented example job, key by key and to the nanosecond."""

import json

from cce_etl.demo.example import EXAMPLE_BODY, EXAMPLE_JOB_ID
from cce_etl.demo.fleet import Fleet
from cce_etl.transform.flatten import job_rows, parse_payload


def test_the_example_is_the_first_job_of_every_fleet_byte_for_byte(fleet: Fleet, small_fleet: Fleet) -> None:
    assert fleet.job_ids[0] == small_fleet.job_ids[0] == EXAMPLE_JOB_ID
    assert fleet.v3_body(EXAMPLE_JOB_ID) == EXAMPLE_BODY
    assert len(EXAMPLE_JOB_ID) == 37


def test_the_root_has_the_published_keys_and_values() -> None:
    document = json.loads(EXAMPLE_BODY)
    steps = document["spec"].pop("subJobs")
    assert document == {
        "kind": "Job",
        "apiVersion": "v3",
        "metadata": {
            "uid": "354331b2c-229a-11e8-9c75-0255ac100ceb",
            "creationTimestamp": "2018-08-02 08:12:40.672772389 +0000 UTC",
            "updateTimestamp": "2018-08-02 08:21:50.478108569 +0000 UTC",
        },
        "spec": {
            "type": "CreateCluster",
            "clusterUID": "4d1ecb2c-229a-11e8-9c75-0255ac100ceb",
            "resourceID": "6f4dcb2c-229a-11e8-9c75-0255ac100ceb",
            "resourceName": "cluster-name",
            "extendParam": {"serverID": "bc467e3a-2338-11e8-825b-0255ac100c13"},
        },
        "status": {"phase": "Running", "reason": ""},
    }
    assert [list(step) for step in steps] == [["kind", "apiVersion", "metadata", "spec", "status"]] * 2


def test_install_master_is_listed_first_though_it_ran_second() -> None:
    _, master, certificate = job_rows(parse_payload(EXAMPLE_BODY, EXAMPLE_JOB_ID))
    assert (master.job_id, master.job_type) == ("fd474fab-9606-11e8-baa9-0255ac10215d", "InstallMaster")
    assert (certificate.job_id, certificate.job_type) == ("fd474f82-9606-11e8-baa8-0255ac10215d", "CreatePSMCert")
    assert master.resource_id == "fd3b4ac0-9606-11e8-baa8-0255ac10215d"
    assert master.extend_param == {"serverID": "fd3b4ac0-9606-11e8-baa8-0255ac10215d"}
    assert (certificate.resource_id, certificate.extend_param, certificate.reason) == (None, {}, None)
    assert {master.cluster_id, certificate.cluster_id} == {"fcc72de0-9606-11e8-baa8-0255ac10215d"}
    assert (master.phase, certificate.phase) == ("Success", "Success")


def test_the_steps_last_774_and_three_quarter_seconds_and_follow_within_a_sixth_of_a_millisecond() -> None:
    _, master, certificate = job_rows(parse_payload(EXAMPLE_BODY, EXAMPLE_JOB_ID))
    assert master.created_at is not None and master.updated_at is not None
    assert certificate.created_at is not None and certificate.updated_at is not None
    assert master.updated_at - master.created_at == 774_580_423_413
    assert certificate.updated_at - certificate.created_at == 756_504_638
    assert master.created_at - certificate.updated_at == 164_189
