"""What parts of an answer mean → how a terminal shows it.

The numbers' hues are the vermilion and blue of Okabe & Ito's palette, which the colour-blind can
tell apart. All steps, from grey to the full hue, have the luminance 0.18: a contrast of 4.6 to
white and to black, so that none fades on a light or a dark background. No meaning is carried by
colour alone: a sign is also written, and so is a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LEVELS = 3  # of magnitude

STYLES = {
    "title": "bold",
    "label": "dim",
    "heading": "bold",
    "rule": "dim",
    "verdict": "bold",
    "note": "",
    "problem": "bold red",
    "dim": "dim",
    "positive-1": "#607795",
    "positive-2": "#4279ad",
    "positive-3": "bold #007bbf",
    "negative-1": "#966b60",
    "negative-2": "#af6042",
    "negative-3": "bold #c25500",
}
# Sixteen colours have no two that can be read on every background; red can.
_FEW_COLOURS = {
    "positive-1": "",
    "positive-2": "",
    "positive-3": "bold",
    "negative-1": "red",
    "negative-2": "red",
    "negative-3": "bold red",
}


@dataclass(frozen=True, slots=True)
class Palette:
    """The escape codes before and after a text, by what it means; none where there are none."""

    codes: Mapping[str, tuple[str, str]]

    def paint(self, role: str, text: str) -> str:
        """``text`` as what it means."""
        before, after = self.codes.get(role, ("", ""))
        return f"{before}{text}{after}" if before and text else text


PLAIN = Palette({})


def palette(color_system: str | None, hues: bool) -> Palette:
    """The palette for one of Rich's colour systems; without ``hues``, only bold and dim."""
    if color_system is None:
        return PLAIN
    from rich.console import COLOR_SYSTEMS
    from rich.style import Style

    styles = STYLES if color_system in ("256", "truecolor") else STYLES | _FEW_COLOURS
    codes = {}
    for role, text in styles.items():
        style = Style.parse(text)
        drawn = (style if hues else style.without_color).render(
            "\0", color_system=COLOR_SYSTEMS[color_system]
        )
        before, _, after = drawn.partition("\0")
        codes[role] = (before, after)
    return Palette(codes)
