"""The kinds of synthetic jobs, with invented figures: their steps, what each works on and how long it usually takes."""

from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import Final

from cce_etl.demo.ground_truth import FAILING_JOB_TYPE, SLOW_JOB_TYPE, USUAL_FAILURE_RATE

OTHER_FAILURE_RATE: Final = 0.004
ADDON_COUNT: Final = 3


class Target(Enum):
    """What a step works on. A step whose target differs from its parent's runs once for each of them."""

    CLUSTER = auto()
    MASTER = auto()
    NODE = auto()
    ADDON = auto()


@dataclass(frozen=True, slots=True)
class StepTemplate:
    """A step's type, target and usual duration; one with children lasts as long as they do.

    If it runs once for each of several targets, `parallelism` of these copies run at the same time.
    """

    job_type: str
    target: Target = Target.CLUSTER
    median_seconds: float = 0.0
    children: tuple["StepTemplate", ...] = ()
    parallelism: int = 1
    failure_rate: float = OTHER_FAILURE_RATE


@dataclass(frozen=True, slots=True)
class JobTemplate:
    """A kind of root job, its share of the fleet, and how many nodes it may work on."""

    root: StepTemplate
    share: float
    node_counts: tuple[int, ...]


@lru_cache(maxsize=64)
def typical_seconds(template: StepTemplate) -> float:
    """Return about how many seconds a step takes when nothing fails: its own median, or the sum of its children's."""
    return template.median_seconds + sum(typical_seconds(child) for child in template.children)


# Published types: CreateCluster, ScaleupCluster, CreateNode, InstallMaster, InstallNode, CreatePSMCert, GetPSMCert.
# The other types are invented; the API's set of types is open.
CREATE_CLUSTER: Final = StepTemplate(
    "CreateCluster",
    children=(
        StepTemplate("CreatePSMCert", median_seconds=0.8),
        StepTemplate("CreateSecurityGroup", median_seconds=2.5),
        StepTemplate(
            "CreateMasterServers",
            children=(StepTemplate("CreateServer", Target.MASTER, median_seconds=48.0, parallelism=3),),
        ),
        StepTemplate(SLOW_JOB_TYPE, Target.MASTER, median_seconds=280.0, parallelism=3),
        StepTemplate("InstallAddons", children=(StepTemplate("InstallAddon", Target.ADDON, median_seconds=22.0),)),
        StepTemplate("CheckCluster", median_seconds=6.0),
    ),
)

SCALEUP_CLUSTER: Final = StepTemplate(
    "ScaleupCluster",
    children=(
        StepTemplate("CheckQuota", median_seconds=1.2),
        StepTemplate(
            "ScaleNodePool",
            children=(
                StepTemplate(
                    "CreateNode",
                    Target.NODE,
                    parallelism=5,
                    children=(
                        StepTemplate("CreateServer", Target.NODE, median_seconds=41.0),
                        StepTemplate("GetPSMCert", Target.NODE, median_seconds=0.6),
                        StepTemplate(
                            FAILING_JOB_TYPE, Target.NODE, median_seconds=95.0, failure_rate=USUAL_FAILURE_RATE
                        ),
                    ),
                ),
            ),
        ),
        StepTemplate("SyncNodePool", median_seconds=3.0),
    ),
)

UPGRADE_CLUSTER: Final = StepTemplate(
    "UpgradeCluster",
    children=(
        StepTemplate("PreUpgradeCheck", median_seconds=18.0),
        StepTemplate("BackupCluster", median_seconds=35.0),
        StepTemplate("UpgradeMaster", Target.MASTER, median_seconds=190.0),
        StepTemplate(
            "UpgradeNodes",
            children=(
                StepTemplate(
                    "UpgradeNode",
                    Target.NODE,
                    parallelism=2,
                    children=(
                        StepTemplate("DrainNode", Target.NODE, median_seconds=52.0),
                        StepTemplate("UpgradeKubelet", Target.NODE, median_seconds=75.0),
                        StepTemplate("UncordonNode", Target.NODE, median_seconds=1.5),
                    ),
                ),
            ),
        ),
        StepTemplate("PostUpgradeCheck", median_seconds=14.0),
    ),
)

DELETE_CLUSTER: Final = StepTemplate(
    "DeleteCluster",
    children=(
        StepTemplate("UninstallAddon", Target.ADDON, median_seconds=9.0),
        StepTemplate("DeleteNode", Target.NODE, median_seconds=31.0, parallelism=5),
        StepTemplate("DeleteMaster", Target.MASTER, median_seconds=27.0, parallelism=3),
        StepTemplate("DeleteSecurityGroup", median_seconds=2.0),
    ),
)

JOB_TEMPLATES: Final = (
    JobTemplate(CREATE_CLUSTER, share=0.28, node_counts=(0,)),
    JobTemplate(SCALEUP_CLUSTER, share=0.42, node_counts=(1, 1, 2, 2, 3, 4)),
    JobTemplate(UPGRADE_CLUSTER, share=0.14, node_counts=(2, 3, 4)),
    JobTemplate(DELETE_CLUSTER, share=0.16, node_counts=(1, 2, 3, 5)),
)
