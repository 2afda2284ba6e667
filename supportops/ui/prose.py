"""Markdown that people wrote, as HTML that is safe to show.

Two fences: markdown-it with raw HTML switched off, then nh3 with an allow-list. Either alone would do.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "a", "img"),
    *("ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("table", "thead", "tbody", "tr", "th", "td"),
    *("details", "summary"),
}
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
# The page above has h1 and h2; what people write begins below them and skips no level, or the page's outline breaks.
FIRST_HEADING, LAST_HEADING = 3, 6
KEPT_UP_TO = 4_000
"""Characters. How a text up to this length looks is kept by the process: it depends on nothing but the text."""


def to_html(text: str | None) -> SafeString:
    """Safe HTML for a Markdown text. Pictures from elsewhere become links, so that reading a page tells nobody."""
    words = str(text or "")
    return _short_to_html(words) if len(words) <= KEPT_UP_TO else _to_html(words)


def _to_html(words: str) -> SafeString:
    html = _markdown.render(without_comments(words))
    # mark_safe: nh3 has just removed everything that is not in the allow-list.
    return mark_safe(  # noqa: S308
        nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="nofollow noopener")
    )


_short_to_html = lru_cache(maxsize=2_000)(_to_html)


def _image(renderer: object, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    source, words = str(token.attrs.get("src", "")), token.content or "Picture"
    if _is_ours(source):
        return f'<img src="{escape(source)}" alt="{escape(words)}">'
    return f'<a href="{escape(source)}">{escape(words)}</a>'


def _is_ours(source: str) -> bool:
    # "//host/x" leaves this site although it begins with a slash; a backslash arrives here already encoded.
    return source.startswith("/") and not source.startswith("//")


def _lower_headings(state: StateCore) -> None:
    headings = [token for token in state.tokens if token.type in ("heading_open", "heading_close")]
    levels = sorted({token.tag for token in headings})
    for token in headings:
        token.tag = f"h{min(LAST_HEADING, FIRST_HEADING + levels.index(token.tag))}"


def _bare_address(state: StateInline, silent: bool) -> bool:
    """An inline rule: a pasted address is a link, whole, whatever stands in it; before emphasis is looked for."""
    begins = state.src[state.pos] == ":" and not state.linkLevel
    scheme = _SCHEME_BEFORE.search(state.pending[-len(" https") :]) if begins else None
    found = _ADDRESS.match(state.src, state.pos - len(scheme[0])) if scheme else None
    if scheme is None or found is None:
        return False
    address = _without_sentence(found[0])
    if len(address) <= len(scheme[0]) + len("://"):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[0])]
        state.push("link_open", "a", 1).attrs = {"href": address}
        state.push("text", "", 0).content = address
        state.push("link_close", "a", -1)
    state.pos += len(address) - len(scheme[0])
    return True


_SCHEME_BEFORE = re.compile(r"(?<![A-Za-z0-9])https?\Z", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>\"]{1,2000}", re.IGNORECASE)
_CLOSING = {")": "(", "]": "["}


def _without_sentence(address: str) -> str:
    """An address without what belongs to the sentence around it: its full stop, a bracket or mark opened before it."""
    while address:
        last, before = address[-1], address[:-1]
        unopened = last in _CLOSING and before.count(last) >= before.count(_CLOSING[last])
        loose = last in "*_~" and last not in before.rstrip(last)
        if not (last in ".,;:!?'" or unopened or loose):
            break
        address = before
    return address


def _task_boxes(state: StateCore) -> None:
    """“- [ ] …” is a task: a box stands for its mark, as GitLab draws it."""
    for item, paragraph, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if item.type == "list_item_open" and paragraph.type == "paragraph_open" and inline.children:
            first = inline.children[0]
            if first.type == "text" and (mark := _TASK.match(first.content)):
                first.content = f"{'☐' if mark[1] == ' ' else '☑'} {first.content[mark.end() :]}"


_TASK = re.compile(r"\[([ xX])\] ")


def _details(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A block rule: <details> with its <summary>, up to the line that ends it, as templates of GitLab have it."""
    opened = _DETAILS.match(_line(state, start))
    if opened is None or state.is_code_block(start):
        return False
    last = _ends(state, "details").get(start)
    if last is None or last >= end:
        return False
    if silent:
        return True
    first, summary = start + 1, opened[1]
    if summary is None and first < last and (told := _SUMMARY.match(_line(state, first))):
        first, summary = first + 1, told[1]
    state.push("details_open", "details", 1).block = True
    state.push("summary_open", "summary", 1).block = True
    words = state.push("inline", "", 0)
    words.content, words.map, words.children = _TAG.sub("", summary or "Details"), [start, start + 1], []
    state.push("summary_close", "summary", -1).block = True
    whole, state.lineMax = state.lineMax, last  # a paragraph reads up to it, whatever it was told
    _markdown.block.tokenize(state, first, last)
    state.lineMax = whole
    state.push("details_close", "details", -1).block = True
    state.line = last + 1
    return True


