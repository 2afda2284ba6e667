"""Writes the shipped catalogue into the database. May run any number of times."""

from dataclasses import asdict
from typing import Any, TypeVar

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.db.models import Model

from workflow.catalogue.models import Entry, Question, Route, Tracker
from workflow.catalogue.shipped import ENTRIES, GROUPS, TRACKERS, EntrySpec

M = TypeVar("M", bound=Model)
ENTRY_TEXTS = (
    "name",
    "summary",
    "guidance",
    "keywords",
    "icon",
    "title_pattern",
    "description_label",
    "system",
    "elsewhere_label",
    "elsewhere_url",
    "after_filing",
)


class Command(BaseCommand):
    """Creates what is missing. What ops edited stays, unless ``--restore`` is given."""

    help = "Write the shipped catalogue: groups, trackers, routes, entries and questions. Edited ones stay as they are."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--restore`` overwrites."""
        parser.add_argument("--restore", action="store_true", help="Give what was shipped its shipped values again.")

    @transaction.atomic
    def handle(self, *args: Any, restore: bool, **options: Any) -> None:
        """Write all of it or nothing, and say what was done."""
        self.restore, self.done = restore, {"created": 0, "restored": 0, "kept": 0}
        for name in GROUPS:
            self._write(Group, {"name": str(name)})
        for tracker in TRACKERS:
            values = {"name": tracker.name, "confidential_only": tracker.confidential_only, "is_active": True}
            self._write(Tracker, {"path": tracker.path}, values)
        for order, spec in enumerate(ENTRIES, start=1):
            self._write_entry(spec, order * 10)
        if options["verbosity"]:
            self.stdout.write("Catalogue: " + ", ".join(f"{count} {what}" for what, count in self.done.items()) + ".")

    def _write_entry(self, spec: EntrySpec, order: int) -> None:
        route, _ = self._write(Route, {"key": spec.key}, _route_values(spec))
        texts = {name: getattr(spec, name) for name in ENTRY_TEXTS}
        entry, is_new = self._write(Entry, {"route": route}, {**texts, "order": order, "is_active": True})
        # A question that ops deleted stays deleted: questions come with a new entry, or when all is restored.
        if not (is_new or self.restore):
            return
        for place, question in enumerate(spec.questions, start=1):
            values = {**asdict(question), "choices": list(question.choices), "order": place * 10}
            self._write(Question, {"entry": entry, "key": values.pop("key")}, values)

    def _write(self, model: type[M], identity: dict[str, Any], values: dict[str, Any] | None = None) -> tuple[M, bool]:
        """The row with this identity and whether it is new; an existing one gets ``values`` only when restoring."""
        values = values or {}
        row, is_new = model._default_manager.get_or_create(**identity, defaults=values)
        if is_new:
            self.done["created"] += 1
            return row, True
        changed = [name for name, value in values.items() if getattr(row, name) != value]
        if self.restore and changed:
            for name in changed:
                setattr(row, name, values[name])
            row.save(update_fields=changed)
            self.done["restored"] += 1
        else:
            self.done["kept"] += 1
        return row, False


def _route_values(spec: EntrySpec) -> dict[str, Any]:
    return {
        "kind": spec.kind,
        "tracker": spec.tracker and Tracker.objects.get(path=spec.tracker.path),
        "template": spec.template,
        "approval_rule": spec.approval,
        "waivable": spec.waivable,
        "voiding_fields": list(spec.voids),
        "restricted_to": Group.objects.get(name=spec.restricted_to) if spec.restricted_to else None,
        "default_labels": list(spec.default_labels),
    }
