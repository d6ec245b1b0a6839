"""Keys of the viewer: what each does, and how the help card tells it."""

from collections.abc import Mapping

KEYS: Mapping[str, str] = {
    "space": "play", "1": "orbit", "2": "follow", "3": "top", "4": "first", "f1": "orbit", "f2": "follow", "f3": "top", "f4": "first",
    "tab": "next", ",": "slower", ".": "faster", "left": "back", "right": "on", "home": "beginning", "end": "end", "h": "help",
    "u": "panels", "r": "rays", "t": "trails", "n": "names", "b": "bubbles", "v": "visits", "g": "path", "c": "contacts", "m": "theme",
    "j": "newest", "0": "reset", "-": "smaller", "=": "larger", "+": "larger",
}  # fmt: skip
"""Name of a key, as ``pygame.key.name`` gives it, to what ``Viewer.do`` carries out."""

SHIFTED: Mapping[str, str] = {"next": "previous", "back": "back ten", "on": "on ten"}
"""What becomes of an action while shift is held."""

OVERLAYS: Mapping[str, str] = {"rays": "R", "trails": "T", "names": "N", "bubbles": "B", "visits": "V", "path": "G", "contacts": "C"}
"""What can be laid over the picture, with its key; the legend shows them in this order."""

HELP = (
    ("space", "play or pause"),
    ("← →", "a step back or on (with shift: ten)"),
    (", .", "slower or faster"),
    ("home end", "beginning or end"),
    ("1 2 3 4", "camera: orbit, follow, top, eyes (also F1 to F4)"),
    ("tab, click", "choose whom to follow"),
    ("drag, wheel", "turn and zoom the view (right button: move it)"),
    ("0", "the view as it was at first"),
    ("R", "what it senses, drawn on the floor"),
    ("T  N  B", "trails, names, speech bubbles"),
    ("V", "where it has been, then where all have been"),
    ("G", "the shortest way to its goal"),
    ("C", "who deals with whom"),
    ("M", "light or dark"),
    ("U", "panels on or off"),
    ("-  +", "smaller or larger text"),
    ("P", "save a picture (PNG)"),
    ("H", "this help"),
    ("esc, Q", "leave"),
)
