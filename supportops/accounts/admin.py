"""The holidays in the administration.

People and groups in the administration.
"""

from typing import Any

from allauth.account.admin import EmailAddress
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from supportops.accounts.admin_import import ImportsPeople
from supportops.accounts.forms import NewPersonForm, PersonForm
from supportops.accounts.models import Holiday, User
from supportops.accounts.roles import Role


@admin.register(Holiday)
class HolidayAdmin(admin.ModelAdmin):
    """A day that targets and reminders do not count."""

    list_display = ["date", "name", "region"]
    list_filter = ["region"]
    search_fields = ["name", "region"]
    date_hierarchy = "date"


__all__ = ["GitLabAccountAdmin", "HolidayAdmin", "PersonAdmin", "RoleAdmin"]

# Sign-in's own tables: apps stand in the settings, tokens are not kept, addresses are the person's. Only the link of a
# person to a GitLab account is of use here, to undo it.
for model in (EmailAddress, SocialApp, SocialToken, SocialAccount, Group):
    admin.site.unregister(model)


class AwayToday(admin.SimpleListFilter):
    """Who is away, by the absence they or an administrator entered."""

    title = "away"
    parameter_name = "away"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        """The one question."""
        return [("today", "Today")]

    def queryset(self, request: HttpRequest, people: QuerySet[User]) -> QuerySet[User]:
        """People whose absence covers today."""
        if self.value() != "today":
            return people
        today = timezone.localdate()
        return people.filter(away_from__lte=today).exclude(away_until__lt=today)


@admin.register(User)
class PersonAdmin(ImportsPeople, UserAdmin):
    """A person: whom they report to, how GitLab and Slack know them, what they may do. Never deleted: people leave."""

    form = PersonForm
    add_form = NewPersonForm
    list_display = [
        "name",
        "username",
        "reports_to",
        "division",
        "roles",
        "gitlab_username",
        "away_until",
        "is_active",
        "is_staff",
    ]
    list_filter = [
        "is_active",
        "groups",
        "division",
        AwayToday,
        ("reports_to", admin.EmptyFieldListFilter),
        "is_staff",
        "is_superuser",
    ]
    list_select_related = ["reports_to"]
    search_fields = ["username", "first_name", "last_name", "email", "gitlab_username", "slack_id"]
    ordering = ["first_name", "last_name", "username"]
    filter_horizontal = ["groups"]
    autocomplete_fields = ["reports_to", "stand_in"]
    readonly_fields = ["gitlab_id", "last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password", "first_name", "last_name", "email"]}),
        ("In the company", {"fields": ["title", "reports_to", "division", "region", "time_zone", "working_hours"]}),
        (
            "Elsewhere",
            {
                "fields": ["gitlab_username", "gitlab_id", "slack_id"],
                "description": "Whoever has this GitLab name acts for the person from GitLab. "
                "People never enter it themselves.",
            },
        ),
        ("Absence", {"fields": ["away_from", "away_until", "stand_in"]}),
        (
            "What the person may do",
            {
                "fields": ["is_active", "groups", "is_staff", "is_superuser"],
                "description": "Groups are the roles. Staff may come in here; an administrator (superuser) may "
                "change people and the catalogue. Neither gives a right in a request. Who left is no longer active.",
            },
        ),
        ("Dates", {"fields": ["last_login", "date_joined"], "classes": ["collapse"]}),
    ]
    add_fieldsets = [
        (
            None,
            {"classes": ["wide"], "fields": ["username", "first_name", "last_name", "email", "reports_to", "division"]},
        ),
        ("Password", {"classes": ["wide"], "fields": ["usable_password", "password1", "password2"]}),
    ]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A time zone that an administrator says is said."""
        obj.time_zone_known |= "time_zone" in form.changed_data
        super().save_model(request, obj, form, change)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """With the groups, which the list shows."""
        return super().get_queryset(request).prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, person: User | None = None) -> Any:
        """Who may only look does not see the password's hash."""
        fieldsets = super().get_fieldsets(request, person)
        if person is None or self.has_change_permission(request, person):
            return fieldsets
        return [
            (title, {**options, "fields": [field for field in options["fields"] if field != "password"]})
            for title, options in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, person: User | None = None) -> Any:
        """Only an administrator says who may do what."""
        fields = super().get_readonly_fields(request, person)
        return fields if request.user.is_superuser else [*fields, "groups", "is_staff", "is_superuser"]

    def has_change_permission(self, request: HttpRequest, person: User | None = None) -> bool:
        """Administrators are changed by administrators, or a password could be reset to become one."""
        allowed = super().has_change_permission(request, person)
        return allowed and (person is None or request.user.is_superuser or not person.is_superuser)

    def has_delete_permission(self, request: HttpRequest, person: User | None = None) -> bool:
        """A person stands in the history of requests. Take "active" away instead."""
        return False

    @admin.display(description="name", ordering="first_name")
    def name(self, person: User) -> str:
        """The name people read."""
        return str(person)

    @admin.display(description="groups")
    def roles(self, person: User) -> str:
        """The person's groups in words."""
        return ", ".join(sorted(group.name for group in person.groups.all())) or "–"


class MemberInline(admin.TabularInline):
    """Who is in the group."""

    model = User.groups.through
    verbose_name = "member"
    verbose_name_plural = "members"
    autocomplete_fields = ["user"]
    extra = 0


@admin.register(Group)
class RoleAdmin(GroupAdmin):
    """A group. Its name is what grants a role, so it stays; and requests may be restricted to it, so it stays too."""

    inlines = [MemberInline]
    list_display = ["name", "role", "members"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """With the members, whom the list counts."""
        return super().get_queryset(request).prefetch_related("user_set")

    def get_readonly_fields(self, request: HttpRequest, group: Group | None = None) -> list[str]:
        """The name is given once."""
        return ["name"] if group else []

    def has_delete_permission(self, request: HttpRequest, group: Group | None = None) -> bool:
        """Take the members out instead."""
        return False

    @admin.display(description="gives")
    def role(self, group: Group) -> str:
        """The role it grants, if any."""
        return Role(group.name).label if group.name in Role.values else "–"

    @admin.display(description="members")
    def members(self, group: Group) -> int:
        """How many are in it."""
        return len(group.user_set.all())


@admin.register(SocialAccount)
class GitLabAccountAdmin(admin.ModelAdmin):
    """Which GitLab account signs in as whom. It is made by signing in; an administrator can undo it."""

    list_display = ["user", "provider", "uid", "last_login", "date_joined"]
    list_select_related = ["user"]
    search_fields = ["user__username", "user__first_name", "user__last_name", "uid"]
    fields = readonly_fields = ("user", "provider", "uid", "last_login", "date_joined")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only GitLab says who somebody is there."""
        return False

    def has_change_permission(self, request: HttpRequest, account: SocialAccount | None = None) -> bool:
        """As above."""
        return False
