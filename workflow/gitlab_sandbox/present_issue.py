"""The JSON shapes of issues and of what hangs on them: notes, links, events, to-dos."""

import json
import re

from workflow.gitlab_sandbox import labels, present

TASK = re.compile(r"^\s*(?:[-*+]|\d+\.) \[([ xX])\] ", re.MULTILINE)
UNITS = (("w", 5 * 8 * 3600), ("d", 8 * 3600), ("h", 3600), ("m", 60))


def project_of(session, issue):
    return session.store.get("projects", issue["project_id"])


def issue_url(session, issue, project=None):
    project = project or project_of(session, issue)
    return session.url(f"{project['full_path']}/-/issues/{issue['iid']}")


def assignees(session, issue_id):
    return session.store.all(
        "SELECT u.* FROM issue_assignees a JOIN users u ON u.id = a.user_id WHERE a.issue_id = ? ORDER BY u.id",
        issue_id,
    )


def human_time(seconds):
    """3660 as `1h 1m`; None for nothing."""
    left, parts = abs(seconds), []
    for unit, size in UNITS:
        if count := left // size:
            parts.append(f"{count}{unit}")
        left %= size
    return ("-" if seconds < 0 else "") + " ".join(parts) if parts else None


def time_stats(issue):
    return {
        "time_estimate": issue["time_estimate"],
        "total_time_spent": issue["time_spent"],
        "human_time_estimate": human_time(issue["time_estimate"]),
        "human_total_time_spent": human_time(issue["time_spent"]),
    }


def subscribed(session, issue):
    """Whether the person asking gets e-mail about the issue: by choice, else by taking part in it."""
    chosen = session.store.value(
        "SELECT subscribed FROM subscriptions WHERE user_id = ? AND issue_id = ?", session.user_id, issue["id"]
    )
    return bool(chosen) if chosen is not None else session.user_id in participant_ids(session, issue)


def participant_ids(session, issue):
    """Author, assignees, commenters and mentioned people, in that order."""
    ids = [issue["author_id"], *(row["id"] for row in assignees(session, issue["id"]))]
    ids += session.store.column(
        "SELECT author_id FROM notes WHERE issue_id = ? AND system = 0 ORDER BY id", issue["id"]
    )
    ids += session.store.column(
        "SELECT user_id FROM notifications WHERE issue_id = ? AND reason = 'mentioned' AND handle != 'all'", issue["id"]
    )
    return [one for one in dict.fromkeys(ids) if one]


