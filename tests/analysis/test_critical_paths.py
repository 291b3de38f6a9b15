"""One job's tree with its critical path, by hand."""

import pytest
from pandas.testing import assert_frame_equal

from cce_etl.analysis import Published, critical_path, waterfall
from cce_etl.errors import CceEtlError

FIRST, THIRD = (f"00000000-0000-11f1-8000-00000000000{number}" for number in (1, 3))


def test_the_parts_of_a_path_sum_to_the_root(published: Published) -> None:
    tree = critical_path(published, FIRST)
    # Until 5 s nobody, then the servers until 9.5 s, InstallMaster from 10 s to 40 s, then nobody until 60 s.
    assert tree["job_type"].tolist() == [
        *("CreateCluster", "CreateServers", "CreateServer", "CreateServer", "InstallMaster", "CheckCluster")
    ]
    parts = [25.499999999, 0.5, 1.0, 3.0, 30.000000001, 0.0]
    assert tree["critical_self_seconds"].fillna(0.0).tolist() == pytest.approx(parts, abs=1e-9)
    assert tree["critical_self_seconds"].sum() == pytest.approx(60.0)
    assert tree["is_on_critical_path"].tolist() == [True, True, True, True, True, False]


def test_rows_and_columns_are_those_of_the_waterfall_and_three_more(published: Published) -> None:
    plain, tree = waterfall(published, FIRST), critical_path(published, FIRST)
    assert tree[list(plain.columns)].equals(plain)
    more = {"is_on_critical_path", "critical_self_seconds", "self_seconds"}
    assert set(tree.columns) - set(plain.columns) == more


def test_a_running_job_has_no_path(published: Published) -> None:
    tree = critical_path(published, THIRD)
    assert tree["is_on_critical_path"].tolist() == [False, False]
    assert tree["critical_self_seconds"].isna().all()


def test_a_job_that_is_not_there_is_an_error(published: Published) -> None:
    with pytest.raises(CceEtlError, match="No job nobody"):
        critical_path(published, "nobody")


def test_a_steps_id_leads_to_the_path_of_its_tree(published: Published) -> None:
    assert_frame_equal(critical_path(published, "a"), critical_path(published, FIRST))
