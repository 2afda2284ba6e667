"""Untrusted text reads as it was written and does nothing in GitLab."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.gitlab.escaping import BREAK, LONGEST_TITLE, plain, safe_line, safe_text, safe_title
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


@given(NASTY)
def test_no_text_whatever_is_html(text):
    assert "<" not in safe_text(text)
    assert "<" not in safe_line(text).replace("\\<", "")


@given(NASTY)
def test_a_line_is_one_line(text):
    assert "\n" not in safe_line(text)
    assert "\n" not in safe_title(text)


@given(NASTY)
def test_no_text_whatever_mentions_or_refers(text):
    safe = safe_text(text)
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


def test_a_long_title_ends_in_an_ellipsis():
    assert safe_title("x" * 300) == "x" * 254 + "…"


def test_nothing_is_nothing():
    assert safe_text(" \n\r ") == ""
