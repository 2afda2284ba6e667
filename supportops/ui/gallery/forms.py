"""One form with every kind of field, as it comes, filled, and wrong."""

from django import forms

from supportops.ui.forms import CheckboxCards, ChoiceCards, DateInput, FieldGroup, MultipleFileField

SYSTEMS = [("zendesk", "Zendesk"), ("calendly", "Calendly"), ("pagerduty", "PagerDuty"), ("gitlab", "GitLab")]
COMMENT_TYPES = [("none", "None"), ("public", "Public"), ("private", "Private")]
IMPACT = [("1", "Nobody can work"), ("2", "Some people cannot work"), ("3", "It is a nuisance")]


class EveryField(forms.Form):
    """Every widget the portal uses, each with the words a real form would have."""

    title = forms.CharField(label="Title", max_length=120, help_text="What somebody would search for later.")
    description = forms.CharField(
        label="What is wrong?",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What you did, what happened, and what you expected instead. Markdown works.",
    )
    impact = forms.ChoiceField(
        label="How bad is it?",
        choices=IMPACT,
        widget=ChoiceCards(descriptions={"1": "Tickets cannot be answered at all.", "2": "There is a way around it."}),
    )
    systems = forms.MultipleChoiceField(label="Which systems?", choices=SYSTEMS, widget=CheckboxCards(in_row=True))
    region = forms.ChoiceField(label="Region", choices=[("", "Choose one"), ("amer", "AMER"), ("emea", "EMEA")])
    since = forms.DateField(label="Since when?", widget=DateInput, required=False)
    email = forms.EmailField(label="Who else should hear about it?", required=False, help_text="An e-mail address.")
    link = forms.URLField(label="Link to an example", required=False, assume_scheme="https")
    tickets = forms.IntegerField(label="How many tickets are affected?", min_value=0, required=False)
    kind = forms.ChoiceField(label="Comment type", choices=COMMENT_TYPES, widget=forms.RadioSelect)
    teams = forms.MultipleChoiceField(
        label="Teams told", choices=SYSTEMS, widget=forms.CheckboxSelectMultiple, required=False
    )
    attachments = MultipleFileField(
        label="Attachments", required=False, help_text="Screenshots help. At most 10 MB each."
    )
    urgent = forms.BooleanField(
        label="I can stay available while this is being fixed", help_text="Somebody will ask questions.", required=False
    )

    @property
    def groups(self) -> list[FieldGroup]:
        """The fields in three groups, as `{{ form }}` draws them."""
        fields = list(self)
        return [
            {"title": "What happened", "help": "", "fields": fields[:4]},
            {"title": "Where and since when", "help": "Leave empty what you do not know.", "fields": fields[4:9]},
            {"title": "And besides", "help": "", "fields": fields[9:]},
        ]


class Filters(forms.Form):
    """What a list can be filtered by."""

    q = forms.CharField(label="Words", required=False, widget=forms.TextInput(attrs={"type": "search"}))
    state = forms.ChoiceField(label="State", required=False, choices=[("", "Any"), ("triage", "Triage")])
    owner = forms.ChoiceField(label="Owner", required=False, choices=[("", "Anybody"), ("me", "Me")])
    late = forms.BooleanField(label="Over target", required=False)


def wrong() -> EveryField:
    """The form as it comes back when much is missing."""
    given = {"title": "Macro", "email": "rina@", "tickets": "-3", "impact": "2", "link": "not a link"}
    return EveryField(given, auto_id="wrong_%s")
