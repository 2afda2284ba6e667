"""What the documents say is there, and what is said to stand in them stands there: citations, links, headings, rows."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps

from tests.fault_matrix import ROWS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
READ = {".py", ".html", ".css", ".js", ".mjs", ".toml", ".yml", ".yaml", ".txt"}
DECISION_HEADINGS = ("Options considered", "Why not", "When to look again")
UNVERIFIED = "lead: check"
"""A page with this in it describes rooms that are still being moved into."""

_NAMED = re.compile(r"(?<![\w/.*-])(?P<name>(?:[\w-]+/)*[\w-]+\.md)\b")
_PLACES = re.compile(r"(?:\s+§(?P<sections>\d[\d.]*(?:(?:,| and| to)\s+§\d[\d.]*)*))?(?:,\s*\"(?P<quoted>[^\"]+)\")?")
_ROWS = re.compile(r"\b(?:fault )?rows? (?P<numbers>\d+(?:(?:,| to| and)\s+\d+)*)")
_PROMISES = re.compile(r"\b[CI]\d{1,2}\b")
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(?P<text>.+?) *$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_PATH = re.compile(r"`((?:workflow|intake|supportops|templates|tests|docs)/[\w./-]*)`")


def tracked(*suffixes):
    """The paths of the files under version control that end so; whole names count too."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    paths = (ROOT / name for name in listed if name)
    return sorted(path for path in paths if (path.suffix in suffixes or path.name in suffixes) and path.is_file())


@cache
def sources():
    """[(path, its text with comments joined)] of what may cite a document; not migrations, nor the samples below."""
    paths = (path for path in tracked(*READ, "Makefile") if path != Path(__file__) and "migrations" not in path.parts)
    return [(path, flowing(path.read_text())) for path in paths]


def pages():
    """The documents."""
    return tracked(".md")


def flowing(text):
    """The text with each comment's lines joined, so that a citation may run over a line's end."""
    return re.sub(r"\s*\n[ \t]*(?:#[ \t]?)?", " ", text)


@cache
def text_of(path):
    """A document without what only its authors see."""
    return _COMMENT.sub("", path.read_text())


def page_named(name):
    """The document that is meant by a name without a folder, or with one from the root on; None if there is none."""
    return next((place for place in (DOCS / name, ROOT / name) if place.is_file()), None)


def headings_of(page):
    """The headings of a document, without those in examples."""
    return [found["text"] for found in _HEADING.finditer(_CODE.sub("", text_of(page)))]


def sections_of(page):
    """The numbers its headings begin with."""
    numbered = (re.match(r"(\d+(?:\.\d+)*)\.? ", heading) for heading in headings_of(page))
    return {found[1] for found in numbered if found}


def anchors_of(page):
    """The anchors GitLab and GitHub give its headings."""
    plain = (re.sub(r"[`*\[\]]|\([^)]*\.md[^)]*\)", "", heading).lower() for heading in headings_of(page))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


def unresolved(text):
    """What a source cites that is not there, a sentence each."""
    return [problem for found in _NAMED.finditer(text) for problem in _problems(found, text)]


def _problems(named, text):
    page = page_named(named["name"])
    if page is None:
        yield f"There is no {named['name']}."
        return
    place = _PLACES.match(text, named.end())
    for section in re.findall(r"\d+(?:\.\d+)*", place["sections"] or ""):
        if section not in sections_of(page):
            yield f"{named['name']} has no §{section}."
    if place["quoted"] and place["quoted"].casefold() not in flowing(text_of(page)).casefold():
        yield f"{named['name']} does not say “{place['quoted']}”."


def unknown_rows(text):
    """The numbers of cited rows that the fault matrix does not have."""
    cited = (int(number) for found in _ROWS.finditer(text) for number in re.findall(r"\d+", found["numbers"]))
    return sorted({number for number in cited if number not in ROWS})


def promises():
    """What reliability.md promises (C…), and what must hold after a fault (I…), by number."""
    return set(re.findall(r"^(?:\| |- \*\*)([CI]\d{1,2})\b", text_of(DOCS / "reliability.md"), re.MULTILINE))


def unmade_promises(text):
    """The promises that are named and that nobody made."""
    return sorted(set(_PROMISES.findall(text)) - promises())


def broken_links(page):
    """The relative links of a document that lead nowhere."""
    found = []
    for link in _LINK.finditer(_CODE.sub("", text_of(page))):
        place, _, anchor = link["target"].partition("#")
        if "://" in place or place.startswith(("mailto:", "/")):
            continue
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            found.append(link["target"])
    return found


