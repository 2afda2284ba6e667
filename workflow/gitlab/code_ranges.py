"""Where a Markdown text is code: GitLab mentions nobody, refers to nothing and draws no HTML there. Pure.

In doubt a place is no code, for what is taken for code goes to GitLab as it is. So only what every reader takes for
code, GitLab's with its additions too, and in a quotation as well: fences that are closed, at the top level (a tab or a
list around them would count columns otherwise there); and code spans within a line of a top-level paragraph or heading,
where nothing can have swallowed a backtick before them: an address, a link, a formula, a table (CommonMark 0.31, 4.5
and 6.1; GFM 6.9; tried on random texts against another reader).
"""

import re
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

Range = tuple[int, int]
"""First character and the one after the last."""
LONGEST_READ = 100_000
"""Of a longer text nothing is code: it would take seconds to read."""
_ESCAPED_OR_TICKS = re.compile(r"\\[\\`]|`+")
_TICKS = re.compile(r"`+")
_QUOTATION = re.compile(r"\s*>{3,}\s*\Z")
_PERHAPS_A_TABLE = re.compile(r"^[\s|:>-]*-[\s|:>-]*$")
_SWALLOWS = re.compile(
    r"(?:://|www\.)[^\s`]*`|\]\([^)`]*[`\"'<(]|\[\[|\[\^|\]:|\$[^$`]*`[^$]*\$|\[[^\]\n]*`", re.IGNORECASE
)
"""What takes a backtick before it can begin or end code: an address, a link's end, a reference, a formula."""
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


def code_ranges(text: str) -> list[Range]:
    """The ranges of ``text`` (line ends are plain) that are code, in order, without the marks around them."""
    if ("`" not in text and "~~~" not in text) or "\t" in text or len(text) > LONGEST_READ:
        return []
    lines = text.split("\n")
    if any(map(_QUOTATION.match, lines)):  # GitLab ends with it whatever was begun inside, a fence too
        return []
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    found: list[Range] = []
    tokens = _markdown.parse(text)
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.map is None:
            continue
        first, end = token.map
        if token.type == "fence" and token.level == 0 and _is_closed(token, lines[end - 1], end - first):
            found.append((starts[first + 1], starts[end - 1]))
        elif _may_have_spans(token, before) and not any(map(_PERHAPS_A_TABLE.match, lines[first:end])):
            spans = _spans("\n".join(lines[first:end]))
            found += [(starts[first] + start, starts[first] + stop) for start, stop in spans]
    return found


def split_by(text: str, ranges: Sequence[Range]) -> Iterator[tuple[str, bool]]:
    """The pieces of ``text``, each with whether it is in one of the ranges."""
    place = 0
    for start, end in ranges:
        yield text[place:start], False
        yield text[start:end], True
        place = end
    yield text[place:], False


def _is_closed(fence: Token, last: str, height: int) -> bool:
    closing = last.strip(" ")
    return height > 1 and closing.startswith(fence.markup) and not closing.strip(fence.markup[0])


def _may_have_spans(token: Token, before: Token | None) -> bool:
    """Whether this is the text of a paragraph or heading at the top level."""
    opened = before is not None and before.type in ("paragraph_open", "heading_open")
    return opened and token.type == "inline" and token.level == 1


def _spans(text: str) -> list[Range]:
    """Code spans of a paragraph that lie in one line; none where a run of backticks is left over or something else may
    have taken one."""
    spans = list(_pairs(text))
    unread = "".join(" " * len(piece) if is_code else piece for piece, is_code in split_by(text, spans))
    if len(_TICKS.findall(unread)) != 2 * len(spans) or _SWALLOWS.search(unread):
        return []
    return [(start, end) for start, end in spans if "\n" not in text[start:end]]


def _pairs(text: str) -> Iterator[Range]:
    """From a run of backticks to the next one of the same length."""
    later: defaultdict[int, deque[Range]] = defaultdict(deque)
    for run in _TICKS.finditer(text):
        later[len(run.group())].append(run.span())
    place = 0
    while found := _ESCAPED_OR_TICKS.search(text, place):
        place = found.end()
        if found.group().startswith("\\"):
            continue
        same = later[len(found.group())]
        while same and same[0][0] < place:
            same.popleft()
        if same:
            start, end = same.popleft()
            yield place, start
            place = end
