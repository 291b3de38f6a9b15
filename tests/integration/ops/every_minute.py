"""The definitions that the code server loads in these tests: the nightly schedule starts a run every minute."""

from dagster import DefaultScheduleStatus, Definitions, ScheduleDefinition, schedule
from dagster._core.definitions.schedule_definition import DecoratedScheduleFunction
from dagster_shared.record import replace

from cce_etl.defs.assembly import build_definitions
from cce_etl.defs.jobs import nightly, nightly_schedule


def every_minute(original: ScheduleDefinition) -> ScheduleDefinition:
    """Return the schedule with the same function and name, and another time."""
    function = original._execution_fn
    assert isinstance(function, DecoratedScheduleFunction)
    decorate = schedule(
        job=nightly, cron_schedule="* * * * *", name=original.name, default_status=DefaultScheduleStatus.RUNNING
    )
    return decorate(function.decorated_fn)


def changed(definitions: Definitions) -> Definitions:
    """Return the definitions with that schedule instead of the nightly one."""
    others = [one for one in definitions.schedules or () if one.name != "nightly_schedule"]
    return replace(definitions, schedules=[*others, every_minute(nightly_schedule())])


defs = changed(build_definitions())
