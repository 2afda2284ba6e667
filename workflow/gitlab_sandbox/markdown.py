"""Markdown as HTML that is safe to show: CommonMark with tables, links made, then an allow-list."""

import re

import nh3
from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"html": True, "breaks": False}).enable(["table", "strikethrough"])
_TAGS = {
    "p",
    "br",
    "hr",
    "em",
    "strong",
    "s",
    "del",
    "code",
    "pre",
    "blockquote",
    "ul",
    "ol",
    "li",
    "a",
    "img",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
    "kbd",
    "sub",
    "sup",
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "th": {"align"},
    "td": {"align"},
}
_UPLOAD = re.compile(r"(?<=[(\"])/uploads/([0-9a-f]{32}/)")


def rendered(session, text, project=None):
    """`text` as HTML. Relative uploads are resolved within `project`."""
    source = text or ""
    if project:
        source = _UPLOAD.sub(rf"{session.url('-/project')}/{project['id']}/uploads/\1", source)
    return nh3.clean(
        _MARKDOWN.render(source),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
    )
