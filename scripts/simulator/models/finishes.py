"""How a surface looks: colours, pattern, metal and roughness.

Standard library only; `textures` paints them.
"""

from __future__ import annotations

import colorsys
import re
from dataclasses import dataclass, replace

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Finish:
    """Colours are sRGB in 0..1; `second` is the pattern's other colour."""

    colour: Colour
    second: Colour
    pattern: str = "plain"
    metal: float = 0.0
    rough: float = 0.6


def finish(colour: str, pattern: str = "plain", *, second: str = "", metal: float = 0.0, rough: float = 0.6) -> Finish:
    """A finish from hexadecimal colours; without a second one the pattern is in a darker shade of the first."""
    first = _hex(colour)
    darker: Colour = (first[0] * 0.7, first[1] * 0.7, first[2] * 0.7)
    return Finish(first, _hex(second) if second else darker, pattern, metal, rough)


def recoloured(base: Finish, colour: str | None, shift: float) -> Finish:
    """The finish in a named colour, or with its hue shifted by a part of the circle."""
    if colour is not None:
        wanted = finish(NAMED[colour])
        return replace(base, colour=wanted.colour, second=wanted.second)
    return replace(base, colour=_shifted(base.colour, shift), second=_shifted(base.second, shift))


def named_colour(prompt: str) -> str | None:
    """The first colour word of a prompt."""
    for word in re.findall(r"[a-z]+", prompt.casefold()):
        if word in NAMED:
            return str(word)
    return None


NAMED = {
    "red": "#c2302b",
    "orange": "#e0812a",
    "yellow": "#e9c23a",
    "green": "#3f8f4a",
    "blue": "#2f6fc0",
    "purple": "#7a4aa8",
    "violet": "#7a4aa8",
    "pink": "#e58aa9",
    "white": "#ece9e2",
    "black": "#2a2a2d",
    "grey": "#87898c",
    "gray": "#87898c",
    "brown": "#7a4e2d",
    "golden": "#d9a93a",
    "turquoise": "#2fa9a0",
}


def _hex(text: str) -> Colour:
    value = int(text.lstrip("#"), 16)
    return ((value >> 16) / 255, (value >> 8 & 255) / 255, (value & 255) / 255)


def _shifted(colour: Colour, shift: float) -> Colour:
    hue, light, saturation = colorsys.rgb_to_hls(*colour)
    return colorsys.hls_to_rgb((hue + shift) % 1.0, light, saturation)