def issue(session, row, *, details=False, single=False):
    """An issue; labels with colours when `details`, what only a single read holds when `single`."""
    project = project_of(session, row)
    api = session.url(f"api/v4/projects/{project['id']}/issues/{row['iid']}")
    tasks = TASK.findall(row["description"] or "")
    done = sum(mark in "xX" for mark in tasks)
    people = [present.user_basic(session, one) for one in assignees(session, row["id"])]
    tags = labels.of_issue(session, row["id"])
    votes = {
        one["name"]: one["n"]
        for one in session.store.all(
            "SELECT name, COUNT(*) AS n FROM awards WHERE issue_id = ? AND note_id IS NULL GROUP BY name", row["id"]
        )
    }
    shown = {
        "id": row["id"],
        "iid": row["iid"],
        "project_id": row["project_id"],
        "title": row["title"],
        "description": row["description"],
        "state": row["state"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "closed_at": row["closed_at"],
        "closed_by": present.user_by_id(session, row["closed_by_id"]),
        "labels": [present.label_details(tag) if details else tag["title"] for tag in tags],
        "milestone": present.milestone(session, session.store.get("milestones", row["milestone_id"]))
        if row["milestone_id"]
        else None,
        "assignees": people,
        "author": present.user_by_id(session, row["author_id"]),
        "type": row["issue_type"].upper(),
        "assignee": people[0] if people else None,
        "user_notes_count": session.store.value(
            "SELECT COUNT(*) FROM notes WHERE issue_id = ? AND system = 0", row["id"]
        ),
        "merge_requests_count": 0,
        "upvotes": votes.get("thumbsup", 0),
        "downvotes": votes.get("thumbsdown", 0),
        "start_date": None,
        "due_date": row["due_date"],
        "confidential": bool(row["confidential"]),
        "discussion_locked": None if row["discussion_locked"] is None else bool(row["discussion_locked"]),
        "issue_type": row["issue_type"],
        "web_url": issue_url(session, row, project),
        "time_stats": time_stats(row),
        "task_completion_status": {"count": len(tasks), "completed_count": done},
        "blocking_issues_count": 0,
        "has_tasks": True,
        "task_status": f"{done} of {len(tasks)} checklist items completed",
        "_links": {
            "self": api,
            "notes": f"{api}/notes",
            "award_emoji": f"{api}/award_emoji",
            "project": session.url(f"api/v4/projects/{project['id']}"),
            "closed_as_duplicate_of": _duplicate_link(session, row),
        },
        "references": {
            "short": f"#{row['iid']}",
            "relative": f"#{row['iid']}",
            "full": f"{project['full_path']}#{row['iid']}",
        },
        "severity": "UNKNOWN",
        "moved_to_id": row["moved_to_id"],
        "imported": False,
        "imported_from": "none",
        "service_desk_reply_to": None,
    }
    if session.premium:
        shown |= {"weight": row["weight"], "epic_iid": None, "epic": None, "iteration": None, "health_status": None}
    if single:
        shown["subscribed"] = subscribed(session, row)
    return shown


def _duplicate_link(session, row):
    other = session.store.get("issues", row["duplicated_to_id"]) if row["duplicated_to_id"] else None
    return other and session.url(f"api/v4/projects/{other['project_id']}/issues/{other['iid']}")


def note(session, row, issue_row=None):
    issue_row = issue_row or session.store.get("issues", row["issue_id"])
    return {
        "id": row["id"],
        "type": row["note_type"],
        "body": row["body"],
        "author": present.user_by_id(session, row["author_id"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "system": bool(row["system"]),
        "noteable_id": issue_row["id"],
        "noteable_type": "Issue",
        "project_id": issue_row["project_id"],
        "resolvable": False,
        "confidential": bool(row["internal"]),
        "internal": bool(row["internal"]),
        "imported": False,
        "imported_from": "none",
        "noteable_iid": issue_row["iid"],
        "commands_changes": {},
        "attachment": None,
    }


def discussion(session, discussion_id, rows, issue_row):
    return {
        "id": discussion_id,
        "individual_note": rows[0]["note_type"] is None,
        "notes": [note(session, row, issue_row) for row in rows],
    }


def award(session, row):
    return {
        "id": row["id"],
        "name": row["name"],
        "user": present.user_by_id(session, row["user_id"]),
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "awardable_id": row["note_id"] or row["issue_id"],
        "awardable_type": "Note" if row["note_id"] else "Issue",
        "url": None,
    }


def resource_event(session, row):
    """One entry of the label, state, milestone or weight history."""
    shown = {
        "id": row["id"],
        "user": present.user_by_id(session, row["user_id"]),
        "created_at": row["created_at"],
        "resource_type": "Issue",
        "resource_id": row["issue_id"],
    }
    if row["kind"] == "label":
        tag = session.store.get("labels", row["label_id"])
        shown |= {"label": present.label_details(tag) if tag else None, "action": row["action"]}
    elif row["kind"] == "milestone":
        milestone = session.store.get("milestones", row["milestone_id"])
        shown |= {"milestone": present.milestone(session, milestone), "action": row["action"]}
    elif row["kind"] == "state":
        shown |= {"state": row["action"]}
    else:
        shown = {
            "id": row["id"],
            "user": shown["user"],
            "created_at": row["created_at"],
            "issue_id": row["issue_id"],
            "weight": row["value"],
        }
    return shown


def todo(session, row):
    issue_row = session.store.get("issues", row["issue_id"])
    project = project_of(session, issue_row)
    anchor = f"#note_{row['note_id']}" if row["note_id"] else ""
    note_body = session.store.value("SELECT body FROM notes WHERE id = ?", row["note_id"]) if row["note_id"] else None
    return {
        "id": row["id"],
        "project": {
            "id": project["id"],
            "description": project["description"],
            "name": project["name"],
            "path": project["path"],
            "path_with_namespace": project["full_path"],
            "created_at": project["created_at"],
        },
        "author": present.user_by_id(session, row["author_id"]),
        "action_name": row["action_name"],
        "target_type": "Issue",
        "target": issue(session, issue_row),
        "target_url": issue_url(session, issue_row, project) + anchor,
        "body": note_body or issue_row["title"],
        "state": row["state"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def upload(session, row):
    """The reply to an upload: what to put into a text, and where the file is."""
    project = session.store.get("projects", row["project_id"])
    url = f"/uploads/{row['secret']}/{row['filename']}"
    image = re.search(
        r"\.(png|jpe?g|gif|bmp|tiff|ico|webp|svg|mp4|m4v|mov|webm|ogv|mp3|oga|ogg|wav)$", row["filename"], re.I
    )
    alt = row["filename"].rsplit(".", 1)[0] if image else row["filename"]
    return {
        "id": row["id"],
        "alt": alt,
        "url": url,
        "full_path": f"/-/project/{project['id']}{url}",
        "markdown": f"{'!' if image else ''}[{alt}]({url})",
    }


def hook(row):
    """A hook as maintainers see it; secrets only as "there is one"."""
    options = json.loads(row["options"])
    disabled = row["disabled_until"]
    return {
        "id": row["id"],
        "url": row["url"],
        "name": row["name"] or "",
        "description": row["description"] or "",
        "created_at": row["created_at"],
        **options,
        "alert_status": "disabled" if disabled == "never" else "temporarily_disabled" if disabled else "executable",
        "disabled_until": None if disabled == "never" else disabled,
        "url_variables": [],
        "token_present": bool(row["token"]),
        "signing_token_present": bool(row["signing_token"]),
        **({"project_id": row["project_id"]} if row["project_id"] else {}),
        **({"group_id": row["group_id"]} if row["group_id"] else {}),
        "custom_headers": [{"key": one["key"]} for one in options.get("custom_headers") or []],
    }
