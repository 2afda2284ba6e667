"""An issue as a person reads it: labels in two tones, comments and system notes and history in time order."""

from itertools import groupby

from workflow.gitlab_sandbox import labels, markdown, notes, present
from workflow.gitlab_sandbox.pages.rendering import ago


def label_parts(row):
    """A label for the template: scope and value apart when it is scoped."""
    scope = labels.scope_of(row["title"])
    return {
        "id": row["id"],
        "title": row["title"],
        "scope": scope,
        "color": row["color"],
        "value": row["title"][len(scope) + 2 :] if scope else row["title"],
        "text": present.text_colour(row["color"]),
    }


def entries(session, issue, project):
    """Everything that happened, oldest first: `kind` is comment, system (a note) or event (of the history)."""
    found = [_comment(session, row, project) for row in notes.readable(session, issue, project, order="created_at, id")]
    events = session.store.all("SELECT * FROM resource_events WHERE issue_id = ? ORDER BY id", issue["id"])
    for (kind, at, who), group in groupby(
        events, key=lambda row: (row["kind"], row["created_at"][:19], row["user_id"])
    ):
        found.append(_event(session, kind, at, who, list(group)))
    return sorted(found, key=lambda entry: entry["at"])


def _who(session, user_id):
    user = session.store.get("users", user_id) if user_id else None
    return (
        {"name": user["name"], "username": user["username"], "initials": initials(user["name"])}
        if user
        else {"name": "Ghost user", "username": "ghost", "initials": "G"}
    )


def initials(name):
    return "".join(word[0] for word in name.split()[:2]).upper()


def _comment(session, row, project):
    base = {
        "at": row["created_at"],
        "ago": ago(row["created_at"], session.clock.now()),
        "who": _who(session, row["author_id"]),
        "id": row["id"],
        "anchor": f"note_{row['id']}",
    }
    html = markdown.rendered(session, row["body"], project)
    if row["system"]:
        return base | {"kind": "system", "html": html.strip().removeprefix("<p>").removesuffix("</p>")}
    return base | {
        "kind": "comment",
        "html": html,
        "internal": bool(row["internal"]),
        "edited": row["last_edited_at"],
        "body": row["body"],
        "may_edit": notes.may_edit(session, row, project),
    }


def _event(session, kind, at, who, rows):
    base = {
        "kind": "event",
        "at": rows[0]["created_at"],
        "ago": ago(rows[0]["created_at"], session.clock.now()),
        "who": _who(session, who),
        "anchor": f"event_{rows[0]['id']}",
    }
    if kind == "label":
        pick = {
            action: [
                label_parts(tag)
                for row in rows
                if row["action"] == action
                if (tag := session.store.get("labels", row["label_id"]))
            ]
            for action in ("add", "remove")
        }
        return base | {"added": pick["add"], "removed": pick["remove"]}
    if kind == "milestone":
        titles = [(row["action"], session.store.get("milestones", row["milestone_id"])) for row in rows]
        added = [milestone["title"] for action, milestone in titles if action == "add" and milestone]
        return base | {"said": f"changed milestone to {added[-1]}" if added else "removed milestone"}
    if kind == "state":
        return base | {"said": rows[-1]["action"]}
    return base | {
        "said": f"set weight to {rows[-1]['value']}" if rows[-1]["value"] is not None else "removed the weight"
    }
