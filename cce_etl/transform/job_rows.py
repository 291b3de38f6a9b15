"""A job tree to rows, one a node, parents before children.

Lives here: ids, paths, parsed clocks. It is pure and iterates, so depth costs no stack.
Does not: decoding (`job`), correcting what the API said: odd clocks and ids are kept and reported by sql/.
"""

from cce_etl.timestamps import parse_timestamp, planned_time
from cce_etl.transform.payload import Job, JobRow, canonical_phase, json_text


def flatten(root: Job, root_job_id: str) -> list[JobRow]:
    """Return one row a node in depth-first order; n nodes in, n rows out.

    `root_job_id` is the id the tree was asked for by, and the root's own. A sub-job without a uid gets the id
    `<root_job_id>/<path>`, the same in every load.
    """
    rows = []
    pending: list[tuple[Job, str | None, str, int, int]] = [(root, None, "", 0, 0)]
    while pending:
        job, parent_job_id, path, depth, ordinal = pending.pop()
        job_id = root_job_id if parent_job_id is None else job.uid or f"{root_job_id}/{path}"
        rows.append(_row(job, job_id, parent_job_id, root_job_id, path, depth, ordinal))
        prefix = f"{path}/" if path else ""
        for child_ordinal in range(len(job.sub_jobs) - 1, -1, -1):
            child = job.sub_jobs[child_ordinal]
            pending.append((child, job_id, f"{prefix}{child_ordinal}", depth + 1, child_ordinal))
    return rows


def _row(
    job: Job, job_id: str, parent_job_id: str | None, root_job_id: str, path: str, depth: int, ordinal: int
) -> JobRow:
    completed_at = _instant(job.completed_text)
    return JobRow(
        job_id=job_id,
        parent_job_id=parent_job_id,
        root_job_id=root_job_id,
        path=path,
        depth=depth,
        ordinal=ordinal,
        job_type=job.job_type,
        cluster_id=job.cluster_id,
        resource_id=job.resource_id,
        resource_name=job.resource_name,
        phase=job.phase,
        canonical_phase=canonical_phase(job.phase),
        reason=job.reason,
        planned_at=planned_time(job.uid) if job.uid else None,
        created_at=_instant(job.created_text),
        updated_at=_instant(job.updated_text),
        completed_at=completed_at,
        created_text=job.created_text,
        updated_text=job.updated_text,
        extend_param=job.extend_param,
        extra=_extra(job, is_completion_lost=completed_at is None and bool(job.completed_text)),
        is_leaf=not job.sub_jobs,
        has_uid=job.uid is not None,
    )


def _instant(text: str | None) -> int | None:
    if not text:
        return None
    try:
        return parse_timestamp(text)
    except ValueError:
        return None


def _extra(job: Job, *, is_completion_lost: bool) -> str | None:
    extra = job.extra
    if is_completion_lost:  # the other two clocks keep their text in columns of their own
        extra = extra | {"status": extra.get("status", {}) | {"completionTime": job.completed_text}}
    return json_text(extra) if extra else None