def _preformatted(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A block rule: <pre> is shown as code is."""
    if not _line(state, start).lower().startswith("<pre>") or state.is_code_block(start):
        return False
    last = _ends(state, "pre").get(start)
    if last is None or last >= end:
        return False
    if not silent:
        token = state.push("code_block", "code", 0)
        token.content = _TAG.sub("", state.getLines(start, last + 1, 0, True)).strip("\n") + "\n"
        token.map = [start, last + 1]
        state.line = last + 1
    return True


def _ends(state: StateBlock, tag: str) -> dict[int, int]:
    """{line that opens such a block: line that closes it}; read once for the whole text."""
    known: dict[str, dict[int, int]] = state.env.setdefault("ends of blocks", {})
    if tag not in known:
        known[tag], opened = {}, []
        for number, line in enumerate(state.src.lower().split("\n")):
            if line.lstrip().startswith(f"<{tag}"):
                opened.append(number)
            if f"</{tag}>" in line and opened:
                known[tag][opened.pop()] = number
    return known[tag]


_DETAILS = re.compile(r"<details(?: open)?>\s*(?:<summary>([^<]{0,500})</summary>)?\s*\Z", re.IGNORECASE)
_SUMMARY = re.compile(r"\s*<summary>(.{0,500}?)</summary>\s*\Z", re.IGNORECASE)
_TAG = re.compile(r"</?(?:pre|code|b|strong|summary)>", re.IGNORECASE)


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def without_comments(text: str) -> str:
    """The text without HTML comments, which templates hide hints in; what stands in code stays."""
    if "<!--" not in text:
        return text
    kept: list[str] = []
    fence, hidden, place, last_end = "", False, 0, text.rfind("-->")
    for line in text.split("\n"):
        place += len(line) + 1
        mark = "" if hidden else line.strip()[:3]
        if mark in ("```", "~~~") and fence in ("", mark):
            fence = "" if fence else mark
        if fence or mark in ("```", "~~~"):
            kept.append(line)
            continue
        shown, was_hidden = "", hidden
        while line:
            before, found, line = line.partition("-->" if hidden else "<!--")
            if hidden:
                hidden = not found
            elif before.count("`") % 2 or place - len(line) > last_end:  # code, or never closed
                shown += before + found
            else:
                shown, hidden = shown + before, bool(found)
        if shown.strip() or not (was_hidden or hidden or "<!--" in shown):
            kept.append(shown)
    return "\n".join(kept)


def _build() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True})
    markdown.enable(["table", "strikethrough"])
    markdown.core.ruler.push("lower_headings", _lower_headings)
    markdown.core.ruler.push("task_boxes", _task_boxes)
    markdown.block.ruler.before("paragraph", "details", _details, {"alt": ["paragraph"]})
    markdown.block.ruler.before("paragraph", "preformatted", _preformatted, {"alt": ["paragraph"]})
    markdown.inline.ruler.after("text", "bare_address", _bare_address)
    markdown.add_render_rule("image", _image)
    return markdown


_markdown = _build()


def plain_text(text: str | None) -> str:
    """A Markdown text as people read it where nothing is drawn: no marks, lists with hyphens, links with their address
    behind the words."""
    words: list[str] = []
    for token in _markdown.parse(without_comments(str(text or ""))):
        if token.type == "inline":
            words.append(_read(token.children or []))
        elif token.type in ("fence", "code_block"):
            words.append(token.content)
        elif token.type == "list_item_open":
            words.append(f"{token.info}{token.markup} " if token.info else "- ")
        elif token.type in _ENDS_A_LINE:
            words.append("\n")
        if token.type in _ENDS_A_BLOCK and token.level == 0:
            words.append("\n")
    return _EMPTY_LINES.sub("\n\n", "".join(words)).strip()


_ENDS_A_LINE = frozenset({"paragraph_close", "heading_close", "tr_close", "hr"})
_ENDS_A_BLOCK = frozenset({"paragraph_close", "heading_close", "fence", "code_block", "table_close"}) | {
    f"{kind}_close" for kind in ("bullet_list", "ordered_list", "blockquote")
}
_EMPTY_LINES = re.compile(r"\n{3,}")


def _read(tokens: Sequence[Token]) -> str:
    words, links = "", []
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            words += "\n"
        elif token.type == "link_open":
            links.append((str(token.attrs["href"]), len(words)))
        elif token.type == "link_close" and links:
            address, start = links.pop()
            words += "" if words[start:] == address else f" ({address})"
        else:
            words += token.content
    return words
