"""The JSON shapes of people, labels and milestones, as GitLab 18 and 19 answer them."""

import json
import re
from html import escape

CSS_COLOURS = {
    "red": "#FF0000",
    "green": "#008000",
    "blue": "#0000FF",
    "yellow": "#FFFF00",
    "orange": "#FFA500",
    "purple": "#800080",
    "gray": "#808080",
    "grey": "#808080",
    "black": "#000000",
    "white": "#FFFFFF",
    "teal": "#008080",
    "navy": "#000080",
    "magenta": "#FF00FF",
    "cyan": "#00FFFF",
    "pink": "#FFC0CB",
    "brown": "#A52A2A",
    "lime": "#00FF00",
}


def user_basic(session, user):
    """How a user is named inside other objects; None for a deleted one."""
    if user is None:
        return None
    extra = json.loads(user["extra"])
    return {
        "id": user["id"],
        "username": user["username"],
        "public_email": extra.get("public_email", ""),
        "name": user["name"],
        "state": user["state"],
        "locked": False,
        "avatar_url": avatar_url(session, extra, "user", user["id"]),
        "web_url": session.url(user["username"]),
    }


def avatar_url(session, extra, kind, row_id):
    name = extra.get("avatar")
    return session.url(f"uploads/-/system/{kind}/avatar/{row_id}/{name}") if name else None


def user_by_id(session, user_id):
    return user_basic(session, session.store.get("users", user_id)) if user_id else None


def user_full(session, user, *, private=False):
    """A user as /users/:id shows it; with e-mail and rights when `private` (the user's own view, or root's)."""
    extra = json.loads(user["extra"])
    shown = user_basic(session, user) | {
        "created_at": user["created_at"],
        "bio": extra.get("bio", ""),
        "location": extra.get("location", ""),
        "linkedin": "",
        "twitter": "",
        "discord": "",
        "website_url": extra.get("website_url", ""),
        "github": "",
        "job_title": extra.get("job_title", ""),
        "pronouns": extra.get("pronouns"),
        "organization": extra.get("organization", ""),
        "bot": bool(user["bot"]),
        "work_information": None,
        "local_time": None,
        "followers": 0,
        "following": 0,
        "is_followed": False,
    }
    if private:
        shown |= {
            "email": user["email"],
            "commit_email": user["email"],
            "confirmed_at": user["created_at"],
            "theme_id": 3,
            "last_sign_in_at": None,
            "current_sign_in_at": None,
            "last_activity_on": None,
            "color_scheme_id": 1,
            "projects_limit": 100000,
            "identities": extra.get("identities", []),
            "can_create_group": True,
            "can_create_project": True,
            "two_factor_enabled": False,
            "external": bool(extra.get("external", False)),
            "private_profile": False,
            "is_admin": bool(user["admin"]),
            "note": extra.get("note"),
            "namespace_id": session.store.value(
                "SELECT id FROM namespaces WHERE kind = 'user' AND owner_id = ?", user["id"]
            ),
        }
    return shown


def token(row, *, secret=False):
    shown = {
        "id": row["id"],
        "name": row["name"],
        "revoked": bool(row["revoked"]),
        "created_at": row["created_at"],
        "description": row["description"],
        "scopes": row["scopes"].split(),
        "user_id": row["user_id"],
        "last_used_at": row["last_used_at"],
        "active": not row["revoked"],
        "expires_at": row["expires_at"],
    }
    return shown | ({"token": row["token"]} if secret else {})


def css_colour(text):
    """A colour as #RRGGBB, or None when it is none."""
    text = str(text).strip()
    if re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        return text
    if re.fullmatch(r"#[0-9a-fA-F]{3}", text):
        return "#" + "".join(digit * 2 for digit in text[1:])
    return CSS_COLOURS.get(text.lower())


def text_colour(colour):
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#1F1E24" if red + green + blue > 500 else "#FFFFFF"


def label(session, row, *, counts=False, in_project=True):
    shown = {
        "id": row["id"],
        "name": row["title"],
        "description": row["description"],
        "description_html": escape(row["description"] or ""),
        "text_color": text_colour(row["color"]),
        "color": row["color"],
        "archived": bool(row["archived"]),
        "subscribed": bool(
            session.store.value(
                "SELECT subscribed FROM subscriptions WHERE user_id = ? AND label_id = ?", session.user_id, row["id"]
            )
        ),
    }
    if counts:
        per_state = {
            one["state"]: one["n"]
            for one in session.store.all(
                "SELECT i.state, COUNT(*) AS n FROM issue_labels l JOIN issues i ON i.id = l.issue_id "
                "WHERE l.label_id = ? "
                "GROUP BY i.state",
                row["id"],
            )
        }
        shown |= {
            "open_issues_count": per_state.get("opened", 0),
            "closed_issues_count": per_state.get("closed", 0),
            "open_merge_requests_count": 0,
        }
    if in_project:
        shown |= {"priority": row["priority"], "is_project_label": row["project_id"] is not None}
    return shown


def label_details(row):
    """A label as lists show it with `with_labels_details`."""
    return {
        "id": row["id"],
        "name": row["title"],
        "description": row["description"],
        "description_html": escape(row["description"] or ""),
        "text_color": text_colour(row["color"]),
        "color": row["color"],
        "archived": bool(row["archived"]),
    }


def milestone(session, row):
    if row is None:
        return None
    if row["project_id"]:
        place = session.store.get("projects", row["project_id"])["full_path"]
        owner = {"project_id": row["project_id"]}
    else:
        place = "groups/" + session.store.get("namespaces", row["group_id"])["full_path"]
        owner = {"group_id": row["group_id"]}
    return {
        "id": row["id"],
        "iid": row["iid"],
        **owner,
        "title": row["title"],
        "description": row["description"],
        "state": row["state"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "due_date": row["due_date"],
        "start_date": row["start_date"],
        "expired": bool(row["due_date"] and row["due_date"] < session.today().isoformat()),
        "web_url": session.url(f"{place}/-/milestones/{row['iid']}"),
    }
