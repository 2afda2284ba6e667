"""Two texts side by side, word by word: what went and what came."""

import re
from difflib import SequenceMatcher
from typing import Literal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

Side = Literal["del", "ins"]
# Above this many words a comparison takes too long to be worth it, and marks too much to be read.
MOST_WORDS = 2000


def marked(old: object, new: object, side: Side) -> SafeString:
    """One side of a change as safe HTML: `side` is "del" for the old text, "ins" for the new one."""
    before, after = _words(old), _words(new)
    if not (after if side == "ins" else before):
        return format_html('<span class="quiet">{}</span>', "Nothing")
    if len(before) + len(after) > MOST_WORDS:
        return format_html("{}", new if side == "ins" else old)
    steps = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return format_html_join("", "{}", ((_piece(step, before, after, side),) for step in steps))


def _piece(step: tuple[str, int, int, int, int], before: list[str], after: list[str], side: Side) -> str:
    kind, a, b, c, d = step
    text = "".join(before[a:b] if side == "del" else after[c:d])
    if kind == "equal" or not text:
        return text
    return format_html("<{0}>{1}</{0}>", side, text)


def _words(text: object) -> list[str]:
    return re.findall(r"\s+|\S+", "" if text is None else str(text))
