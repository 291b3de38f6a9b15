"""Where an id stands: source, tree, and places in it.

Lives here: finding them, and saying why there is no single tree. Does not: reading it (`traces`, `waterfalls`).
"""

from string import Template
from typing import Final

import msgspec

from cce_etl.analysis.explain.literals import literal
from cce_etl.analysis.published import Published
from cce_etl.errors import CceEtlError

_PLACES: Final = """
    SELECT source, root_job_id, path FROM core.placed_jobs WHERE job_id = $job_id AND $source ORDER BY ALL
"""


class Place(msgspec.Struct, frozen=True):
    """Hold the tree a job stands in, and its paths there."""

    source: str
    root_job_id: str
    paths: list[str]


def find_place(published: Published, job_id: str, source: str | None) -> Place:
    """Find the tree in which a job stands, be it the root or a step.

    Raises CceEtlError for an id that is not there, or stands in several trees: in several sources while `source`
    names none, or below several roots.
    """
    of_source = "TRUE" if source is None else f"source = {literal(source)}"
    places = published.records(Template(_PLACES).substitute(job_id=literal(job_id), source=of_source))
    trees = {(place["source"], place["root_job_id"]) for place in places}
    sources = sorted({name for name, _ in trees})
    if not trees:
        of = "" if source is None else f" of the source {source}"
        raise CceEtlError(f"No job {job_id}{of} is in {published.path}. Was it fetched, and published since?")
    if len(sources) > 1:
        raise CceEtlError(f"Job {job_id} is in several sources: name one of {', '.join(sources)} with --source.")
    own = [tree for tree in trees if tree[1] == job_id]
    if len(trees) > 1 and not own:
        roots = ", ".join(sorted(root for _, root in trees))
        raise CceEtlError(f"Job {job_id} is a step of several jobs: ask for one of {roots}.")
    tree = own[0] if own else trees.pop()
    paths = [place["path"] for place in places if (place["source"], place["root_job_id"]) == tree]
    return Place(*tree, paths)
