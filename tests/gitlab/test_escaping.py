"""Untrusted text reads as it was written and does nothing in GitLab."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from workflow.gitlab.escaping import (
    BREAK,
    LONGEST_TITLE,
    block_in,
    managed_block,
    plain,
    safe_line,
    safe_text,
    safe_title,
)
from workflow.gitlab_sandbox.mentions import HANDLE, REFERENCE
from workflow.gitlab_sandbox.quick_actions import extract

COMMANDS = {
    "alone": "/close",
    "with an argument": "/label ~p1",
    "in capitals": "/CLOSE",
    "after a line": "hello\n/close",
    "after a blank line": "hello\n\n/close",
    "after a lone carriage return": "hello\r/close",
    "after a line feed and a carriage return": "hello\n\r/close",
    "carriage returns inside": "/cl\rose",
    "after a vertical tab": "hello\x0b/close",
    "after a form feed": "hello\x0c/close",
    "after a line separator": "hello\u2028/close",
    "after a NUL": "\x00/close",
    "in an HTML comment": "<!--\n/close\n-->",
    "after our own mark": "<!-- supportops:end -->\n/close",
    "after a fence that is closed": "```\ncode\n```\n/close",
    "in a fence": "```\n/close\n```",
    "after an open fence": "```\n/close",
    "in a quotation block": ">>>\n/close\n>>>",
    "in HTML": "<div>\n/close\n</div>",
    "after an open code span": "`\n/close",
    "with spaces after it": "/close   ",
    "between others": "/assign @ops\n/confidential\n/move group/project",
}
ANY_COMMAND = re.compile(r"^/[a-z_]+", re.MULTILINE | re.IGNORECASE)
"""Stricter than any GitLab: a command at column 0 counts wherever it stands."""
NASTY = (
    st.text(alphabet=st.sampled_from("/close \n\r\x00\x0b\u2028`<>!-&#;64@all~%$g1:[]()*_\\\"'é"), max_size=60)
    | st.text()
)


@pytest.mark.parametrize("text", COMMANDS.values(), ids=COMMANDS)
def test_no_command_survives(text):
    safe = safe_text(text)
    assert extract(safe)[1] == []
    assert ANY_COMMAND.findall(safe.replace("\r", "")) == []


def test_the_corpus_would_run_if_it_were_not_made_safe():
    ran = [name for name, text in COMMANDS.items() if extract(plain(text))[1]]
    assert len(ran) > len(COMMANDS) / 2


@given(NASTY)
def test_no_text_whatever_holds_a_command(text):
    safe = safe_text(text)
    assert ANY_COMMAND.findall(safe) == []
    assert all(line.startswith(">") for line in safe.split("\n")) or safe == ""
    assert "\r" not in safe
    assert "\x00" not in safe


def outside_code(safe):
    """What a CommonMark reader, which is not ours, does not take for code: text and HTML of the quotation."""

    def words(tokens):
        for token in tokens:
            if token.children is not None:
                yield from words(token.children)
            elif token.type not in ("code_inline", "fence", "code_block"):
                yield token.content

    return "\n".join(words(MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(safe)))


@given(NASTY)
def test_no_text_whatever_is_html(text):
    assert "<" not in outside_code(safe_text(text).replace("&lt;", "(less)"))
    assert "<" not in safe_line(text).replace("\\<", "")


@given(NASTY)
def test_a_line_is_one_line(text):
    assert "\n" not in safe_line(text)
    assert "\n" not in safe_title(text)


@given(NASTY)
def test_no_text_whatever_mentions_or_refers(text):
    safe = outside_code(safe_text(text).replace("&amp;", "(and)"))
    assert [handle for handle in HANDLE.findall(safe) if "." not in handle] == []
    assert REFERENCE.findall(re.sub(r"https?://\S+", "", safe)) == []


@given(NASTY)
def test_a_title_fits_and_is_never_empty_or_a_command(text):
    title = safe_title(text)
    assert 1 <= len(title) <= LONGEST_TITLE
    assert not title.startswith("/")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("@all", f"@{BREAK}all"),
        ("@group/sub.team", f"@{BREAK}group/sub.team"),
        ("&#64;all", f"&amp;#{BREAK}64;all"),
        ("&commat;all", "&amp;commat;all"),
        ("#12 and group/project#3", f"#{BREAK}12 and group/project#{BREAK}3"),
        ("!4 %m ~l &3 $5", f"!{BREAK}4 %{BREAK}m ~{BREAK}l &{BREAK}3 ${BREAK}5"),
        ('~"a label" %"a milestone"', f'~{BREAK}"a label" %{BREAK}"a milestone"'),
        ("GL-12", f"GL-{BREAK}12"),
    ],
)
def test_what_would_mention_or_refer_is_broken(text, safe):
    assert safe_text(text) == f"> {safe}"


@pytest.mark.parametrize(
    "text",
    [
        "Write to ops@example.com.",
        "100 % sure, C# and AT&T!",
        "https://example.com/page#12",
        "# A heading",
        "- [ ] one thing\n- another",
        "a **bold** word and `code`",
    ],
)
def test_what_does_nothing_stays_as_it_was_written(text):
    assert safe_text(text) == "\n".join(f"> {line}" for line in text.split("\n"))


def test_a_link_to_a_gitlab_issue_leaves_no_mark_there(settings):
    settings.GITLAB_URL = "https://gitlab.example"
    for text in ("https://gitlab.example/g/p/-/issues/1", '"https://GitLab.example:443/g/p/-/issues/1"'):
        assert "://" not in safe_text(text)


def test_a_handle_that_is_let_through_is_let_through_whole_and_alone():
    assert safe_text("@ops/team go, @ops/team2 and @all stay", allow=["@ops/team"]) == (
        f"> @ops/team go, @{BREAK}ops/team2 and @{BREAK}all stay"
    )


CODE = {
    "a fence": '```html\n<div class="x">@media #12 &amp; @all</div>\n```',
    "a fence of tildes": "~~~\n@all <b>\n~~~",
    "a longer fence": "````\n```\n@all\n```\n````",
    "code in a line": "Use `<div>` and `@media`, not ``#12 ` &amp;``.",
    "code beside a link": "See [the page](https://example.com/x) and `@all`.",
    "code in a heading": "# `@all`",
    "a fence between words": "Before:\n\n```\n@all\n```\n\nafter.",
}


@pytest.mark.parametrize("text", CODE.values(), ids=CODE)
def test_code_stays_as_it_was_written(text):
    assert safe_text(text) == "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        "```\n@all",
        "`@all",
        "a `b\n\n@all` c",
        "- `a\n- @all`",
        "a ` b\nc `@all` d",
        "\\`@all`",
        "-\t```\n\t@all\n\t```",
        "| a | b |\n|---|---|\n| ` | @all ` |",
        "> ```\n@all\n```\n> ```",
        "- ```\n@all\n  ```",
        "`` `@all` ` ``x`@all",
        "```\na\n``` b\n@all",
        ">>>\n```\n>>>\n@all #1\n```",
        ">>>\n\n```\n>>>\n@all\n```",
    ],
)
def test_what_only_looks_like_code_mentions_nobody(text):
    safe = safe_text(text)
    assert "@all" not in (safe if ">>>" in text else outside_code(safe))


def test_our_own_marks_do_not_stand_in_code_either():
    block = managed_block("supportops1x", safe_text("```\n<!-- supportops:end -->\n<!-- supportops:begin x -->\n```"))
    assert block_in(f"{block}\n\nbelow") == block.partition("\n")[2].rpartition("\n")[0]


def test_a_long_title_ends_in_an_ellipsis():
    assert safe_title("x" * 300) == "x" * 254 + "…"


def test_nothing_is_nothing():
    assert safe_text(" \n\r ") == ""
