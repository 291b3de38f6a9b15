"""The page: templates, style and contents put together.

Lives here: escaping, the policy that forbids scripts and the network. Does not: what is told (`contents`).
"""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING, Final

from cce_etl.analysis.report import format as words
from cce_etl.analysis.report import queries as questions
from cce_etl.analysis.report.contents import Contents
from cce_etl.analysis.report.waterfalls import MOST_ROWS

if TYPE_CHECKING:
    import jinja2

_FORMATS: Final = (
    *(words.count, words.counted, words.seconds, words.percent, words.times, words.q_value, words.instant, words.day),
    *(words.place, words.either, words.phase_class),
)
# The demo's rows carry this source.
_SYNTHETIC: Final = "demo"


def render(contents: Contents) -> str:
    """Return the page as HTML: one file without a script, whose policy lets nothing in but its own style."""
    from markupsafe import Markup

    style = style_sheet()
    digest = b64encode(sha256(style.encode()).digest()).decode()
    template = _environment().get_template("page.html.j2")
    return template.render(
        contents=contents,
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        style=Markup(style),  # noqa: S704  a file of this package
        synthetic_source=_SYNTHETIC,
        most_days=questions.MOST_DAYS,
        most_rows=MOST_ROWS,
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
        finalize=words.printable,
        lstrip_blocks=True,
    )
    environment.filters.update({each.__name__: each for each in _FORMATS})
    return environment
