"""The kinds of synthetic jobs."""

import pytest

from cce_etl.demo.templates import (
    CREATE_CLUSTER,
    DELETE_CLUSTER,
    JOB_TEMPLATES,
    SCALEUP_CLUSTER,
    UPGRADE_CLUSTER,
    StepTemplate,
    typical_seconds,
)


def level_count(template: StepTemplate) -> int:
    return 1 + max(map(level_count, template.children), default=0)


def leaves(template: StepTemplate) -> list[StepTemplate]:
    return [leaf for child in template.children for leaf in leaves(child)] or [template]


@pytest.mark.parametrize(
    ("template", "levels"), [(DELETE_CLUSTER, 2), (CREATE_CLUSTER, 3), (SCALEUP_CLUSTER, 4), (UPGRADE_CLUSTER, 4)]
)
def test_trees_have_two_to_four_levels(template: StepTemplate, levels: int) -> None:
    assert level_count(template) == levels


def test_the_shares_of_the_kinds_add_up_to_the_whole_fleet() -> None:
    assert sum(kind.share for kind in JOB_TEMPLATES) == pytest.approx(1.0)


def test_only_steps_without_children_take_time_of_their_own() -> None:
    for kind in JOB_TEMPLATES:
        assert all(leaf.median_seconds > 0 for leaf in leaves(kind.root))
        assert kind.root.median_seconds == 0


def test_a_scale_up_usually_takes_what_its_steps_take_one_after_another() -> None:
    # CheckQuota 1.2, CreateServer 41, GetPSMCert 0.6, InstallNode 95, SyncNodePool 3
    assert typical_seconds(SCALEUP_CLUSTER) == pytest.approx(140.8)
