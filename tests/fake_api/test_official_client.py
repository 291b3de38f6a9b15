"""The vendor's own client, unchanged, works with the synthetic API as with the real one."""

from typing import Any

import pytest
from huaweicloudsdkcce.v3 import CceClient, ShowJobRequest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

from cce_etl.demo.api import DEMO_PROJECT_ID
from cce_etl.demo.example import EXAMPLE_JOB_ID
from cce_etl.demo.fleet import Fleet
from cce_etl.transform.flatten import parse_payload
from tests.fake_api.identity import DEMO_ACCESS_KEY, DEMO_SECRET_KEY


def sdk_client(endpoint: str, access_key: str = DEMO_ACCESS_KEY) -> Any:
    credentials = BasicCredentials(ak=access_key, sk=DEMO_SECRET_KEY, project_id=DEMO_PROJECT_ID)
    return CceClient.new_builder().with_credentials(credentials).with_endpoint(endpoint).build()


def test_the_official_client_reads_the_documented_example(endpoint: str) -> None:
    job = sdk_client(endpoint).show_job(ShowJobRequest(job_id=EXAMPLE_JOB_ID))
    assert (job.metadata.uid, job.spec.type, job.status.phase) == (EXAMPLE_JOB_ID, "CreateCluster", "Running")
    assert [step.spec.type for step in job.spec.sub_jobs] == ["InstallMaster", "CreatePSMCert"]
    assert [step.status.phase for step in job.spec.sub_jobs] == ["Success", "Success"]


def test_the_official_client_reads_every_synthetic_job_as_we_do(endpoint: str, small_fleet: Fleet) -> None:
    client = sdk_client(endpoint)
    for job_id, body in small_fleet.v3_bodies():
        theirs, (ours, *steps) = client.show_job(ShowJobRequest(job_id=job_id)), parse_payload(body).nodes
        assert (theirs.status.phase, theirs.status.reason) == (ours.phase, ours.reason)
        assert theirs.spec.extend_param == ours.extend_param
        assert [step.metadata.uid for step in theirs.spec.sub_jobs] == [step.uid for step in steps if step.depth == 1]


def test_the_official_client_understands_both_error_bodies(endpoint: str) -> None:
    with pytest.raises(ClientRequestException) as gone:
        sdk_client(endpoint).show_job(ShowJobRequest(job_id="unknown"))
    assert (gone.value.status_code, gone.value.error_code) == (404, "CCE.01404001")
    with pytest.raises(ClientRequestException) as refused:
        sdk_client(endpoint, access_key="ANOTHER").show_job(ShowJobRequest(job_id=EXAMPLE_JOB_ID))
    assert (refused.value.status_code, refused.value.error_code) == (401, "APIGW.0301")
