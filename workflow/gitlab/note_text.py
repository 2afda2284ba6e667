"""What a comment, or a step worth one, says in GitLab. Pure."""

from workflow.gitlab.markers import note_marker
from workflow.gitlab.render import portal_address
from workflow.gitlab.text import quiet, safe_line, safe_text
from workflow.models.event import CONFLICT, NOT_TAKEN, UNDONE
from workflow.states import Act, Outcome, State, Verb

LONGEST_NOTE = 200_000

SAYS = {
    Verb.APPROVE: "{who} approved this request.",
    Verb.DECLINE: "{who} declined this request.",
    Verb.WAIVE_APPROVAL: "{who} waived the approval.",
    Verb.RECLASSIFY: "{who} changed what kind of request this is.",
    Verb.ASK: "{who} asked {requester}:",
    Verb.ANSWER: "{who} answered:",
    Verb.ESCALATE: "{who} escalated this request. What would unblock it:",
    Verb.SHELVE: "{who} moved this request to the backlog.",
    Verb.SUBMIT_GAMEPLAN: "{who} submitted the gameplan.",
    Verb.REQUEST_VALIDATION: "{who} asked {requester} to validate the result. What to check and where:",
    Verb.VALIDATE: "{who} validated the result.",
    Verb.SEND_BACK: "{who} sent this back. What is not right:",
    Verb.COMPLETE: "{who} completed this request.",
    Verb.CONTINUE_IN: "{who} continued this request in another one.",
    Verb.BLOCK: "{who} marked this request as blocked.",
    Act.REVIEW: "{who} reviewed what blocks this request:",
    Verb.CLOSE: "{who} closed this request: {outcome}.",
    Verb.WITHDRAW: "{who} withdrew this request.",
    Verb.REOPEN: "{who} reopened this request.",
    UNDONE: "{who} changed this here, and it was undone:",
    NOT_TAKEN: "{who} asked for a step that was not taken:",
    CONFLICT: "{who} changed here what somebody changed in the portal at the same time:",
}


def comment_body(row, comment, files=()):
    """The note of a comment. ``files``: (attachment, its Markdown in GitLab or "")."""
    words = [f"**{_author(comment)}** wrote:", safe_text(comment.body)]
    words += [markdown or f"{safe_line(file.name)} (in the portal)" for file, markdown in files]
    return _note(row, words)


def event_body(row, event, *, ops_handle="", hidden=frozenset()):
    """The note of a step. ``ops_handle``: whom an approval wakes, for example ``@group/team``; ``hidden``: numbers of
    other requests that do not exist for everybody who reads this one."""
    says = SAYS.get(event.verb, f"{{who}}: {event.label.lower()}.").format(
        who=_actor(event), requester=f"**{safe_line(event.issue.requester.name)}**", outcome=_outcome(event)
    )
    return _note(row, [says, safe_text(event.text), *_particulars(event, hidden), _ping(event, ops_handle)])


def _note(row, parts):
    text = "\n\n".join(part for part in parts if part)
    if len(text) > LONGEST_NOTE:
        whole = f"[SO-{row.issue_id}]({portal_address(row.issue_id)})"
        text = f"{text[:LONGEST_NOTE]}\n>\n> …\n\nShortened; the whole text is in {whole}."
    return f"{text}\n\n{note_marker(row.pk)}"


def _author(comment):
    return safe_line(comment.author.name if comment.author else comment.author_name) or "Somebody"


def _actor(event):
    if event.actor is None:
        stranger = safe_line(event.data.get("author", ""))
        return f"**{stranger}**" if stranger else "The calendar"
    name = f"**{safe_line(event.actor.name)}**"
    return f"{name} for **{safe_line(event.on_behalf_of.name)}**" if event.on_behalf_of else name


def _outcome(event):
    known = event.data.get("outcome")
    return Outcome(known).label.lower() if known in Outcome.values else event.get_to_state_display().lower()


def _particulars(event, hidden):
    """What else was given, where the words do not say it."""
    data = event.data
    if event.verb in (UNDONE, NOT_TAKEN, CONFLICT):
        yield f"It is done in the portal: [{event.issue.reference}]({portal_address(event.issue_id)})."
    if "approvals" in data:
        yield "{} of {} approvals are given.".format(*data["approvals"])
    for name, words in (("continued_in", "It goes on in"), ("duplicate_of", "It duplicates")):
        if number := data.get(name):
            yield f"{words} {'another request' if number in hidden else f'[SO-{number}]({portal_address(number)})'}."
    if event.verb == Verb.BLOCK:
        yield f"Blocked by {safe_line(data.get('blocked_by', ''))}. What would unblock it:"
        yield safe_text(data.get("unblock_when", ""))
    if event.verb == Verb.RECLASSIFY and len(data.get("route", ())) == 2:
        yield f"From “{safe_line(data['route'][0])}” to “{safe_line(data['route'][1])}”."


def _ping(event, handle):
    wakes = event.verb == Verb.APPROVE and event.to_state == State.TRIAGE and handle
    return quiet(f"{handle} this is ready for triage.", allow=[handle]) if wakes else ""
