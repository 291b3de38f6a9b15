"""The job that the API's documentation shows as an example: the one job of the fleet that is not synthetic."""

from typing import Final

# Published like this, with 37 characters: it looks like a UUID and is none.
EXAMPLE_JOB_ID: Final = "354331b2c-229a-11e8-9c75-0255ac100ceb"

# Published like this: both steps ran hours before the root job started, for another cluster, and the later step is
# listed first.
EXAMPLE_BODY: Final = b"""{
  "kind": "Job",
  "apiVersion": "v3",
  "metadata": {
    "uid": "354331b2c-229a-11e8-9c75-0255ac100ceb",
    "creationTimestamp": "2018-08-02 08:12:40.672772389 +0000 UTC",
    "updateTimestamp": "2018-08-02 08:21:50.478108569 +0000 UTC"
  },
  "spec": {
    "type": "CreateCluster",
    "clusterUID": "4d1ecb2c-229a-11e8-9c75-0255ac100ceb",
    "resourceID": "6f4dcb2c-229a-11e8-9c75-0255ac100ceb",
    "resourceName": "cluster-name",
    "extendParam": {
      "serverID": "bc467e3a-2338-11e8-825b-0255ac100c13"
    },
    "subJobs": [
      {
        "kind": "Job",
        "apiVersion": "v3",
        "metadata": {
          "uid": "fd474fab-9606-11e8-baa9-0255ac10215d",
          "creationTimestamp": "2018-08-02 03:52:34.615819618 +0000 UTC",
          "updateTimestamp": "2018-08-02 04:05:29.196243031 +0000 UTC"
        },
        "spec": {
          "type": "InstallMaster",
          "clusterUID": "fcc72de0-9606-11e8-baa8-0255ac10215d",
          "resourceID": "fd3b4ac0-9606-11e8-baa8-0255ac10215d",
          "extendParam": {
            "serverID": "fd3b4ac0-9606-11e8-baa8-0255ac10215d"
          }
        },
        "status": {
          "phase": "Success"
        }
      },
      {
        "kind": "Job",
        "apiVersion": "v3",
        "metadata": {
          "uid": "fd474f82-9606-11e8-baa8-0255ac10215d",
          "creationTimestamp": "2018-08-02 03:52:33.859150791 +0000 UTC",
          "updateTimestamp": "2018-08-02 03:52:34.615655429 +0000 UTC"
        },
        "spec": {
          "type": "CreatePSMCert",
          "clusterUID": "fcc72de0-9606-11e8-baa8-0255ac10215d"
        },
        "status": {
          "phase": "Success"
        }
      }
    ]
  },
  "status": {
    "phase": "Running",
    "reason": ""
  }
}"""
