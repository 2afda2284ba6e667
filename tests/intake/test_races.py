"""The same form sent twice at once, by an impatient finger or a repeating network. Real threads, real connections."""

import threading

import pytest
from django.db import connection
from django.test import Client

from intake.models import Draft
from tests.factories import Cast
from tests.intake.filled import filled
from workflow.models import Event, Issue

pytestmark = pytest.mark.django_db(transaction=True)


def send_at_once(person, *sendings):
    """Post each (address, names) from a thread of its own, all starting together; returns the answers in order."""
    barrier, answers = threading.Barrier(len(sendings)), [None] * len(sendings)

    def send(place, address, posted):
        browser = Client()
        browser.force_login(person)
        barrier.wait()
        try:
            answers[place] = browser.post(address, posted)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(place, *sending)) for place, sending in enumerate(sendings)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.fault(44)
@pytest.mark.parametrize("attempt", range(3))
def test_a_form_sent_four_times_at_once_is_one_request(attempt):
    person = Cast().requester
    posted = filled("bug", person)

    answers = send_at_once(person, *[("/new/bug/", posted)] * 4)

    issue = Issue.objects.get()
    assert [answer.url for answer in answers] == [f"/issues/{issue.pk}/"] * 4
    assert Event.objects.filter(issue=issue, verb="submit").count() == 1
    assert Draft.objects.get().issue == issue


def test_saving_itself_while_it_is_filed_does_not_keep_it_from_being_filed():
    person = Cast().requester
    posted = filled("bug", person)

    filed, saved = send_at_once(person, ("/new/bug/", posted), ("/new/bug/autosave/", posted))

    assert filed.url == f"/issues/{Issue.objects.get().pk}/"
    assert saved.status_code in {200, 409}
    assert Draft.objects.get().data == {}
