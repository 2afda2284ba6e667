"""The administration: Django's admin under the portal's name, and with the portal's idea of what may be seen."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.contenttypes.models import ContentType
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

SECTIONS = (
    ("People", ("accounts.User", "accounts.Holiday", "auth.Group", "socialaccount.SocialAccount")),
    (
        "Catalogue",
        (
            "catalogue.Entry",
            "catalogue.Route",
            "catalogue.Tracker",
            "workflow.Milestone",
            "workflow.StageTarget",
            "catalogue.ApprovalPolicy",
            "intake.Draft",
        ),
    ),
    (
        "Requests",
        (
            "workflow.Issue",
            "workflow.Event",
            "workflow.Comment",
            "workflow.Attachment",
            "workflow.ApprovalRound",
            "workflow.Decision",
            "workflow.GatePath",
            "workflow.ValidationRound",
            "workflow.ValidationCheck",
        ),
    ),
    (
        "GitLab",
        (
            "gitlab_mirror.Connection",
            "gitlab_mirror.LabelScheme",
            "gitlab_mirror.GitLabLink",
            "gitlab_mirror.OutgoingNote",
            "gitlab_mirror.OutgoingUpload",
            "gitlab_mirror.OutgoingLink",
            "gitlab_mirror.Alarm",
            "gitlab_mirror.WebhookDelivery",
            "gitlab_mirror.RejectedWebhook",
            "gitlab_mirror.PendingPull",
            "gitlab_mirror.PollCursor",
            "gitlab_mirror.Reconciliation",
            "gitlab_mirror.GitLabCheck",
        ),
    ),
    ("Telling people", ("notices.Message", "notices.ChannelState")),
)
"""The front page by what people look after, not by app; whatever is missing here stands under its app's name below."""


class Administration(AdminSite):
    """What ops and administrators look after. Nothing here deletes in bulk."""

    site_header = "SupportOps administration"
    site_title = "SupportOps administration"
    index_title = "What would you like to look after?"
    site_url = "/"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """As Django's; a filter no database can look for (the year 99999) is said to be none, as others are."""

        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                answer = view(request, *args, **kwargs)
                if request.method in ("GET", "HEAD") and isinstance(answer, SimpleTemplateResponse):
                    answer.render()  # lists are read and days are counted while it is drawn
                return answer
            except (OverflowError, ValueError, DataError):
                if request.method not in ("GET", "HEAD") or not request.GET or "e" in request.GET:
                    raise
                return redirect(f"{request.path}?e=1")

        return super().admin_view(checked, cacheable)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """As Django's, but "view on site" asks the model's own page who may see the row; Django's asks nobody."""
        ours = path("r/<int:content_type_id>/<path:object_id>/", self.admin_view(self.show), name="view_on_site")
        return [ours if getattr(url, "name", None) == "view_on_site" else url for url in super().get_urls()]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The sections with what this person may look at; one app's own page stays as Django makes it."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        rows = {row["model"]._meta.label: row for app in apps for row in app["models"]}
        sections = [_section(name, [rows.pop(label) for label in labels if label in rows]) for name, labels in SECTIONS]
        others = [{**app, "models": [row for row in app["models"] if row["model"]._meta.label in rows]} for app in apps]
        return [section for section in [*sections, *others] if section["models"]]

    def show(self, request: HttpRequest, content_type_id: int, object_id: str) -> HttpResponse:
        """Redirect to the row's page in the portal; 404 when there is none, or none for this person."""
        content_type = ContentType.objects.filter(pk=content_type_id).first()
        model = content_type.model_class() if content_type else None
        if model is None or not self.is_registered(model) or not hasattr(model, "get_absolute_url"):
            raise Http404
        model_admin = self.get_model_admin(model)
        row = model_admin.get_object(request, object_id)
        if row is None or not model_admin.has_view_permission(request, row):
            raise Http404
        return redirect(row.get_absolute_url())


def _section(name: str, rows: list[Any]) -> dict[str, Any]:
    return {
        "name": name,
        "app_label": name.lower(),
        "app_url": f"{reverse('admin:index')}#{name.lower()}",
        "has_module_perms": True,
        "models": rows,
    }
