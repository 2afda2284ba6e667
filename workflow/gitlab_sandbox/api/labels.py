"""Labels of projects and groups. A label is addressed by its id or its URL-encoded title."""

from workflow.gitlab_sandbox import labels, present
from workflow.gitlab_sandbox.access import REPORTER, ancestors, find_group, find_project, need_user
from workflow.gitlab_sandbox.reply import Reply, listed, not_found
from workflow.gitlab_sandbox.routing import route


def _pick(rows, wanted):
    for row in rows:
        if row["title"] == wanted or (str(wanted).isdigit() and row["id"] == int(wanted)):
            return row
    raise not_found("Label")


def _sent(request):
    fields = {}
    if request.has("description"):
        fields["description"] = request.text("description")
    if request.has("priority"):
        fields["priority"] = request.number("priority")
    if request.has("archived"):
        fields["archived"] = int(request.flag("archived", False))
    return fields


def _group_rows(session, group, with_ancestors):
    ids = [row["id"] for row in ancestors(session, group["id"])] if with_ancestors else [group["id"]]
    marks = ",".join("?" * len(ids))
    return session.store.all(f"SELECT * FROM labels WHERE group_id IN ({marks}) ORDER BY title, id", *ids)


@route("GET", "/projects/:ref/labels", anonymous=True)
def list_in_project(session, request, ref):
    project = find_project(session, ref, reading=True)
    rows = labels.available(session, project, request.text("search"))
    if not request.flag("include_ancestor_groups", True):
        rows = [row for row in rows if row["project_id"]]
    counts = request.flag("with_counts", False)
    return listed(request, rows, lambda row: present.label(session, row, counts=counts))


@route("POST", "/projects/:ref/labels")
def create_in_project(session, request, ref):
    project = find_project(session, ref, REPORTER)
    row = labels.new(
        session,
        request.text("name", required=True),
        request.text("color", required=True),
        project_id=project["id"],
        description=request.text("description"),
        priority=request.number("priority"),
    )
    return Reply(201, present.label(session, row))


@route("GET", "/projects/:ref/labels/:label", anonymous=True)
def get_in_project(session, request, ref, label):
    project = find_project(session, ref, reading=True)
    return Reply(200, present.label(session, _pick(labels.available(session, project), label)))


@route("PUT", "/projects/:ref/labels/:label")
def update_in_project(session, request, ref, label):
    project = find_project(session, ref, REPORTER)
    return _update(session, request, _own(labels.available(session, project), label))


@route("PUT", "/projects/:ref/labels")
def update_by_name(session, request, ref):
    project = find_project(session, ref, REPORTER)
    wanted = request.text("label_id") or request.text("name", required=True)
    return _update(session, request, _own(labels.available(session, project), wanted))


def _own(rows, wanted):
    return _pick([row for row in rows if row["project_id"]], wanted)


def _update(session, request, row):
    row = labels.edit(session, row, new_name=request.text("new_name"), colour=request.text("color"), **_sent(request))
    return Reply(200, present.label(session, row, in_project=row["project_id"] is not None))


@route("DELETE", "/projects/:ref/labels/:label")
def delete_in_project(session, request, ref, label):
    project = find_project(session, ref, REPORTER)
    session.store.run("DELETE FROM labels WHERE id = ?", _own(labels.available(session, project), label)["id"])
    return Reply(204)


@route("PUT", "/projects/:ref/labels/:label/promote")
def promote(session, request, ref, label):
    project = find_project(session, ref, REPORTER)
    row = labels.promote(session, _own(labels.available(session, project), label), project)
    return Reply(200, present.label(session, row, in_project=False))


def _subscribe(session, row, wanted):
    shown = present.label(session, row)
    if shown["subscribed"] == wanted:
        return Reply(304)
    session.store.run(
        "INSERT INTO subscriptions (user_id, label_id, subscribed) VALUES (?, ?, ?) "
        "ON CONFLICT (user_id, label_id) DO UPDATE SET subscribed = excluded.subscribed",
        need_user(session)["id"],
        row["id"],
        int(wanted),
    )
    return Reply(201, present.label(session, row))


@route("POST", "/projects/:ref/labels/:label/subscribe")
def subscribe(session, request, ref, label):
    return _subscribe(session, _pick(labels.available(session, find_project(session, ref)), label), True)


@route("POST", "/projects/:ref/labels/:label/unsubscribe")
def unsubscribe(session, request, ref, label):
    return _subscribe(session, _pick(labels.available(session, find_project(session, ref)), label), False)


@route("GET", "/groups/:ref/labels")
def list_in_group(session, request, ref):
    group = find_group(session, ref)
    rows = _group_rows(session, group, request.flag("include_ancestor_groups", True))
    if search := request.text("search"):
        rows = [row for row in rows if search.lower() in row["title"].lower()]
    counts = request.flag("with_counts", False)
    return listed(request, rows, lambda row: present.label(session, row, counts=counts, in_project=False))


@route("POST", "/groups/:ref/labels")
def create_in_group(session, request, ref):
    group = find_group(session, ref, REPORTER)
    row = labels.new(
        session,
        request.text("name", required=True),
        request.text("color", required=True),
        group_id=group["id"],
        description=request.text("description"),
    )
    return Reply(201, present.label(session, row, in_project=False))


@route("GET", "/groups/:ref/labels/:label")
def get_in_group(session, request, ref, label):
    row = _pick(_group_rows(session, find_group(session, ref), True), label)
    return Reply(200, present.label(session, row, in_project=False))


@route("PUT", "/groups/:ref/labels/:label")
def update_in_group(session, request, ref, label):
    return _update(session, request, _pick(_group_rows(session, find_group(session, ref, REPORTER), False), label))


@route("PUT", "/groups/:ref/labels")
def update_by_name_in_group(session, request, ref):
    rows = _group_rows(session, find_group(session, ref, REPORTER), False)
    return _update(session, request, _pick(rows, request.text("label_id") or request.text("name", required=True)))


@route("DELETE", "/groups/:ref/labels/:label")
def delete_in_group(session, request, ref, label):
    row = _pick(_group_rows(session, find_group(session, ref, REPORTER), False), label)
    session.store.run("DELETE FROM labels WHERE id = ?", row["id"])
    return Reply(204)
