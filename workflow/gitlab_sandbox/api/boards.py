"""Issue boards: only that they exist, for clients that list them."""

from workflow.gitlab_sandbox.access import REPORTER, find_group, find_project
from workflow.gitlab_sandbox.reply import Reply, listed, not_found
from workflow.gitlab_sandbox.routing import route


def _shown(row):
    return {"id": row["id"], "name": row["name"], "hide_backlog_list": False, "hide_closed_list": False, "lists": []}


def _register(place, column, find):
    def pick(session, ref, board, level=0):
        row = session.store.one(
            f"SELECT * FROM boards WHERE {column} = ? AND id = ?", find(session, ref, level)["id"], board
        )
        if row is None:
            raise not_found("Board")
        return row

    @route("GET", f"/{place}/:ref/boards")
    def list_boards(session, request, ref):
        owner = find(session, ref)["id"]
        return listed(request, session.store.all(f"SELECT * FROM boards WHERE {column} = ? ORDER BY id", owner), _shown)

    @route("POST", f"/{place}/:ref/boards")
    def create(session, request, ref):
        owner = find(session, ref, REPORTER)["id"]
        board_id = session.store.insert("boards", name=request.text("name", required=True), **{column: owner})
        return Reply(201, _shown(session.store.get("boards", board_id)))

    @route("GET", f"/{place}/:ref/boards/:board")
    def get(session, request, ref, board):
        return Reply(200, _shown(pick(session, ref, board)))

    @route("DELETE", f"/{place}/:ref/boards/:board")
    def delete(session, request, ref, board):
        session.store.run("DELETE FROM boards WHERE id = ?", pick(session, ref, board, REPORTER)["id"])
        return Reply(204)


_register("projects", "project_id", find_project)
_register("groups", "group_id", find_group)
