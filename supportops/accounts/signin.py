"""Sign-in: local accounts in the sample setup, GitLab through OpenID Connect for real; nobody signs up."""

from collections.abc import Iterable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from supportops.accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Local accounts are made by an administrator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up by themselves."""
        return False


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """People from GitLab: linked by username, roles taken from GitLab's groups at every sign-in."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Whoever GitLab lets in gets an account (GitLab decides who may)."""
        return True

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Connect GitLab's user to the person an administrator already made, and refresh what GitLab knows."""
        claims = _claims(sociallogin)
        username = _username(claims)
        if not username:
            raise ImmediateHttpResponse(_refused(request, "GitLab did not say who you are. Ask an administrator."))
        if not sociallogin.is_existing:
            known = User.objects.filter(gitlab_username__iexact=username).first()
            if known and known.gitlab_id not in (None, _subject(claims)):
                sentence = f"“{username}” belonged to somebody else before. Ask an administrator to look at it."
                raise ImmediateHttpResponse(_refused(request, sentence))
            if known:
                sociallogin.connect(request, known)
        if sociallogin.is_existing:
            _take_from_gitlab(sociallogin.user, username, claims)

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """Keep the new person's GitLab name and roles."""
        person = super().save_user(request, sociallogin, form)
        claims = _claims(sociallogin)
        _take_from_gitlab(person, _username(claims), claims)
        return person


def _claims(sociallogin: SocialLogin) -> dict[str, Any]:
    data = sociallogin.account.extra_data
    return {**data, **data.get("id_token", {}), **data.get("userinfo", {})}


def _username(claims: dict[str, Any]) -> str:
    return claims.get("preferred_username") or claims.get("nickname") or ""


def _subject(claims: dict[str, Any]) -> int | None:
    subject = str(claims.get("sub", ""))
    return int(subject) if subject.isdigit() else None


def _take_from_gitlab(person: User, username: str, claims: dict[str, Any]) -> None:
    person.gitlab_username = username
    person.gitlab_id = _subject(claims) or person.gitlab_id
    person.save(update_fields=["gitlab_username", "gitlab_id"])
    give_mapped_groups(person, claims.get("groups", []))


def give_mapped_groups(person: User, gitlab_groups: Iterable[str]) -> None:
    """Make the person's *mapped* groups equal what GitLab says; groups that no setting maps stay untouched.

    ``settings.GITLAB_GROUP_ROLES`` maps a GitLab group path to the name of a portal group.
    """
    mapped = settings.GITLAB_GROUP_ROLES
    earned = {mapped[path] for path in gitlab_groups if path in mapped}
    for name in set(mapped.values()):
        group, _ = Group.objects.get_or_create(name=name)
        (person.groups.add if name in earned else person.groups.remove)(group)


def _refused(request: HttpRequest, sentence: str) -> HttpResponse:
    return render(request, "403.html", {"reason": sentence}, status=403)
