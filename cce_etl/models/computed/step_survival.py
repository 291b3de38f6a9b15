"""The survival curves of every step type: the rows of marts.step_survival.

Lives here: Arrow to arrays and back, one kind after the other. Does not: the estimates (`statistics.survival`).
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa

from cce_etl.models.computed.arrow import Codes, pair_codes, text_codes
from cce_etl.statistics.groups import stable_order
from cce_etl.statistics.survival import Curve, curve

MODEL: Final = "marts.step_survival"


def compute(steps: pa.Table) -> pa.Table:
    """Return the curve of each source and step type; one row per step with a lifetime in, in any order."""
    sources, job_types = text_codes(steps["source"]), text_codes(steps["job_type"])
    kinds = pair_codes(sources, job_types)
    curves = list(_curves(steps, kinds))
    lengths = [len(one.seconds) for one in curves]
    rows = np.repeat(kinds.first_rows, lengths)
    return pa.table(
        {
            "source": sources.taken(rows),
            "job_type": job_types.taken(rows),
            "seconds": _joined([one.seconds for one in curves], np.float64),
            "at_risk_count": _joined([one.at_risk for one in curves], np.int64),
            "succeeded_count": _joined([one.succeeded for one in curves], np.int64),
            "failed_count": _joined([one.failed for one in curves], np.int64),
            "censored_count": _joined([one.censored for one in curves], np.int64),
            "survival": _joined([one.survival for one in curves], np.float64),
            "success_incidence": _joined([one.success_incidence for one in curves], np.float64),
            "failure_incidence": _joined([one.failure_incidence for one in curves], np.float64),
        }
    )


def _curves(steps: pa.Table, kinds: Codes) -> Iterator[Curve]:
    seconds = steps["seconds"].to_numpy()
    has_succeeded, has_failed = (steps[name].to_numpy() for name in ("has_succeeded", "has_failed"))
    order = stable_order(kinds.numbers, kinds.count)
    for own in np.split(order, np.cumsum(np.bincount(kinds.numbers, minlength=kinds.count))[:-1]):
        yield curve(seconds[own], has_succeeded[own], has_failed[own])


def _joined(parts: list[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate([np.empty(0, kind), *parts]).astype(kind)
