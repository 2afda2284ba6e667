"""The page on which a person chooses what reaches them. Nothing on it is switched off by a link in a mail."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from workflow.forms.telling import TellingForm


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request):
    """Show and save the signed-in person's choices."""
    form = TellingForm(request.POST or None, person=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your choices are saved. They hold for what happens from now on.")
        return redirect("notice-preferences")
    context = {"form": form, "missing": _missing(request.user)}
    return render(request, "notices/preferences.html", context, status=422 if form.errors else 200)


def _missing(person):
    """Why a channel does not reach this person, whatever they choose."""
    missing = []
    if not settings.SENDS_EMAIL:
        missing.append("This portal sends no e-mail yet. An administrator sets it up with EMAIL_URL.")
    elif not person.email:
        missing.append("You have no e-mail address here. Enter it in your settings, or no e-mail reaches you.")
    if not settings.SLACK_BOT_TOKEN:
        missing.append("This portal is in no Slack workspace yet. An administrator sets it up with SLACK_BOT_TOKEN.")
    elif not person.slack_id:
        missing.append("Your Slack member id is not known here. Ask an administrator of the portal to enter it.")
    return missing
