"""Who somebody is in GitLab. Never a guess: known by number, or found by the name an administrator gave."""

from supportops.accounts.models import User


def account_of(person, gateway=None):
    """The person's number in GitLab, or None. With a ``gateway`` one that is not known yet is looked up and kept."""
    if not unknown(person) or gateway is None:
        return person and person.gitlab_id
    found = gateway.user(person.gitlab_username)
    if found:
        User.objects.filter(pk=person.pk).update(gitlab_id=found.id)
        person.gitlab_id = found.id
    return person.gitlab_id


def unknown(person):
    """Whether asking GitLab may tell who they are there."""
    return person is not None and not person.gitlab_id and bool(person.gitlab_username)
