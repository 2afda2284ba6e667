"""What python-gitlab's tests of issues, notes and milestones touch in passing and the sandbox does not have.

Reactions to notes, and the lists of merge requests, which are empty: importing this module adds their routes.
"""

from itertools import count

from workflow.gitlab_sandbox.reply import Reply, listed, not_found
from workflow.gitlab_sandbox.routing import route

_numbers, _awards = count(1), {}


@route("GET", "/projects/:ref/issues/:iid/notes/:note/award_emoji")
def list_awards(session, request, ref, iid, note):
    return listed(request, [award for award in _awards.values() if award["awardable_id"] == note], dict)


@route("POST", "/projects/:ref/issues/:iid/notes/:note/award_emoji")
def award(session, request, ref, iid, note):
    made = {"id": next(_numbers), "name": request.text("name", required=True), "awardable_id": note}
    _awards[str(made["id"])] = made
    return Reply(201, made)


@route("DELETE", "/projects/:ref/issues/:iid/notes/:note/award_emoji/:award")
def take_back(session, request, ref, iid, note, award):
    if _awards.pop(award, None) is None:
        raise not_found("Award Emoji")
    return Reply(204)


def _no_merge_requests(session, request, **ids):
    return listed(request, [], None)


for place in (
    "/projects/:ref/issues/:iid/closed_by",
    "/projects/:ref/issues/:iid/related_merge_requests",
    "/projects/:ref/milestones/:milestone/merge_requests",
    "/groups/:ref/milestones/:milestone/merge_requests",
):
    route("GET", place)(_no_merge_requests)
