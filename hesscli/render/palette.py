"""What parts of an answer mean → how a terminal shows it, as styles of Rich.

The numbers' hues are the vermilion and blue of Okabe & Ito's palette, which the colour-blind can
tell apart. All steps, from grey to the full hue, have the luminance 0.18: a contrast of 4.6 to
white and to black, so that none fades on a light or a dark background. No meaning is carried by
colour alone: a sign is also written, and so is a verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.style import Style

LEVELS = 3  # of magnitude

STYLES = {
    "": "",
    "plain": "",
    "title": "bold",
    "label": "dim",
    "heading": "bold",
    "rule": "dim",
    "verdict": "bold",
    "note": "",
    "problem": "bold red",
    "dim": "dim",
    "positive-0": "#607795",
    "positive-1": "#4279ad",
    "positive-2": "bold #007bbf",
    "negative-0": "#966b60",
    "negative-1": "#af6042",
    "negative-2": "bold #c25500",
}
# Sixteen colours have no two that can be read on every background; red can.
_FEW_COLOURS = {
    "positive-0": "",
    "positive-1": "",
    "positive-2": "bold",
    "negative-0": "red",
    "negative-1": "red",
    "negative-2": "bold red",
}


def styles(console: Console) -> dict[str, Style]:
    """The style of each role: that of the console's theme, as ``hess.title``, or else ours."""
    few = console.color_system not in ("256", "truecolor")
    ours = STYLES | _FEW_COLOURS if few else STYLES
    return {role: console.get_style(f"hess.{role}", default=text) for role, text in ours.items()}
