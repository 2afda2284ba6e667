"""Whatever is read out of text that others wrote takes linear time: a megabyte of marks stops nobody.

What reads each character again for each (450 million times for 30,000) takes more than four seconds, what
reads each once a hundredth of one; so a limit in between is no matter of the machine. A megabyte: `make faults`.
"""

import time

import pytest

from supportops.ui.prose import plain_text, to_html
from supportops.ui.text_diff import marked
from workflow.actions.checklist import items_in, split_brief
from workflow.actions.participation import handles_in
from workflow.actions.requirements import LONGEST_TEXT
from workflow.gitlab import escaping, intents
from workflow.gitlab.intent_steps import commands_in
from workflow.gitlab.pull_notes import UPLOAD, file_words

pytestmark = pytest.mark.fault(63)
MEGABYTE, SOME, LONGEST = 1_000_000, 30_000, 2
"""Characters, and seconds of the processor."""
PIECES = (
    "[", "![", "](", "[a](", "[](/uploads/", f"[](/uploads/{'0' * 32}/", f"[](/uploads/{'0' * 32}/x){{", "[[",
    "[a]:b\n", "*", "_", "**", "*a ", "a*b_", "***a", "`", "``", "`` ` ", "~~", "~~~\n", "```\n", "$", "|", "|-|\n",
    "|a|\n", "<", "<a ", "<!--", "<!-- supportops:begin x -->", "<!-- supportops:begin ", "<!-- supportops:note 1-",
    "<details>\nx\n", "<pre>\n", "</pre>", "- <details>\n",
    "<details>", "&", "&amp;", "&a", "#", "#\\", "~\\", "%", "!1", "GL-", "https://", "https://a", "http://a(", "://",
    ":", "://a", "@", "@a", "@a ", "@bot ", "@bot approve\n", "a@b.c ", "@bot decline ", "> ", ">", "- ", "- [ ] ",
    "1. ", "  - ", "\n", "\r", "\r\n", " ", "\t", "\x00", "a", "é", "\U0001f600", "\\", "(", ")", "blocked by ",
    "blocked ", "unblock ", "unblock when", "unblock:", " :", "SO-", "SO-1 ", "won't do", "\u200b", ". ", "/close\n",
    "---\n", "=\n", "x\n=\n",
)  # fmt: skip
READERS = {
    "line ends": escaping.plain,
    "quiet": escaping.quiet,
    "a quotation": escaping.safe_text,
    "a line": escaping.safe_line,
    "a title": escaping.safe_title,
    "the block's marker": escaping.marker_in,
    "the block": escaping.block_in,
    "a new block": lambda text: escaping.with_block(text, "x", "words"),
    "around the block": escaping.text_around,
    "a note's mark": escaping.noted,
    "uploads": lambda text: UPLOAD.sub(file_words, text),
    "an outcome": intents.named_outcome,
    "a duplicate": intents.duplicate_of,
    "a blocker": intents.blocker,
    "commands": lambda text: commands_in(text, "support-bot"),
    "mentions": handles_in,
    "tasks": split_brief,
    "items": lambda text: items_in(text.split("\n")),
}
DRAWERS = {"HTML": to_html, "plain text": plain_text, "a difference": lambda text: marked(text, text[::-1], "ins")}


def seconds(read, text):
    began = time.process_time()
    read(text)
    return time.process_time() - began


def slow(read, size, longest=LONGEST):
    """{piece: seconds} of what takes longer than it may."""
    taken = {piece: seconds(read, piece * (size // len(piece))) for piece in PIECES}
    return {piece: round(one, 2) for piece, one in taken.items() if one > longest}


@pytest.mark.parametrize("reader", READERS)
def test_marks_without_end_are_read_in_no_time(reader):
    assert slow(READERS[reader], SOME) == {}


@pytest.mark.nightly
@pytest.mark.parametrize("reader", READERS)
def test_a_megabyte_is_read_in_no_time(reader):
    assert slow(READERS[reader], MEGABYTE, LONGEST + 1) == {}


@pytest.mark.parametrize("drawer", DRAWERS)
def test_a_text_as_long_as_any_is_drawn_in_no_time(drawer):
    """Nothing longer is kept of what people write."""
    assert slow(DRAWERS[drawer], LONGEST_TEXT) == {}
