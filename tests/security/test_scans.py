"""What must not stand in the code does not; and each scan finds it when it does."""

import pytest

from tests.security.scans import (
    open_doors,
    sources,
    states_written_past_the_machine,
    templates,
    transitions_called,
    unescaped,
)

ESCAPES_ITSELF = {
    "supportops/ui/templatetags/ui.py": "icons and components, whose own templates escape",
    "supportops/ui/prose.py": "Markdown after nh3 took out everything that is not in the allow-list",
}
NO_REQUESTS_THERE = {
    "workflow/notifications/admin.py": ["row.resume"],  # a channel that goes on
    "workflow/gitlab/pages/sync_queue.py": ["operations.resume"],  # the exchange with GitLab goes on
}
WALKS_A_COPY = {"workflow/gitlab/intents.py": "looks where steps would lead, on copies that are never saved"}
MEANT_TO_BE_OPEN = {
    "intake/pages/request_form.py": ["@login_not_required"],  # what was typed survives the sign-in
    "supportops/portal/health.py": ["@login_not_required"] * 2,
    "supportops/portal/metrics.py": ["@login_not_required"],  # for this machine and for staff
    "workflow/gitlab/webhooks.py": ["@login_not_required", "@csrf_exempt"],  # a signature takes their place
}


def found(scan, files):
    """{path: what the scan found there}, clean files left out."""
    return {path: hits for path, text in files.items() if (hits := scan(text))}


def test_only_the_machine_writes_a_state():
    assert found(states_written_past_the_machine, sources(without=["migrations", "gitlab_sandbox"])) == {}


def test_nothing_but_the_door_calls_a_transition():
    hits = found(transitions_called, sources(without=["migrations", "gitlab_sandbox", "workflow/actions"]))

    unexpected = {path: calls for path, calls in hits.items() if calls != NO_REQUESTS_THERE.get(path)}
    assert set(unexpected) - set(WALKS_A_COPY) == set()


def test_what_walks_a_copy_saves_nothing():
    files = sources()

    assert [path for path in WALKS_A_COPY if path in files and ".save(" in files[path]] == []


def test_nothing_is_let_through_as_markup_but_where_it_is_made_harmless():
    assert set(found(unescaped, sources() | templates())) - set(ESCAPES_ITSELF) == set()


def test_every_protection_is_on_but_where_another_takes_its_place():
    hits = found(open_doors, sources(without=["gitlab_sandbox"]))

    assert {path: words for path, words in hits.items() if words != MEANT_TO_BE_OPEN.get(path)} == {}


@pytest.mark.parametrize(
    "bad",
    [
        "Issue.objects.filter(pk=1).update(state='completed')",
        "issues.update(version=2, state=State.TRIAGE)",
        "issues.update(state=issue.return_to)",
        "rows.update(**{'state': x})",
        "Issue.objects.update_or_create(pk=1, defaults={'state': x})",
        "Issue.objects.bulk_update(rows, ['title', 'state'])",
        "Issue.objects.bulk_update(rows, fields=('state',))",
        "setattr(issue, 'state', x)",
        "await issues.aupdate(state=x)",
    ],
)
def test_a_state_written_past_the_machine_is_found(bad):
    assert states_written_past_the_machine(f"async def do():\n    {bad}")


@pytest.mark.parametrize(
    "good",
    [
        "Milestone.objects.update_or_create(pk=1, defaults={'state': given})",
        "gone.update(state=Milestone.DELETED)",
        "mine.update(state=State.SENDING)",
        "Issue.objects.filter(state='triage').update(version=2)",
        "facts.update(stated=1)",
        "setattr(issue, name, x)",
    ],
)
def test_what_writes_no_state_of_a_request_is_left_alone(good):
    assert states_written_past_the_machine(good) == []


@pytest.mark.parametrize(
    "bad",
    [
        "issue.approve()",
        "request.issue.close(outcome='invalid')",
        "Issue.objects.get(pk=1).complete()",
        "Issue.approve(issue)",
        "getattr(issue, verb)()",
        "getattr(row, verb.replace('-', '_'))(**given)",
        "issue.state = 'completed'",
        "found.issue.start()",
    ],
)
def test_a_step_past_the_door_is_found(bad):
    assert transitions_called(bad)


@pytest.mark.parametrize(
    "good",
    ["thread.start()", "server.close()", "issue.can(verb)", "take_step(1, verb, by=person)", "getattr(row, 'close')"],
)
def test_what_is_no_step_is_left_alone(good):
    assert transitions_called(good) == []


@pytest.mark.parametrize(
    "bad", ["mark_safe(text)", "{{ title|safe }}", "{{ title | safe }}", "{% autoescape off %}", "{{ rows|safeseq }}"]
)
def test_text_let_through_is_found(bad):
    assert unescaped(bad)


@pytest.mark.parametrize(
    "bad",
    [
        "@csrf_exempt",
        "@login_not_required",
        "get(url, verify=False)",
        "Gitlab(retry_transient_errors=True)",
        "run(x, shell=True)",
    ],
)
def test_an_open_door_is_found(bad):
    assert open_doors(bad)
