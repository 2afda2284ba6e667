"""500 changes on 150 requests, as people make them: new requests, comments, edits, steps, priorities."""

from collections import Counter
from itertools import chain, zip_longest

OLD, NEW = 100, 50
COMMENTS = 150


class Changes:
    """Plans them on requests that are filed at once, and checks afterwards that each of them is in GitLab, once."""

    def __init__(self):
        from tests.factories import Cast, file_request

        self.cast = Cast()
        self.old = [file_request(self.cast) for _ in range(OLD)]
        self.numbers = [issue.pk for issue in self.old]
        self.said, self.titles, self.priorities = {}, {}, {}
        self.stepped = [issue.pk for issue in self.old[:50]]
        self.count = 0

    def in_parts(self, parts):
        """The changes as calls without arguments, of every kind in each part; each request's own in their order."""
        plan = [change for change in chain.from_iterable(zip_longest(*self._kinds())) if change]
        size = -(-len(plan) // parts)
        for part in range(parts):
            yield plan[part * size : (part + 1) * size]

    def _kinds(self):
        yield [self._file for _ in range(NEW)]
        yield [self._comment(number) for number in range(COMMENTS)]
        yield [self._edit(issue, turn) for turn in range(2) for issue in self.old[50:]]
        for turn in range(3):
            yield [self._step(issue, turn) for issue in self.old[:50]]
        yield [self._prioritise(issue) for issue in self.old[:50]]

    def _file(self):
        from tests.factories import file_request

        self.numbers.append(file_request(self.cast).pk)
        self.count += 1

    def _comment(self, turn):
        from workflow.actions import comment

        def act():
            number = self.numbers[turn % len(self.numbers)]
            words = f"Word number {turn} of the outage."
            comment(number, words, by=self.cast.requester)
            self.said[words] = number
            self.count += 1

        return act

    def _edit(self, issue, turn):
        from tests.factories import step
        from workflow.verbs import Verb

        def act():
            self.titles[issue.pk] = f"Title {turn} of {issue.pk}"
            step(issue, Verb.EDIT, self.cast.requester, title=self.titles[issue.pk])
            self.count += 1

        return act

    def _step(self, issue, turn):
        from tests.factories import accept, step
        from workflow.verbs import Verb

        ops = self.cast.ops
        steps = (
            lambda: accept(issue, self.cast),
            lambda: step(issue, Verb.SUBMIT_GAMEPLAN, ops, text="First this, then that."),
            lambda: step(issue, Verb.REQUEST_VALIDATION, ops, text="Look at the sandbox."),
        )

        def act():
            steps[turn]()
            self.count += 1

        return act

    def _prioritise(self, issue):
        from workflow.actions import set_priority

        def act():
            self.priorities[issue.pk] = 1 + issue.pk % 4
            set_priority(issue.pk, self.priorities[issue.pk], by=self.cast.ops)
            self.count += 1

        return act

    # What must be true afterwards -----------------------------------------------------------------------------------

    def complaints(self, scene):
        """Sentences about what is not in GitLab, or there twice."""
        from workflow.gitlab.models import GitLabLink

        issues = _all(scene, "/api/v4/issues?scope=all")
        mirrors = {mirror.pk: mirror for mirror in GitLabLink.objects.all()}
        for number, mirror in mirrors.items():
            mark = f"supportops:begin {mirror.marker} "
            carrying = [issue for issue in issues if mark in (issue["description"] or "")]
            if len(carrying) != 1:
                yield f"SO-{number} has {len(carrying)} GitLab issues."
            else:
                yield from self._about(number, carrying[0])
        if len(issues) != len(mirrors):
            yield f"{len(issues)} GitLab issues for {len(mirrors)} requests."
        yield from self._about_notes(scene, mirrors.values())

    def _about(self, number, issue):
        if self.titles.get(number, issue["title"]) != issue["title"]:
            yield f"SO-{number} is called “{issue['title']}” in GitLab."
        if number in self.stepped and "Stage::Validation" not in issue["labels"]:
            yield f"SO-{number} carries {issue['labels']} in GitLab."
        if number in self.priorities and f"p{self.priorities[number]}" not in issue["labels"]:
            yield f"SO-{number} has another priority in GitLab: {issue['labels']}."

    def _about_notes(self, scene, mirrors):
        from workflow.gitlab.escaping import noted
        from workflow.gitlab.models import OutgoingNote

        bodies = []
        for mirror in mirrors:
            path = f"/api/v4/projects/{mirror.project_id}/issues/{mirror.iid}/notes?activity_filter=only_comments"
            bodies += [(mirror.pk, note["body"]) for note in _all(scene, path)]
        for words, number in self.said.items():
            where = [pk for pk, body in bodies if words in body]
            if where != [number]:
                yield f"“{words}” of SO-{number} stands under {where} in GitLab."
        marked = Counter(noted(body) for _, body in bodies)
        wrong = [pk for pk in OutgoingNote.objects.values_list("pk", flat=True) if marked[pk] != 1]
        if wrong:
            yield f"{len(wrong)} notes are not in GitLab exactly once."


def _all(scene, path):
    rows, page = [], 1
    joint = "&" if "?" in path else "?"
    while found := scene.gitlab("GET", f"{path}{joint}per_page=100&page={page}"):
        rows, page = [*rows, *found], page + 1
    return rows
