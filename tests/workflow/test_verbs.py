"""One row per verb and act: every cell says something that fits, and what is left out fails when it is imported."""

import os
import re
from itertools import product
from string import Formatter
from types import ModuleType, SimpleNamespace

import pytest

from tests.factories import file_request
from tests.processes import ROOT, run
from workflow.catalogue.kinds import Kind
from workflow.forms import FORMS, form_for
from workflow.models.event import OTHERS, told_of
from workflow.states import Outcome, Source
from workflow.urls import urlpatterns
from workflow.verbs import ROWS, Act, Part, UnfinishedVerb, Verb, by_label, in_bulk, on_card

WORDS = [*Verb, *Act]
EVERYTHING_TOLD = [*ROWS.values(), *OTHERS.values()]
VERBS = (ROOT / "workflow/verbs.py").read_text()
ICONS = (ROOT / "supportops/ui/static/ui/icons/sprite.svg").read_text()
REQUESTS = [
    SimpleNamespace(
        kind=kind,
        route=SimpleNamespace(needs_approval=yes),
        outcome=outcome,
        return_to="design",
        gate_outcome=gate,
        checklist=["It opens."] if yes else [],
        material_edits_allowed=yes,
    )
    for kind, yes, outcome, gate in product(Kind, (True, False), ("", Outcome.WITHDRAWN), (None, "approved", "backlog"))
]
"""Requests of all sorts that a cell may look at."""


def copy_of(path, text):
    """The module at ``path`` imported once more beside the real one, as if ``text`` stood there."""
    module = ModuleType("a_copy")
    exec(compile(text, path, "exec"), module.__dict__)
    return module


def verbs_refused(text):
    """What the import says of another ``verbs.py``."""
    with pytest.raises(Exception, match=r"workflow/verbs\.py") as refused:
        copy_of("workflow/verbs.py", text)
    assert refused.typename == "UnfinishedVerb"  # the copy's own
    return str(refused.value)


def refused_without(line, path):
    """What the import says of the module at ``path`` when this line is left out."""
    text = (ROOT / path).read_text()
    assert text.count(line) == 1
    with pytest.raises(UnfinishedVerb) as refused:
        copy_of(path, text.replace(line, ""))
    return str(refused.value)


# The cells ------------------------------------------------------------------------------------------------------------


def test_each_address_is_its_name():
    assert [word for word in WORDS if not word.row.address == word.value == word.name.lower().replace("_", "-")] == []


def test_each_label_is_short_and_in_sentence_case():
    assert [word.label for word in WORDS if not re.fullmatch(r"[A-Z][a-z]+( [a-z]+){0,3}", word.label)] == []
    assert [word for word in WORDS if word.label != word.row.label] == []


def test_each_icon_is_among_the_icons():
    assert [one.icon for one in EVERYTHING_TOLD if f'id="{one.icon}"' not in ICONS] == []


def test_what_was_done_goes_on_a_sentence_that_begins_with_the_person():
    assert [one.done for one in EVERYTHING_TOLD if not re.fullmatch(r"[a-z][\w ,-]*", one.done or "nothing")] == []


def test_every_step_leaves_a_line_in_the_story():
    assert [verb for verb in Verb if not verb.row.done] == []


@pytest.mark.parametrize("note", sorted({one.note for one in EVERYTHING_TOLD if one.note}))
def test_what_gitlab_reads_names_who_did_it_and_nothing_that_is_not_known(note):
    named = {name for _, name, _, _ in Formatter().parse(note) if name}
    assert {"who"} <= named <= {"who", "requester", "outcome"}
    assert note[-1] in ".:"


@pytest.mark.parametrize("source", Source)
def test_what_is_required_is_a_sentence_for_every_request(source):
    said = {text for word in WORDS for issue in REQUESTS for text in word.row.required_for(issue, source).values()}
    assert [text for text in said if not re.fullmatch(r"[A-Z].*\.", text)] == []


def test_what_comes_next_is_whole_sentences_or_nothing():
    said = {word.row.next_for(issue) for word in WORDS for issue in REQUESTS}
    assert [text for text in said if not re.fullmatch(r"([A-Z].*\.)?", text)] == []


def test_a_form_asks_for_words_exactly_when_the_row_does():
    asking = {word for word, form in FORMS.items() if "text" in form.base_fields}
    assert asking == {word for word in WORDS if word.row.prompt is not None}


def test_words_that_are_asked_for_have_a_prompt_for_every_request_and_others_no_help():
    asking = [word for word in WORDS if word.row.prompt is not None]
    assert [word for word in asking if not all(word.row.prompt_for(issue) for issue in REQUESTS)] == []
    assert [word for word in WORDS if word.row.help and word not in asking] == []


def test_words_that_are_required_are_asked_for():
    required = {word for word in WORDS for issue in REQUESTS if "text" in word.row.required_for(issue)}
    assert [word for word in required if word.row.prompt is None] == []


def test_every_step_has_its_place_on_the_card_and_carries_a_version():
    placed = {word for part in Part for word in on_card(part)}
    assert set(Verb) <= placed
    assert all(verb.row.versioned for verb in Verb)


def test_what_is_done_to_many_asks_for_all_that_must_be_given():
    for word in in_bulk():
        assert callable(word.row.required) or word.row.required.keys() <= set(word.row.bulk.asks), word
        assert ("text" in word.row.bulk.asks) == (word.row.bulk.prompt is not None), word


def test_a_label_never_approves_validates_edits_withdraws_or_closes():
    decided = {Verb.APPROVE, Verb.DECLINE, Verb.WAIVE_APPROVAL, Verb.VALIDATE, Verb.EDIT, Verb.WITHDRAW, Verb.CLOSE}
    assert not decided & set(by_label())


