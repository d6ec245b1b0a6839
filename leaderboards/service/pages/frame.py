"""What all pages share: templates, addresses that keep the theme, and how numbers are written."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from avatarium.leaderboards.service.hall import hall
from avatarium.leaderboards.service.pages import drawings, static

TEMPLATES = Path(__file__).parent.parent / "templates"
THEMES = ("light", "dark")
NONE = "–"


@cache
def templates() -> jinja2.Environment:
    """Jinja with everything escaped, and an error for every name that a template does not know."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    found.filters |= {"number": number, "percent": percent, "moment": moment, "count": count, "world": world}
    found.globals |= {"interval": interval, "drawings": drawings, "static": static.address, "picture": static.picture}
    return found


def page(
    request: Request, template: str, told: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """A page from a template. Templates find ``to`` and ``here``, which make addresses, besides what they are ``told``."""
    address = Address(request)
    title = hall(request).settings.title
    text = (
        templates()
        .get_template(template)
        .render(told, to=address.to, here=address.here, theme=address.theme, site=title, path=address.path)
    )
    return HTMLResponse(text, status, headers)


class Address:
    """Addresses of a page: they keep the theme that was chosen, which no cookie remembers."""

    def __init__(self, request: Request) -> None:
        self.path, self._query = request.url.path, dict(request.query_params)
        chosen = self._query.get("theme", "")
        self.theme = chosen if chosen in THEMES else ""

    def to(self, *path: object, **query: object) -> str:
        """The address of another page, of the parts of its path."""
        return _joined("/" + "/".join(quote(str(part), safe="") for part in path), {"theme": self.theme or None} | query)

    def here(self, **query: object) -> str:
        """The address of this page with some of its parameters changed; None takes one away."""
        return _joined(self.path, self._query | query)


def _joined(path: str, query: Mapping[str, object]) -> str:
    kept = {name: value for name, value in query.items() if value is not None and value != ""}
    return f"{path}?{urlencode(kept)}" if kept else path


def number(value: float | None, digits: int = 2) -> str:
    """A number with so many decimals.

    >>> number(0.5), number(None), number(-0.001)
    ('0.50', '–', '0.00')
    """
    if value is None or value != value:
        return NONE
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if not text.strip("-0.") else text.replace("-", "−")


def interval(score: Mapping[str, Any], digits: int = 2) -> Markup:
    """A score, and the interval around it in small."""
    if score["value"] is None:
        return Markup(f'<span class="none">{NONE}</span>')
    value, low, high = (number(score[name], digits) for name in ("value", "low", "high"))
    return Markup(f'<span class="value">{value}</span> <span class="range">{low} to {high}</span>')


def percent(value: float | None) -> str:
    """A share in percent; what is nearly sure is not called sure.

    >>> percent(0.5), percent(0.9996), percent(1.0)
    ('50 %', '> 99 %', '100 %')
    """
    if value is None or value != value:
        return NONE
    if 0.99 < value < 1:
        return "> 99 %"
    return "< 1 %" if 0 < value < 0.01 else f"{value:.0%}".replace("%", " %")


def count(value: float | None) -> str:
    """A large number in few characters.

    >>> count(950), count(12_345), count(8_000_000)
    ('950', '12 k', '8 M')
    """
    if value is None:
        return NONE
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}".split("e")[0] + f" {sign}" if value < 10 * size else f"{value / size:.0f} {sign}"
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def moment(value: float | None) -> Markup | str:
    """A moment as date and time, UTC, that programs can read as well."""
    if value is None:
        return NONE
    when = datetime.fromtimestamp(value, UTC)
    return Markup('<time datetime="{}">{}</time>').format(when.isoformat(timespec="seconds"), when.strftime("%Y-%m-%d %H:%M"))


def world(address: str) -> str:
    """What a world is called, without the package that it comes from.

    >>> world("wayfinding"), world("package.hall:WORLD")
    ('wayfinding', 'hall')
    """
    return address.rpartition(":")[0].rpartition(".")[2] if ":" in address else address
