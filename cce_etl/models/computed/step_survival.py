"""Computes marts.step_survival: the survival curve of every step type."""

from typing import Final

import numpy as np
import pyarrow as pa

from cce_etl.models.computed.arrow import encode_texts, group_pairs
from cce_etl.statistics.arrays import FloatArray, IntArray
from cce_etl.statistics.groups import stable_argsort
from cce_etl.statistics.survival import survival_curve

MODEL: Final = "marts.step_survival"


def compute(steps: pa.Table) -> pa.Table:
    """Return the curve of each source and step type, one row at each time of its curve.

    Args:
        steps: One row a step whose lifetime is known, in any order.
    """
    sources, job_types = encode_texts(steps["source"]), encode_texts(steps["job_type"])
    kinds = group_pairs(sources, job_types)
    seconds, has_succeeded, has_failed = (steps[name].to_numpy() for name in ("seconds", "has_succeeded", "has_failed"))
    order = stable_argsort(kinds.numbers, kinds.count)
    sizes = np.bincount(kinds.numbers, minlength=kinds.count)
    curves = [
        survival_curve(seconds[own], has_succeeded[own], has_failed[own])
        for own in np.split(order, np.cumsum(sizes)[:-1])
    ]
    rows = np.repeat(kinds.first_rows, [len(one.seconds) for one in curves])
    columns: dict[str, list[FloatArray] | list[IntArray]] = {
        "seconds": [one.seconds for one in curves],
        "at_risk_count": [one.at_risk for one in curves],
        "succeeded_count": [one.succeeded for one in curves],
        "failed_count": [one.failed for one in curves],
        "censored_count": [one.censored for one in curves],
        "survival": [one.survival for one in curves],
        "success_incidence": [one.success_incidence for one in curves],
        "failure_incidence": [one.failure_incidence for one in curves],
    }
    return pa.table(
        {"source": sources.column(rows), "job_type": job_types.column(rows)}
        | {name: np.concatenate(parts) for name, parts in columns.items()}
    )
