"""What people do at the portal: each a method of the deed's name. It ends, or raises Refused or Away."""

import random
import time

from tests.soak.ledger import AVIARY, CANARY, MAYBE, SURE, Filed, Said, Taken
from tests.soak.pages import filled
from tests.soak.people import AT_THE_PORTAL, Away, Refused

ENTRIES = (
    "bug", "bug", "feature", "feature", "fix", "team-page", "calendly", "macros-global", "propose-change", "other",
    "question", "portal-change",
)  # fmt: skip
RESTRICTED_ENTRY = "macros-us-federal"
FORWARD = (
    "approve", "answer", "validate", "gate", "submit-gameplan", "accept", "escalate", "schedule", "start",
    "request-validation", "complete", "unblock", "resume", "continue-in",
)  # fmt: skip
"""The steps that move a request on."""
ENDING = frozenset({"close", "withdraw", "decline"})
NO_STEPS = frozenset(
    {"assign", "priority", "due-date", "move", "watch", "delegate", "comment", "attach", "sync", "spin-off", "gate",
     "name-approver", "edit", "check", "review"}
)  # fmt: skip
ACTS = ("assign", "priority", "due-date", "move", "watch", "delegate", "name-approver", "spin-off", "review")
CARRYING_ON = {"continue-in", "reclassify", "spin-off"}
PRESSES = 15
"""How often somebody presses again when the page does not answer."""


