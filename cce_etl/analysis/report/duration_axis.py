"""The axis of durations: logarithmic, from one round duration to another, with labels as people say them.

Lives here: which durations are round. Does not: drawing (`panels`).
"""

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import altair

_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400
_TENTHS: Final = tuple(
    (step * 10.0**power, f"{step * 10.0**power:g} s") for power in range(-9, 0) for step in (1, 2, 5)
)
_ROUND: Final = (
    *_TENTHS,
    *((value, f"{value} s") for value in (1, 2, 5, 10, 20, 30)),
    *((value * _MINUTE, f"{value} m") for value in (1, 2, 5, 10, 20, 30)),
    *((value * _HOUR, f"{value} h") for value in (1, 2, 4, 8)),
    *((value * _DAY, f"{value:,} d") for value in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000, 100_000)),
)
_MOST_TICKS: Final = 5


def duration_axis(shortest: float, longest: float) -> "altair.Y":
    """Return a logarithmic axis around durations in seconds, both above 0, that starts and ends at a round one."""
    import altair

    rounds = _around(shortest, longest)
    apart = -(-len(rounds) // _MOST_TICKS)
    labels = dict(rounds[::apart])
    words = json.dumps({f"{value:.15g}": label for value, label in labels.items()})
    axis = altair.Axis(title=None, values=list(labels), labelExpr=f"{words}[datum.value]")
    scale = altair.Scale(type="log", nice=False, domain=[rounds[0][0], rounds[-1][0]])
    return altair.Y("value:Q", scale=scale, axis=axis)


def _around(shortest: float, longest: float) -> list[tuple[float, str]]:
    first = max((place for place, (value, _) in enumerate(_ROUND) if value <= shortest), default=0)
    last = min((place for place, (value, _) in enumerate(_ROUND) if value >= longest), default=len(_ROUND) - 1)
    if first == last:  # all are one round duration, which needs a second to make a scale
        first, last = max(0, first - 1), min(len(_ROUND) - 1, last + 1)
    return list(_ROUND[first : last + 1])
