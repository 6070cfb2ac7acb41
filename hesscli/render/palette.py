"""What parts of an answer mean → how a terminal shows it, as styles of Rich.

The numbers' hues are the vermilion and blue of Okabe & Ito's palette, which the colour-blind can
tell apart. All steps, from grey to the full hue, have the luminance 0.18: a contrast of 4.6 to
white and to black, so that none fades on a light or a dark background. No meaning is carried by
colour alone: a sign is also written, and so is a verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.style import Style

LEVELS = 3  # of magnitude

STYLES: dict[str, dict[str, Any]] = {
    "": {},
    "plain": {},
    "title": {"bold": True},
    "label": {"dim": True},
    "heading": {"bold": True},
    "rule": {"dim": True},
    "verdict": {"bold": True},
    "note": {},
    "problem": {"color": "red", "bold": True},
    "dim": {"dim": True},
    "positive-0": {"color": "#607795"},
    "positive-1": {"color": "#4279ad"},
    "positive-2": {"color": "#007bbf", "bold": True},
    "negative-0": {"color": "#966b60"},
    "negative-1": {"color": "#af6042"},
    "negative-2": {"color": "#c25500", "bold": True},
}
# Sixteen colours have no two that can be read on every background; red can.
_FEW_COLOURS: dict[str, dict[str, Any]] = {
    "positive-0": {},
    "positive-1": {},
    "positive-2": {"bold": True},
    "negative-0": {"color": "red"},
    "negative-1": {"color": "red"},
    "negative-2": {"color": "red", "bold": True},
}


def styles(console: Console) -> dict[str, Style]:
    """The style of each role: that of the console's theme, as ``hess.title``, or else ours."""
    from rich.style import Style

    few = console.color_system not in ("256", "truecolor")
    ours = STYLES | _FEW_COLOURS if few else STYLES
    # Made anew: a style keeps the codes of the first console that it was rendered on.
    return {r: console.get_style(f"hess.{r}", default=Style(**look)) for r, look in ours.items()}
