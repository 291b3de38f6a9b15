"""The module that Dagster loads."""

from dagster import Definitions


def test_the_module_that_dagster_loads_holds_the_definitions() -> None:
    from cce_etl.definitions import defs

    assert isinstance(defs, Definitions)
    assert defs.resolve_job_def("nightly").name == "nightly"
