"""The sample people: only in the sample setup, all with the password ``portal``."""

from typing import TypedDict

from django.contrib.auth.models import Group

from supportops.accounts.models import User

PASSWORD = "portal"
SAMPLE_PEOPLE = (
    # username, name, reports to, division, groups, what they are
    ("manager", "Maya Manager", None, "Support", ("managers",), "Manager: approves what Rita and Colin ask for"),
    ("standin", "Stan Standin", None, "Support", ("managers",), "Second manager"),
    ("requester", "Rita Requester", "manager", "Support", (), "Files requests and validates them"),
    ("colleague", "Colin Colleague", "manager", "Support", (), "Rita's colleague: can validate for her"),
    ("ops", "Oona Ops", "lead", "Security", ("ops", "confidential"), "Support Operations: works the queues"),
    ("federal", "Fay Federal", "lead", "Security", ("ops", "us-federal"), "Support Operations and US Federal"),
    ("lead", "Lea Lead", None, "Security", ("lead", "confidential"), "Lead of Support Operations"),
    ("admin", "Ada Admin", None, "Security", (), "Administrator: people, catalogue, label schemes"),
)


class SamplePerson(TypedDict):
    """One of the sample people, as the sign-in page offers them."""

    username: str
    name: str
    role: str
    about: str


def make_sample_people() -> None:
    """Create whoever is missing; people that exist keep what was changed about them."""
    for username, name, manager, division, groups, _ in sorted(SAMPLE_PEOPLE, key=lambda row: row[2] is not None):
        first, _, last = name.partition(" ")
        person, new = User.objects.get_or_create(
            username=username,
            defaults={
                "first_name": first,
                "last_name": last,
                "email": f"{username}@example.com",
                "division": division,
                "gitlab_username": username,
                "is_staff": username in {"admin", "lead", "ops"},
                "is_superuser": username == "admin",
            },
        )
        if new:
            person.set_password(PASSWORD)
            person.reports_to = User.objects.filter(username=manager).first() if manager else None
            person.save()
            person.groups.set(Group.objects.get_or_create(name=group)[0] for group in groups)


def sample_people() -> list[SamplePerson]:
    """[{username, name, role}] of the sample people that are here, for the sign-in page; empty outside the sample
    setup."""
    here = set(User.objects.filter(username__in=[row[0] for row in SAMPLE_PEOPLE]).values_list("username", flat=True))
    order = ("requester", "colleague", "manager", "standin", "ops", "federal", "lead", "admin")
    rows: dict[str, SamplePerson] = {
        row[0]: {"username": row[0], "name": row[1], "role": row[0], "about": row[5]} for row in SAMPLE_PEOPLE
    }
    return [rows[username] for username in order if username in here]