def test_only_what_an_approver_does_is_taken_for_somebody_absent():
    assert {verb for verb in Verb if verb.row.for_absent} == {Verb.APPROVE, Verb.DECLINE, Verb.ASK}


def test_each_act_has_an_address_of_its_own():
    assert {act.value for act in Act} <= {pattern.name for pattern in urlpatterns}


def test_the_history_tells_of_a_verb_that_is_no_more_by_its_name():
    assert told_of("no-longer-there") is None


@pytest.mark.django_db
def test_a_form_without_a_class_of_its_own_asks_what_its_row_says(cast):
    form = form_for(Verb.RESUME, file_request(cast, Kind.BUG), cast.ops)
    assert (form.fields["text"].label, form.fields["text"].help_text) == ("Note", "What changed.")


# What is left out ----------------------------------------------------------------------------------------------------

CELLS = sorted({name for word in WORDS for name in word.row.__dataclass_fields__} - {"written_in"})


def rows_without(name):
    """The source of the verbs with this cell left out of the first row that has it; and whose row it is."""
    start = VERBS.index("class Verb(")
    row = re.compile(r'^        address="(?P<address>[\w-]+)",\n(?:.*\n)*?    \)\n', re.MULTILINE)
    for found in row.finditer(VERBS, start):
        cell = re.search(
            rf"^        {name}=(?:.*,|\w*[({{]\n(?:            .*\n)*        [)}}],)\n", found[0], re.MULTILINE
        )
        if cell:
            at = found.start() + cell.start()
            return VERBS[:at] + VERBS[at + len(cell[0]) :], found["address"]
    raise AssertionError(name)


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_that_is_left_out_is_named_with_its_verb_and_file(name):
    text, address = rows_without(name)
    whose = "Approve" if name == "address" else address
    assert verbs_refused(text) == f"The row of “{whose}” lacks {name} (workflow/verbs.py). No cell has a default."


def test_a_verb_without_a_row_is_named():
    said = verbs_refused(VERBS.replace("    row: Step\n", '    row: Step\n    PONDER = "ponder"\n'))
    assert said == "“ponder” has no row (workflow/verbs.py). Give every cell of it."


def test_two_verbs_in_one_place_of_the_card_are_both_named():
    found = copy_of("workflow/verbs.py", VERBS.replace("part=Part.ASIDE, order=20", "part=Part.ASIDE, order=10"))
    with pytest.raises(found.UnfinishedVerb, match="“decline” and “send-back” both stand at 10"):
        found.on_card(found.Part.ASIDE)


@pytest.mark.parametrize("line", ["    Verb.BLOCK: _ops,\n", "    Act.REVIEW: _while_open(_review),\n"])
def test_a_rule_that_is_left_out_is_named_with_its_verb_and_file(line):
    said = refused_without(line, "workflow/permissions.py")
    assert re.fullmatch(r"“(block|review)” has no rule of who may \(_RULES in workflow/permissions\.py\)\.", said)


def test_an_act_without_a_form_is_named():
    said = refused_without("    Act.REVIEW: ReviewForm,\n", "workflow/forms/__init__.py")
    assert said == "“review” has no form (FORMS in workflow/forms/__init__.py)."


def test_a_step_that_needs_more_than_words_needs_a_form_of_its_own():
    said = refused_without("    Verb.BLOCK: BlockForm,\n", "workflow/forms/__init__.py")
    assert said.startswith("“block” must be given more than words, so it needs a form of its own (FORMS in ")


def test_an_act_that_no_page_does_is_named():
    said = refused_without("    Act.REVIEW: _review,\n", "workflow/pages/steps.py")
    assert said == "“review” has no way to be done (_DO in workflow/pages/steps.py)."


def test_an_act_that_is_done_to_many_without_saying_how_is_named():
    said = refused_without("    Act.ASSIGN: _assign_to_me,\n", "workflow/actions/bulk.py")
    assert said == "“assign” has no way to be done to many (_RUN in workflow/actions/bulk.py)."


_READ_ANOTHER = """
from importlib.machinery import SourceFileLoader
read = SourceFileLoader.get_data
def get_data(self, path):
    if self.name != "workflow.models.issue":
        return read(self, path)
    if not path.endswith(".py"):
        raise OSError("What was compiled before does not count.")
    return read(self, path).replace({old!r}, {new!r})
SourceFileLoader.get_data = get_data
import django
django.setup()
"""


def start_with_issue(old, new):
    """What the portal says when it starts with another ``models/issue.py``."""
    assert (ROOT / "workflow/models/issue.py").read_text().count(old) == 1
    given = {"SAMPLE": "true", "VAR_DIR": os.environ["VAR_DIR"]}
    return run("-c", _READ_ANOTHER.format(old=old.encode(), new=new.encode()), **given).stderr.strip().splitlines()[-1]


def test_a_transition_that_is_left_out_is_named_with_its_verb_and_file():
    said = start_with_issue("    def unblock(self)", "    def unblocked(self)")
    assert "“unblock” has no transition: a method of its name with @transition (workflow/models/issue.py)." in said


def test_a_transition_without_a_row_is_named():
    here = "    def _take_return(self)"
    more = "    @transition(state, source=State.DESIGN, target=State.BLOCKED)\n    def ponder(self):\n        return\n"
    said = start_with_issue(here, f"{more}\n{here}")
    assert "workflow/models/issue.py has the transition “ponder”, which has no row in Verb (workflow/verbs.py)." in said
