"""Job trees as the API shows them: cut off below some level, and a sub-job's own tree by its own uid.

Lives here: finding and cutting. Does not: making a tree (`body`), serving it (`api`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final

from cce_etl.demo.body import Document, json_bytes

_UID: Final = re.compile(rb'"uid":\s*"([^"]+)"')


class Trees:
    """Hold the whole v3 body of every root, and answer for any job in them, cut off below `shallow_levels` levels.

    With None nothing is cut off, and a root's body goes out byte for byte. With 1 a body shows the sub-jobs of the job
    asked for but not theirs: those are seen by asking for a sub-job.
    """

    def __init__(self, bodies: Mapping[str, bytes], shallow_levels: int | None) -> None:
        self._bodies = bodies
        self._shallow_levels = shallow_levels

    def __contains__(self, job_id: str) -> bool:
        """Tell whether a root has this id."""
        return job_id in self._bodies

    def body(self, job_id: str) -> bytes | None:
        """Return the body of a root or of a sub-job; None when no tree holds it."""
        body = self._bodies.get(job_id)
        if body is not None:
            return body if self._shallow_levels is None else self._cut(json.loads(body))
        root_job_id = self._root_of.get(job_id)
        if root_job_id is None:
            return None
        tree = json.loads(self._bodies[root_job_id])
        return self._cut(next(job for job in _walk(tree) if job["metadata"]["uid"] == job_id))

    def _cut(self, document: Document) -> bytes:
        levels = self._shallow_levels
        return json_bytes(document if levels is None else cut(document, levels))

    @cached_property
    def _root_of(self) -> dict[str, str]:
        # Made when first needed, from the text: decoding every body costs a large fleet seconds.
        return {
            uid.decode(): root_job_id for root_job_id, body in self._bodies.items() for uid in _UID.findall(body)[1:]
        }


def cut(document: Document, levels: int) -> Document:
    """Return a v3 document with sub-jobs to this many levels below it; at 0 there are none."""
    spec = {key: value for key, value in document["spec"].items() if key != "subJobs"}
    sub_jobs = document["spec"].get("subJobs")
    if sub_jobs and levels > 0:
        spec["subJobs"] = [cut(sub_job, levels - 1) for sub_job in sub_jobs]
    return document | {"spec": spec}


def _walk(document: Document) -> Iterator[Document]:
    yield document
    for sub_job in document["spec"].get("subJobs", []):
        yield from _walk(sub_job)
