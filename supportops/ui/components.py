"""The components that are template tags of their own name, and the variables each one takes.

`{% load ui %}{% rail steps=steps %}` draws `templates/_components/rail.html` with nothing but these variables (and the
CSRF token), so that no name of the page leaks in. A variable that is not listed here is an error, not a silent blank.
"""

COMPONENTS = {
    "banner": "tone title text url action across",
    "breadcrumb": "items name",
    "button": "label variant icon href type name value size form_id disabled_reason",
    "catalogue_card": "entry level",
    "checklist": "items",
    "comment": "comment",
    "copy_link": "url label",
    "count": "count strong words",
    "court_badge": "court label since over_target",
    "court_clock": "clock",
    "attachments": "attachments",
    "autosave": "saved_at",
    "decision_card": "card quick quick_next approve_url decline_url version",
    "diff": "rows old_name new_name",
    "empty_state": "icon heading text action second small",
    "error_summary": "form error_title",
    "event": "event",
    "facts": "facts rows",
    "filter_bar": "form action applied clear_url hidden name open",
    "form_actions": "label next variant icon name value cancel_url cancel_label disabled_reason autosave saved_at",
    "gate_path": "steps outcome",
    "guide_question": "question help answers name chosen action method hidden step label back_url back_label error"
    " note_field",
    "issue_header": "number title kind state state_label state_court court court_label since over_target restricted"
    " copy_url actions back",
    "mirror_panel": "mirror",
    "not_found": "query text widen_url widen_label",
    "page_header": "title text large breadcrumb actions",
    "pagination": "text previous_url next_url name",
    "progress": "label done total",
    "rail": "steps name",
    "request_list": "rows caption selectable select_name form_id bulk keys",
    "tabs": "items name",
    "timeline": "entries",
    "toast": "text tone still",
}

DRAWN_ONCE = frozenset({"button", "copy_link", "count"})
"""Components of texts and numbers only: drawn once for the same values."""


def variables_of(component: str) -> frozenset[str]:
    """The names a component takes, as a frozenset; KeyError for one that does not exist."""
    return frozenset(COMPONENTS[component].split())
