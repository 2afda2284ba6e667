"""The forms of the connection to GitLab: why it is paused, and which issue of GitLab is a request's."""

from django import forms


class RelinkForm(forms.Form):
    """The web address of the GitLab issue that is the request's."""

    address = forms.CharField(
        label="Address of the GitLab issue",
        max_length=500,
        widget=forms.URLInput(),
        help_text="As your browser shows it. It must be in the project this request belongs to.",
        error_messages={"required": "Give the address of the GitLab issue."},
    )


class PauseForm(forms.Form):
    """Why nothing is exchanged with GitLab for a while."""

    reason = forms.CharField(
        label="Reason",
        max_length=300,
        help_text="Your team reads it on this queue, with your name.",
        error_messages={"required": "Say why, so that your team knows when to resume."},
    )