class Deeds:
    """Everything people do at the portal's pages."""

    def __init__(self, people, ledger, *, seconds_between_presses=1.0):
        self.people, self.ledger, self._pause = people, ledger, seconds_between_presses

    def do(self, deed):
        """Do it; the method's result is nobody's business."""
        getattr(self, deed.name)(deed, random.Random(deed.dice))

    # What they write ------------------------------------------------------------------------------------------------

    def _words(self, deed, number=None, *, hidden=False):
        """A text that stands nowhere else, with the canary where it must stay among few."""
        hidden = hidden or self.ledger.is_hidden(number)
        return f"w{deed.number}z {CANARY} {AVIARY}" if hidden else f"w{deed.number}z"

    def _number(self, chance):
        """A request: mostly one of the younger ones."""
        numbers = self.ledger.numbers()
        if not numbers:
            raise Refused("There is no request yet.")
        return chance.choice(numbers[-30:] if chance.random() < 0.8 else numbers)

    def _press(self, person, form, sent, files=None):
        """Send a form that knows itself again, until somebody says what became of it."""
        for _ in range(PRESSES):
            try:
                return person.post(form.action, sent, files and _fresh(files))
            except Away:
                time.sleep(self._pause)
        raise Away("Nobody answered.")

    # Filing ---------------------------------------------------------------------------------------------------------

    def file(self, deed, chance):
        """File a request of some kind; every tenth is restricted."""
        hidden = chance.random() < 0.15
        key = RESTRICTED_ENTRY if hidden and chance.random() < 0.5 else chance.choice(ENTRIES)
        by = "requester" if hidden else chance.choice(("requester", "colleague"))
        words = self._words(deed, hidden=hidden)
        person, path = self.people[by], f"/new/{key}/"
        form = person.get(path).form_to(path)
        if form is None:
            raise Away(f"No form at {path}")
        title = f"Title {words}"
        sent = filled(form, chance, lambda name: f"{name} {words}", title=title, description=f"About {words}")
        sent |= {"action": "submit"} | ({"confidential": "on"} if hidden and "confidential" in form.fields else {})
        submission = form.fields["submission"].value
        self.ledger.unsure_submissions.add(submission)
        where = self._press(person, form, sent)
        if not where.startswith("/issues/"):
            raise Refused(f"Filing led to {where}")
        self.ledger.file(Filed(int(where.split("/")[2]), by, title, submission, hidden))

    # Talking --------------------------------------------------------------------------------------------------------

    def comment(self, deed, chance):
        """Comment, some with lines that would be commands in GitLab, some with a file, some internally."""
        number, by = self._number(chance), chance.choice(AT_THE_PORTAL)
        words, path = self._words(deed, number), f"/issues/{number}/comment/"
        form = self._form(self.people[by], path)
        body = f"{words}\n/close\n/label ~p1\n@all" if chance.random() < 0.3 else words
        sent = form.given | {"body": body}
        if "internal" in form.fields and chance.random() < 0.3:
            sent["internal"] = "on"
        files = [(f"{words.split()[0]}.txt", b"A few words.")] if chance.random() < 0.2 else None
        try:
            self._press(self.people[by], form, sent, files)
        except Away:
            self.ledger.say(Said(number, words, by, there=False, certainty=MAYBE))
            raise
        self.ledger.say(Said(number, words, by, there=False, certainty=SURE))

    def attach(self, deed, chance):
        """Hang a file on a request."""
        number, name = self._number(chance), f"w{deed.number}z.txt"
        for by in self._shuffled(chance):
            page = self.people[by].get(f"/issues/{number}/")
            if "attach" in page.offered(number):
                form = self._form(self.people[by], f"/issues/{number}/attach/")
                self.people[by].post(form.action, form.given, _fresh([(name, b"A few words.")]))
                self.ledger.attach(number, name)
                return
        raise Refused("Nobody may attach.")

    # Steps ----------------------------------------------------------------------------------------------------------

    def move_on(self, deed, chance):
        """Take the step that moves a request on, as whoever is offered one."""
        self._step(deed, chance, lambda offered: [verb for verb in offered if verb in FORWARD])

    def any_step(self, deed, chance):
        """Take any step that is offered; one that ends the request less often."""
        ends = chance.random() < 0.25

        def fitting(offered):
            steps = [verb for verb in offered if verb not in NO_STEPS]
            return [verb for verb in steps if ends or verb not in ENDING]

        self._step(deed, chance, fitting)

    def edit(self, deed, chance):
        """Change the title, or what was approved."""
        number = self._number(chance)
        words = self._words(deed, number)
        given = {"title": f"Title {words}"}
        if chance.random() < 0.4:
            given["description"] = f"About {words}"
        for by in self._shuffled(chance):
            if "edit" in self.people[by].get(f"/issues/{number}/").offered(number):
                return self._take(deed, chance, by, number, "edit", given)
        raise Refused("Nobody may edit.")

    def set_aside(self, deed, chance):
        """Assign, prioritise, move and the like."""
        number = self._number(chance)
        for by in self._shuffled(chance):
            offered = self.people[by].get(f"/issues/{number}/").offered(number)
            fitting = [act for act in ACTS if act in offered and not (act == "delegate" and self._hidden(number))]
            if fitting:
                return self._take(deed, chance, by, number, chance.choice(fitting), {})
        raise Refused("Nobody may do any of it.")

    def _step(self, deed, chance, fitting):
        number = self._number(chance)
        for by in self._shuffled(chance):
            if steps := fitting(self.people[by].get(f"/issues/{number}/").offered(number)):
                return self._take(deed, chance, by, number, chance.choice(steps), {})
        raise Refused("Nobody is offered such a step.")

    def _take(self, deed, chance, by, number, act, given):
        path, words = f"/issues/{number}/{act}/", self._words(deed, number)
        if act == "gate":
            return self._answer_gate(self.people[by], path, chance)
        query = f"?route={chance.choice(('bug', 'feature', 'team-page'))}" if act in CARRYING_ON else ""
        form = self._form(self.people[by], path + query, path)
        said = {"text": words, "items": "One thing\nAnother thing", "confirmed_valid": "on"}
        said |= _choices(form, chance, self.ledger.numbers()) | given
        if act in ("spin-off", "continue-in"):
            said |= {"title": f"Title {words}", "description": f"About {words}"}
        where = self.people[by].post(form.action, filled(form, chance, lambda name: f"{name} {words}", **said))
        self._remember(number, act, by, where, f"Title {words}")

    def _remember(self, number, act, by, where, title):
        if act == "spin-off" and where.startswith("/issues/"):
            parent = self.ledger.filed[number]
            new = int(where.split("/")[2])
            self.ledger.file(Filed(new, parent.by, title, "", parent.hidden))
        self.ledger.take(Taken(number, act, by))

    def _answer_gate(self, person, path, chance):
        form = self._form(person, path)
        person.post(form.action, form.given | {"answer": chance.choice(("yes", "no"))})

    def _form(self, person, address, action=None):
        page = person.get(address)
        if page.status == 404 or (form := page.form_to(action or address)) is None:
            raise Refused(f"{page.status}, no form at {address}")
        return form

    def _shuffled(self, chance):
        people = list(AT_THE_PORTAL)
        chance.shuffle(people)
        return people

    def _hidden(self, number):
        return self.ledger.is_hidden(number)


def _choices(form, chance, numbers):
    """Choices nobody must make, made all the same; the outsider is chosen by nobody for anything."""
    given = {}
    for name in ("assignee", "priority", "watching", "person", "tracker", "outcome"):
        options = [option for option in form.fields[name].options if option] if name in form.fields else []
        if options and (name != "priority" or not form.fields[name].required):
            given[name] = chance.choice(options)
    if given.get("outcome") == "duplicate":
        given["duplicate_of"] = str(chance.choice(numbers))
    return given


def _fresh(files):
    return [("files", (name, content, "text/plain")) for name, content in files]
