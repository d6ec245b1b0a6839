"""One HTML file per replay: bundle and data inlined, and a policy that lets nothing else run or load."""

import base64
import hashlib
import html
from importlib import metadata
from pathlib import Path

from avatarium.worlds.core.errors import UserError

HERE = Path(__file__).parent
BUNDLE = HERE / "bundle.js"
STYLE = "html,body,main{height:100%;margin:0}noscript{display:block;padding:2rem;font:16px/1.5 system-ui,sans-serif}"
BOOT = """
const place = document.getElementById("replay");
const { start, follow, camera } = place.dataset;
Avatarium.mount(place, document.getElementById("data").textContent, { start: Number(start), follow, camera, hash: true })
  .then((player) => { window.player = player; }, () => {});
"""


def page(parcel: bytes, title: str, start: int = 0, follow: str = "", camera: str = "orbit") -> str:
    """The page that shows ``parcel`` (see ``replay.parcel``) from step ``start``, following an avatar through one of the cameras.

    Raises UserError when the installation lacks the bundle.
    """
    if not BUNDLE.is_file():
        raise UserError(f"{BUNDLE} is missing: install avatarium again, or run make web in its source tree")
    scripts = {"bundle": BUNDLE.read_text(encoding="utf-8"), "boot": BOOT}
    filled = {
        "policy": policy([*scripts.values()], [STYLE]),
        "version": html.escape(metadata.version("avatarium")),
        "title": html.escape(title),
        "style": STYLE,
        "start": str(int(start)),
        "follow": html.escape(follow),
        "camera": html.escape(camera),
        "data": base64.b64encode(parcel).decode(),
        **scripts,
    }
    pieces = (HERE / "template.html").read_text(encoding="utf-8").split("{{")
    return pieces[0] + "".join(filled[name] + rest for name, _, rest in (piece.partition("}}") for piece in pieces[1:]))


def policy(scripts: list[str], styles: list[str]) -> str:
    """A content security policy under which exactly these inline scripts and styles count, and nothing is fetched from anywhere."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(_hash, scripts))}",
            f"style-src {' '.join(map(_hash, styles))}",
            "img-src data: blob:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