def named(path):
    return str(path.relative_to(ROOT))


def test_what_the_code_cites_is_there():
    found = {named(path): unresolved(text) for path, text in sources()}
    assert {path: problems for path, problems in found.items() if problems} == {}


def test_the_rows_that_are_cited_are_in_the_matrix():
    found = {named(path): unknown_rows(text) for path, text in sources()}
    assert {path: rows for path, rows in found.items() if rows} == {}


def test_a_promise_that_is_named_was_made():
    found = {named(path): unmade_promises(text) for path, text in sources() if path.suffix != ".html"}
    assert {path: names for path, names in found.items() if names} == {}


def test_the_links_of_the_documents_lead_somewhere():
    found = {named(page): broken_links(page) for page in pages()}
    assert {page: links for page, links in found.items() if links} == {}


@pytest.mark.parametrize("document", pages(), ids=named)
def test_the_paths_a_document_names_are_there(document):
    if UNVERIFIED in document.read_text():
        pytest.skip(f"It is still to be verified: take “{UNVERIFIED}” out once it is.")
    assert [path for path in _PATH.findall(text_of(document)) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", sorted((DOCS / "decisions").glob("*.md")), ids=named)
def test_a_decision_says_what_was_considered_why_not_and_when_to_look_again(document):
    number = document.name.split("-", 1)[0]
    assert headings_of(document)[0].startswith(f"{number}: ")
    assert [one for one in DECISION_HEADINGS if not any(said.startswith(one) for said in headings_of(document))] == []


def test_decisions_are_numbered_without_a_gap():
    numbers = [int(page.name.split("-", 1)[0]) for page in sorted((DOCS / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_contract_is_whole():
    wanted = {f"C{number}" for number in range(1, 13)} | {f"I{number}" for number in range(1, 9)}
    assert promises() == wanted


def test_every_document_is_on_the_readmes_map():
    readme = (ROOT / "README.md").read_text()
    assert [page.name for page in DOCS.glob("*.md") if f"(docs/{page.name})" not in readme] == []


def test_every_alarm_has_a_row_that_says_what_to_do():
    kinds = apps.get_model("gitlab_mirror", "Alarm")._meta.get_field("kind").choices
    rows = text_of(DOCS / "operating.md")
    assert [label for _, label in kinds if f"\n| {label} | " not in rows] == []


def test_every_setting_that_is_read_from_the_environment_is_explained():
    read = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", (ROOT / "supportops" / "settings.py").read_text()))
    explained = text_of(DOCS / "operating.md") + text_of(ROOT / "README.md")
    families = tuple(re.findall(r"`([A-Z]+_)…`", explained))
    assert [name for name in sorted(read) if f"`{name}`" not in explained and not name.startswith(families)] == []


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("see domain.md §3", []),
        ('(domain.md §3, "Steps")', []),
        ("docs/decisions/0001-django-fsm-2-with-a-guard.md", []),
        ("gitlab.md §3 and §4 and reliability.md §0.3", []),
        ("nothing.md §1", ["There is no nothing.md."]),
        ("domain.md §99", ["domain.md has no §99."]),
        ("gitlab.md §3 and §44", ["gitlab.md has no §44."]),
        ("reliability.md §0.99", ["reliability.md has no §0.99."]),
        ('domain.md §3, "No such place"', ["domain.md does not say “No such place”."]),
    ],
)
def test_a_citation_that_leads_nowhere_is_found(text, problems):
    assert unresolved(text) == problems


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("(rows 26 to 29)", []),
        ("(row 99)", [99]),
        ("fault rows 33, 96 and 97", [96, 97]),
        ("# over the end of a\n# line (rows 7 and\n# 98)", [98]),
    ],
)
def test_a_row_that_is_not_in_the_matrix_is_found(text, rows):
    assert unknown_rows(flowing(text)) == rows


def test_a_promise_nobody_made_is_found():
    assert unmade_promises("contract C3, and C13; I8 and I9") == ["C13", "I9"]


@pytest.mark.parametrize(
    "link", ["nowhere.md", "look.md#no-such-heading", "#nor-this", "../gone/", "../README.md#nothing-of-that-name"]
)
def test_a_link_that_leads_nowhere_is_found(link, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("# Some\n")
    (tmp_path / "docs" / "look.md").write_text("# Look\n\n## A heading\n")
    page = tmp_path / "docs" / "page.md"
    page.write_text(f"[there](look.md#a-heading) [nowhere]({link})")
    assert broken_links(page) == [link]
