"""What is told before pressing: where the request goes, and who hears of it."""

from workflow.states import Act, Kind, State, Verb

_PLAIN = {
    Verb.APPROVE: "Moves to triage, where Support Operations take it on.",
    Verb.DECLINE: "Ends here as declined. A declined request cannot be reopened.",
    Verb.WAIVE_APPROVAL: "Moves to triage without the approval. Your reason stays in the story.",
    Verb.ASK: "Waits for the answer, then comes back to where it is now.",
    Verb.ESCALATE: "Goes to the lead, who closes it or puts it in the backlog.",
    Verb.SCHEDULE: "Waits for its milestone and then starts by itself.",
    Verb.START: "Moves to development now.",
    Verb.REQUEST_VALIDATION: "Waits until the result is validated.",
    Verb.VALIDATE: "Moves to implementation: Support Operations put it into production.",
    Verb.SEND_BACK: "Moves back to development.",
    Verb.CONTINUE_IN: "Opens a new request with the same requester and watchers, linked to this one. This one ends.",
    Verb.BLOCK: "Waits until it is unblocked, then goes on where it is now.",
    Verb.CLOSE: "Ends here, in GitLab too.",
    Verb.WITHDRAW: "Ends here. You can reopen it within 14 days.",
    Verb.SHELVE: "Waits in the backlog for its priority.",
    Verb.EDIT: "Stays where it is.",
    Verb.RECLASSIFY: "Starts anew as what you chose; its answers are kept.",
    Act.SPIN_OFF: "Opens a request of its own, linked to this one. This one goes on.",
    Act.NAME_APPROVER: "The one you name is asked to decide.",
    Act.REVIEW: "Stays blocked. Your words stand on the request and in GitLab.",
    Verb.COMPLETE: "Ends here as completed, in GitLab too.",
}


def next_of(act, issue, person):
    """One or two sentences about what happens when this is pressed, or an empty text."""
    where = _where(act, issue)
    return f"{where} {_told(issue, person)}".strip() if where else ""


def _where(act, issue):
    if act in {Verb.ANSWER, Verb.UNBLOCK, Verb.RESUME} and issue.return_to:
        return f"Moves back to {State(issue.return_to).label.lower()}."
    if act == Verb.ACCEPT:
        return "Moves to development." if issue.kind == Kind.ADMINISTRATIVE else "Moves to design."
    if act == Verb.SUBMIT_GAMEPLAN:
        to_backlog = issue.gate_outcome == "backlog"
        bug = issue.kind == Kind.BUG
        return "Moves to development." if bug else "Moves to the backlog." if to_backlog else "Moves to planning."
    if act == Verb.REOPEN:
        withdrawn = issue.outcome == "withdrawn" and (issue.route.needs_approval or issue.kind == Kind.PROPOSAL)
        return "Starts anew, with a new approval." if withdrawn else "Moves to triage."
    if act == Verb.EDIT and issue.route.needs_approval and issue.material_edits_allowed:
        return "Stays where it is, unless the approval must be asked for again."
    if act == Verb.APPROVE and issue.kind == Kind.PROPOSAL:
        return "Moves to triage, where Support Operations review it and carry it on in a request."
    return _PLAIN.get(act, "")


def _told(issue, person):
    people = [issue.requester] if issue.requester_id != person.pk else []
    if issue.assignee_id and issue.assignee_id not in {person.pk, issue.requester_id}:
        people.append(issue.assignee)
    names = " and ".join(str(one) for one in people)
    return f"{names} {'are' if len(people) > 1 else 'is'} told." if people else "Everybody who watches it is told."
