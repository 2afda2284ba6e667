"""GitLab label names and colours made ready for the chip component."""

import re
from dataclasses import dataclass

HEX_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}){1,2}")
DEFAULT_COLOUR = "#6b7280"
SCOPE_SEPARATOR = "::"


@dataclass(frozen=True)
class Chip:
    """A label ready to draw: scope and name apart, a safe colour, and whether white text is read better on it."""

    scope: str
    name: str
    colour: str
    on_dark: bool


def chip_for(label: str, colour: str | None = "") -> Chip:
    """Split a GitLab label as GitLab does (at the last "::") and choose the text colour with the higher contrast.

    A colour that is not #rgb or #rrggbb is replaced by a neutral one: it comes from GitLab and goes into an attribute.
    """
    colour = colour if colour and HEX_COLOUR.fullmatch(colour) else DEFAULT_COLOUR
    scope, _, name = str(label).rpartition(SCOPE_SEPARATOR)
    if not (scope and name):
        scope, name = "", "".join(label)  # plain text, even of one that was marked as safe: it is drawn once for both
    return Chip(scope, name, colour.lower(), _white_reads_better(colour))


def _white_reads_better(colour: str) -> bool:
    luminance = _luminance(colour)
    on_white = 1.05 / (luminance + 0.05)
    on_black = (luminance + 0.05) / (_luminance("#000000") + 0.05)
    return on_white >= on_black


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1, as WCAG 2 defines it."""
    digits = colour[1:]
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
