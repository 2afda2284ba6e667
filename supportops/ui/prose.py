"""Markdown that people wrote, as HTML that is safe to show.

Two fences: markdown-it with raw HTML switched off, then nh3 with an allow-list. Either alone would do.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from html import escape
from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "a", "img"),
    *("ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
# Pasted addresses, without the full stop or bracket of the sentence around them.
BARE_ADDRESS = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?'*_()\[\]]")
# The page above has h1 and h2; what people write begins below them and skips no level, or the page's outline breaks.
FIRST_HEADING, LAST_HEADING = 3, 6
KEPT_UP_TO = 4_000
"""Characters. How a text up to this length looks is kept by the process: it depends on nothing but the text."""


def to_html(text: str | None) -> SafeString:
    """Safe HTML for a Markdown text. Pictures from elsewhere become links, so that reading a page tells nobody."""
    words = str(text or "")
    return _short_to_html(words) if len(words) <= KEPT_UP_TO else _to_html(words)


def _to_html(words: str) -> SafeString:
    html = _markdown.render(words)
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


def _link_bare_addresses(state: StateCore) -> None:
    for block in state.tokens:
        if block.type == "inline" and "://" in block.content:
            block.children = list(_with_links(block.children or []))


def _with_links(tokens: Iterable[Token]) -> Iterator[Token]:
    depth = 0
    for token in tokens:
        depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if depth or token.type != "text":
            yield token
        else:
            yield from _split(token.content)


def _split(text: str) -> Iterator[Token]:
    end = 0
    for found in BARE_ADDRESS.finditer(text):
        yield _text(text[end : found.start()])
        yield Token("link_open", "a", 1, attrs={"href": found.group()})
        yield _text(found.group())
        yield Token("link_close", "a", -1)
        end = found.end()
    yield _text(text[end:])


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _build() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True})
    markdown.enable(["table", "strikethrough"])
    markdown.core.ruler.push("lower_headings", _lower_headings)
    markdown.core.ruler.push("link_bare_addresses", _link_bare_addresses)
    markdown.add_render_rule("image", _image)
    return markdown


_markdown = _build()


def plain_text(text: str | None) -> str:
    """A Markdown text as people read it where nothing is drawn: no marks, lists with hyphens, links with their address
    behind the words."""
    words: list[str] = []
    for token in _markdown.parse(str(text or "")):
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
