"""What people do in GitLab, by its API: each a method of the deed's name. It ends, or raises Refused or Away."""

from datetime import timedelta

from django.db import close_old_connections
from django.utils import timezone

from tests.soak.deeds import Deeds
from tests.soak.ledger import DELETED, MAYBE, Said
from tests.soak.people import IN_GITLAB, Away, Refused
from workflow.gitlab.escaping import noted
from workflow.gitlab.models import GitLabLink

STAGES = ("Triage", "Design", "Planning", "Development", "Validation", "Completed", "Blocked", "Backlogged")
SHARED_LABELS = ("p1", "p2", "p3", "p4", "Customer::Field", "Customer::Support", "Zendesk", "Zapier")


class DeedsOnBothSides(Deeds):
    """Everything people do, here and there."""

    def __init__(self, people, ledger, gitlab, **how):
        super().__init__(people, ledger, **how)
        self.gitlab = gitlab

    def _place(self, number):
        """The request's GitLab issue below the API. Refused if there is none yet."""
        close_old_connections()
        mirror = GitLabLink.objects.filter(pk=number, iid__isnull=False).first()
        if mirror is None:
            raise Refused("It is not in GitLab yet.")
        return f"/projects/{mirror.project_id}/issues/{mirror.iid}"

    def _somewhere(self, chance):
        number = self._number(chance)
        return number, self._place(number), chance.choice(IN_GITLAB)

    def _change(self, chance, **fields):
        number, place, by = self._somewhere(chance)
        self.gitlab.ask("PUT", place, by=by, **fields)
        return number

    def _note(self, number, place, by, words, body=None, **how):
        try:
            note = self.gitlab.ask("POST", f"{place}/notes", by=by, body=body or words, **how)
        except Away:
            self.ledger.say(Said(number, words, by, there=True, certainty=MAYBE))
            raise
        return self.ledger.say(Said(number, words, by, there=True, note_id=note["id"]))

    # Comments -------------------------------------------------------------------------------------------------------

    def comment_there(self, deed, chance):
        """Comment, now and then internally."""
        number, place, by = self._somewhere(chance)
        how = {"internal": True} if chance.random() < 0.15 else {}
        self._note(number, place, by, self._words(deed, number), **how)

    def edit_note_there(self, deed, chance):
        """Rewrite a comment of one's own."""
        said = self.ledger.borrow_note(chance)
        if said is None:
            raise Refused("There is no comment.")
        words = self._words(deed, said.number)
        try:
            self.gitlab.ask("PUT", f"{self._place(said.number)}/notes/{said.note_id}", by=said.by, body=words)
            said.words = words
        except Away:
            said.certainty = MAYBE
            raise
        finally:
            said.busy = False

    def delete_note_there(self, deed, chance):
        """Delete a comment of one's own, or as ops one that the portal wrote."""
        if chance.random() < 0.3:
            return self._delete_a_mirrored_one(chance)
        said = self.ledger.borrow_note(chance)
        if said is None:
            raise Refused("There is no comment.")
        try:
            self.gitlab.ask("DELETE", f"{self._place(said.number)}/notes/{said.note_id}", by=said.by)
            said.certainty = DELETED
        except Away:
            said.certainty = MAYBE
            raise
        finally:
            said.busy = False

    def _delete_a_mirrored_one(self, chance):
        number = self._number(chance)
        place = self._place(number)
        marks = {note["id"]: noted(note["body"]) for note in self.gitlab.every(f"{place}/notes")}
        mirrored = {note_id: mark for note_id, mark in marks.items() if mark}
        if not mirrored:
            raise Refused("The portal wrote nothing there.")
        note_id = chance.choice(sorted(mirrored))
        self.ledger.deleted_marks.add(mirrored[note_id])  # before: an answer that is lost deletes it all the same
        self.gitlab.ask("DELETE", f"{place}/notes/{note_id}", by="lead")

    def approve_there(self, deed, chance):
        """Tell the bot to approve."""
        number, place, _ = self._somewhere(chance)
        words = self._words(deed, number)
        self._note(number, place, chance.choice(("manager", "requester", "ops")), words, f"@bot approve {words}")

    # Fields ---------------------------------------------------------------------------------------------------------

    def retitle_there(self, deed, chance):
        """Change the title."""
        number, place, by = self._somewhere(chance)
        self.gitlab.ask("PUT", place, by=by, title=f"Title {self._words(deed, number)}")

    def describe_there(self, deed, chance):
        """Write below the portal's block, or over it."""
        number, place, by = self._somewhere(chance)
        words = self._words(deed, number)
        before = "" if chance.random() < 0.3 else self.gitlab.ask("GET", place)["description"]
        self.gitlab.ask("PUT", place, by=by, description=f"{before}\n\nBelow {words}")

    def label_there(self, deed, chance):
        """Put on, or take off, a label that is shared."""
        which = chance.choice(("add_labels", "remove_labels"))
        self._change(chance, **{which: chance.choice(SHARED_LABELS)})

    def foreign_label_there(self, deed, chance):
        """Put on a label that is nobody's business but one's own."""
        number, place, by = self._somewhere(chance)
        name = f"own-w{deed.number}z"
        self.gitlab.ask("PUT", place, by=by, add_labels=name)
        self.ledger.label(number, name)

    def due_date_there(self, deed, chance):
        """Change the due date."""
        day = timezone.localdate() + timedelta(days=chance.randrange(1, 80))
        self._change(chance, due_date=day.isoformat())

    def assign_there(self, deed, chance):
        """Assign somebody, fit for it or not."""
        who = self.gitlab.ask("GET", f"/users?username={chance.choice(('ops', 'lead', 'requester'))}")[0]["id"]
        self._change(chance, assignee_ids=[who])

    # Wishes ---------------------------------------------------------------------------------------------------------

    def stage_there(self, deed, chance):
        """Put on a stage label, most with words."""
        number, place, by = self._somewhere(chance)
        if chance.random() < 0.6:
            self._note(number, place, by, self._words(deed, number))
        self.gitlab.ask("PUT", place, by=by, add_labels=f"Stage::{chance.choice(STAGES)}")

    def close_there(self, deed, chance):
        """Close, half of them with words."""
        self._turn(deed, chance, "close")

    def reopen_there(self, deed, chance):
        """Reopen, half of them with words."""
        self._turn(deed, chance, "reopen")

    def _turn(self, deed, chance, event):
        number, place, by = self._somewhere(chance)
        if chance.random() < 0.5:
            self._note(number, place, by, self._words(deed, number))
        self.gitlab.ask("PUT", place, by=by, state_event=event)

    def milestone_there(self, deed, chance):
        """Set a milestone, or take it off."""
        number, place, by = self._somewhere(chance)
        project = place.partition("/issues")[0]
        offered = self.gitlab.ask("GET", f"{project}/milestones?include_ancestors=true&per_page=100")
        ids = sorted(row["id"] for row in offered) or [0]
        self.gitlab.ask("PUT", place, by=by, milestone_id=0 if chance.random() < 0.2 else chance.choice(ids))
