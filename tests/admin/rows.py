"""The rows of a request that the administration shows, by model."""

from django.urls import reverse

from workflow.gitlab.models import GitLabLink, OutgoingLink, OutgoingNote, OutgoingUpload
from workflow.gitlab.models.alarms import Alarm
from workflow.gitlab.models.inbound import PendingPull, WebhookDelivery
from workflow.models import ApprovalRound, Attachment, Comment, Decision, Event, Issue, ValidationCheck, ValidationRound

REQUEST_OF = {
    Issue: "pk",
    ApprovalRound: "issue",
    Decision: "round__issue",
    Event: "issue",
    Comment: "issue",
    Attachment: "issue",
    GitLabLink: "issue",
    OutgoingNote: "issue",
    OutgoingUpload: "attachment__issue",
    OutgoingLink: "link__source",
    ValidationRound: "issue",
    ValidationCheck: "item__round__issue",
    WebhookDelivery: "issue",
    PendingPull: "issue",
    Alarm: "issue",
}
"""{model: lookup from its row to the request}: everything about a request that has a page in the administration."""


def row_of(model, issue):
    """The last row of this model that belongs to the request; in the stories told here it is for everybody's eyes."""
    return model.objects.filter(**{REQUEST_OF[model]: issue.pk}).order_by("pk").last()


def address(model, page, *args):
    """The address of an administration page of a model: changelist, add, change, delete or history."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)
