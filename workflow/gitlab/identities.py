"""Who in the portal somebody in GitLab is. Never a guess: by number, or by a name an administrator or sign-in gave.

Who somebody is in GitLab. Never a guess: known by number, or found by the name an administrator gave.
"""

from supportops.accounts.models import User
from workflow.gitlab.client import Gateway
from workflow.gitlab.schemas import Person


def known_as(somebody: Person | None) -> User | None:
    """The active person behind somebody in GitLab, or None.

    A name counts only where no other number is known for it: names are given away again when people leave.
    """
    if somebody is None or somebody.id is None:
        return None
    person = User.objects.filter(gitlab_id=somebody.id).first()
    if person is None and somebody.username:
        person = User.objects.filter(gitlab_username__iexact=somebody.username, gitlab_id=None).first()
        if person is not None:
            User.objects.filter(pk=person.pk).update(gitlab_id=somebody.id)
            person.gitlab_id = somebody.id
    return person if person is not None and person.is_active else None


def stranger(somebody: Person | None) -> str:
    """What to say to, or of, somebody the portal does not know."""
    if somebody is None or somebody.id is None:
        return "GitLab does not say who did it. Do it in the portal."
    return f"{somebody.name} (@{somebody.username}) is not known in the portal. Sign in there once, then try again."


def account_of(person: User | None, gateway: Gateway | None = None) -> int | None:
    """The person's number in GitLab, or None. With a ``gateway`` one that is not known yet is looked up and kept."""
    if person is None:
        return None
    if gateway is None or not unknown(person):
        return person.gitlab_id
    found = gateway.user(person.gitlab_username)
    if found:
        User.objects.filter(pk=person.pk).update(gitlab_id=found.id)
        person.gitlab_id = found.id
    return person.gitlab_id


def unknown(person: User | None) -> bool:
    """Whether asking GitLab may tell who they are there."""
    return person is not None and not person.gitlab_id and bool(person.gitlab_username)
