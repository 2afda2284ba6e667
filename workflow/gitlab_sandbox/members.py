"""Who has a role in a project or group."""

from workflow.gitlab_sandbox.access import ancestors


def direct(session, column, owner_id):
    return session.store.all(f"SELECT * FROM members WHERE {column} = ? ORDER BY id", owner_id)


def reaching(session, column, owner):
    """Direct and inherited memberships, each person once with their highest role."""
    groups = ancestors(session, owner["namespace_id"] if column == "project_id" else owner["id"])
    rows = direct(session, column, owner["id"])
    for group in groups:
        rows += direct(session, "group_id", group["id"])
    best = {}
    for row in rows:
        if row["user_id"] not in best or row["access_level"] > best[row["user_id"]]["access_level"]:
            best[row["user_id"]] = row
    return list(best.values())
