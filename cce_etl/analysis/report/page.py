"""The page: contents rendered by the templates, with a policy that forbids scripts and the network."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, Final

from cce_etl.analysis.report import format as formats
from cce_etl.analysis.report.contents import Contents
from cce_etl.analysis.report.queries import MAX_DAYS
from cce_etl.analysis.report.waterfalls import MAX_ROWS

if TYPE_CHECKING:
    import jinja2

_FILTERS: Final = (
    *(formats.count, formats.counted, formats.seconds, formats.percent, formats.times, formats.q_value),
    *(formats.instant, formats.day, formats.position, formats.either, formats.phase_class),
)


def render(contents: Contents) -> str:
    """Return the page as HTML: one file without scripts, whose policy allows only its own style."""
    from markupsafe import Markup

    style = style_sheet()
    digest = b64encode(sha256(style.encode()).digest()).decode()
    template = _environment().get_template("page.html.j2")
    return template.render(
        contents=contents,
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        style=Markup(style),  # noqa: S704  a file of this package
        synthetic_source="demo",
        max_days=MAX_DAYS,
        max_rows=MAX_ROWS,
    )


def style_sheet() -> str:
    """Return the page's style."""
    return resources.files(__package__).joinpath("style.css").read_text("utf-8")


@cache
def _environment() -> "jinja2.Environment":
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cce_etl.analysis.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=formats.printable,
        lstrip_blocks=True,
    )
    environment.filters.update({each.__name__: each for each in _FILTERS})
    return environment
