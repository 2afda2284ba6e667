"""The to-do list of the token's own user."""

from workflow.gitlab_sandbox import present_issue as show
from workflow.gitlab_sandbox.access import need_user
from workflow.gitlab_sandbox.reply import Reply, listed, not_found
from workflow.gitlab_sandbox.routing import route


@route("GET", "/todos")
def list_todos(session, request):
    rows = session.store.all(
        "SELECT t.* FROM todos t JOIN issues i ON i.id = t.issue_id WHERE t.user_id = ? AND t.state = ? "
        "AND (?3 IS NULL OR t.action_name = ?3) AND (?4 IS NULL OR i.project_id = ?4) "
        "AND (?5 IS NULL OR t.author_id = ?5) "
        "ORDER BY t.id DESC",
        need_user(session)["id"],
        request.text("state", "pending", choices={"pending", "done"}),
        request.text("action"),
        request.number("project_id"),
        request.number("author_id"),
    )
    return listed(request, rows, lambda row: show.todo(session, row))


@route("POST", "/todos/:todo/mark_as_done")
def mark_as_done(session, request, todo):
    row = session.store.one("SELECT * FROM todos WHERE id = ? AND user_id = ?", todo, need_user(session)["id"])
    if row is None:
        raise not_found()
    session.store.update("todos", row["id"], state="done", updated_at=session.now())
    return Reply(201, show.todo(session, session.store.get("todos", row["id"])))


@route("POST", "/todos/mark_as_done")
def mark_all_as_done(session, request):
    session.store.run(
        "UPDATE todos SET state = 'done', updated_at = ? WHERE user_id = ?", session.now(), need_user(session)["id"]
    )
    return Reply(204)
