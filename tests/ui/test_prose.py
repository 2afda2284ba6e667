"""What people write in Markdown is shown, and can do no harm."""

import html
import re
from html.parser import HTMLParser

import pytest

from supportops.ui.prose import plain_text, to_html

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](file:///etc/passwd)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    "![x](//evil.example/pixel.png)",
    "![x](/\\evil.example/pixel.png)",
    "![x](https://evil.example/pixel.png)",
    '![x" onerror="alert(1)](/a.png)',
    '![x](/a.png "t\\" onerror=\\"alert(1)")',
    '[x](https://example.com "t\\" onclick=\\"alert(1)")',
    "<javascript:alert(1)>",
    "<style>body{display:none}</style>",
    "<iframe src=https://evil.example></iframe>",
    "<form action=https://evil.example><button>x",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<!-- --!><script>alert(1)</script> -->",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    'https://example.com/"onmouseover="alert(1)',
    "| <script>alert(1)</script> |\n| --- |\n| <img src=x onerror=alert(1)> |",
]
SAFE_TAGS = {"p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "a", "img", "ul", "ol", "li"} | {
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td")
}
SAFE_ATTRIBUTES = {"href", "title", "rel", "src", "alt", "start"}


class Elements(HTMLParser):
    """Collects what a browser would make elements and attributes of."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_that_runs_or_loads_from_elsewhere_comes_through(text):
    for tag, attributes in Elements(to_html(text)).found:
        assert tag in SAFE_TAGS
        assert set(attributes) <= SAFE_ATTRIBUTES
        if "href" in attributes:
            # A browser reads a link that begins otherwise as one of this site, and none of the attacks is one.
            assert attributes["href"].startswith(("https://", "http://", "//", "/"))
        if "src" in attributes:
            assert attributes["src"].startswith("/")
            assert attributes["src"][1] not in "/\\", "would be fetched from elsewhere"


SHOWN = {
    "**bold**": "<p><strong>bold</strong></p>",
    "~~gone~~": "<s>gone</s>",
    "one\ntwo": "one<br>",
    "# Title\n\n### Deeper": "<h3>Title</h3>",
    "![shot](/issues/7/files/1/shot.png)": '<img src="/issues/7/files/1/shot.png" alt="shot">',
    "![shot](https://example.com/shot.png)": '<a href="https://example.com/shot.png" rel="nofollow noopener">shot</a>',
    "[mail](mailto:a@example.com)": '<a href="mailto:a@example.com" rel="nofollow noopener">mail</a>',
    "a < b & c": "a &lt; b &amp; c",
}


@pytest.mark.parametrize(("text", "part"), SHOWN.items())
def test_what_is_written_is_shown(text, part):
    assert part in to_html(text)


def test_headings_skip_no_level_of_the_page():
    assert "<h4>Deeper</h4>" in to_html("# Title\n\n### Deeper")


def test_a_pasted_address_becomes_a_link_without_the_full_stop():
    html = to_html("See https://example.com/a?b=1&c=2.")

    assert '<a href="https://example.com/a?b=1&amp;c=2" rel="nofollow noopener">' in html
    assert html.endswith("</a>.</p>\n")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("See https://en.wikipedia.org/wiki/Foo_(bar), please", "https://en.wikipedia.org/wiki/Foo_(bar)"),
        ("(https://en.wikipedia.org/wiki/Foo_(bar))", "https://en.wikipedia.org/wiki/Foo_(bar)"),
        ("https://example.com/func() fails", "https://example.com/func()"),
        ("https://example.com/~~old~~/x", "https://example.com/~~old~~/x"),
        ("https://example.com/a**b**c", "https://example.com/a**b**c"),
        ("https://example.com/a_b_c_ d", "https://example.com/a_b_c_"),
        ("**https://example.com/x**", "https://example.com/x"),
        ("*https://example.com/x*.", "https://example.com/x"),
        ("[1]: see https://example.com/a[0]", "https://example.com/a[0]"),
        ("HTTPS://Example.com/X!", "HTTPS://Example.com/X"),
        ("https://example.com/?q='a'", "https://example.com/?q='a"),
        ("a\\b https://example.com/x\\y", "https://example.com/x\\y"),
    ],
)
def test_a_pasted_address_is_whole(text, address):
    [shown] = re.findall(r"<a [^>]*>([^<]*)</a>", to_html(text))
    assert html.unescape(shown) == address


@pytest.mark.parametrize(
    "text", ["xhttps://example.com", "https://", "https:// x", "ftp://example.com", "https:example"]
)
def test_what_is_no_address_is_no_link(text):
    assert "<a " not in to_html(text)


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("<!-- hint -->\nWords", "<p>Words</p>"),
        ("Words <!-- hint --> more", "<p>Words  more</p>"),
        ("<!--\nmany\n\nlines\n-->\nWords", "<p>Words</p>"),
        ("`<!-- code -->`", "<p><code>&lt;!-- code --&gt;</code></p>"),
        ("```\n<!-- code -->\n```", "<pre><code>&lt;!-- code --&gt;\n</code></pre>"),
        ("Use <!-- to start.\n\nImportant: the rest.", "<p>Important: the rest.</p>"),
        ("<!-- a --> b <!-- c", "<p>b &lt;!-- c</p>"),
        ("- [ ] task\n- [x] done\n- [link](/x)", "☐ task"),
        ("- [ ] task\n- [x] done", "☑ done"),
        (
            "<details><summary>Logs</summary>\n\n- one\n\n</details>\n\nafter",
            "<details><summary>Logs</summary>",
        ),
        ("<details>\n<summary>Logs</summary>\nwords\n</details>", "<summary>Logs</summary><p>words</p>"),
        ("<details>\nwords\n</details>", "<summary>Details</summary>"),
        (
            "<details><summary>A</summary>\n<details><summary>B</summary>\nx\n</details>\n</details>",
            "</details></details>",
        ),
        ("<details><summary>not closed</summary>\nwords", "&lt;details&gt;"),
        ("<pre>\na <b>\n  b\n</pre>", "<pre><code>a \n  b\n</code></pre>"),
        ("<details onclick=alert(1)>\nx\n</details>", "&lt;details onclick"),
    ],
)
def test_what_templates_of_gitlab_hold_is_drawn(text, drawn):
    assert drawn in re.sub(r"\n(?=<)", "", to_html(text)) or drawn in to_html(text).strip()


def test_an_address_that_already_is_a_link_or_code_stays_as_it_is():
    assert to_html("[https://a.example](https://b.example)").count("<a ") == 1
    assert "<a " not in to_html("`https://a.example`")


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_written_is_nothing_shown(nothing):
    assert to_html(nothing) == ""


@pytest.mark.parametrize(
    ("markdown", "read"),
    [
        ("I **start** *soon*, `now`.", "I start soon, now."),
        ("# Title\n\nWords\nand more", "Title\n\nWords\nand more"),
        ("- one\n- two\n\n1. first\n2. second", "- one\n- two\n\n1. first\n2. second"),
        (
            "[the page](https://example.com/x) https://example.com/y",
            "the page (https://example.com/x) https://example.com/y",
        ),
        ("![A picture](/uploads/a.png)", "A picture"),
        ("> quoted\n\nanswer", "quoted\n\nanswer"),
        ("```\n@media {}\n```", "@media {}"),
        ("<b>now</b> &amp; then", "<b>now</b> & then"),
        ("a\n\n---\n\nb", "a\n\nb"),
        ("", ""),
        (None, ""),
    ],
)
def test_plain_text_is_what_people_read(markdown, read):
    assert plain_text(markdown) == read
