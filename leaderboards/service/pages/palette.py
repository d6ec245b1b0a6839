"""The colours of the pages: those of the viewer, as custom properties of CSS."""

from avatarium.render.draw.theme import DARK, LIGHT, Colour, Theme

NAMES = ("ink", "muted", "paper", "well", "rail", "line", "knob", "accent", "warning")


def css() -> str:
    """Custom properties for both themes: the light one unless the system or the page asks for the dark one."""
    light, dark = properties(LIGHT), properties(DARK)
    return (
        f":root{{{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n"
        f":root[data-theme=dark]{{{dark}}}\n"
        f"@media print{{:root,:root[data-theme=dark]{{{light}}}}}\n"
    )


def properties(theme: Theme) -> str:
    """The declarations of one theme."""
    colours = {name: getattr(theme, name) for name in NAMES}
    colours |= {f"curve-{name}": colour for name, colour in theme.curves.items()}
    backdrop: Colour = tuple(theme.surfaces.backdrop[0].tolist())
    listed = "".join(f"--{name}:{_hex(colour)};" for name, colour in (colours | {"backdrop": backdrop}).items())
    return f"color-scheme:{theme.name};{listed}"


def _hex(colour: Colour) -> str:
    return "#" + bytes(colour).hex()
