"""Every address, by everybody, by every method: nothing opens that the table does not list (tests/addresses.py)."""

import re
import uuid
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver

from tests.addresses import ADDRESSES, BELONG_TO_OTHERS, HUGE, OUTSIDERS, ROLES, TABLE, UNKNOWN, World
from workflow.queues import QUEUES

OF_REQUEST = [address for address in ADDRESSES if address.of_request]
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")


@pytest.fixture
def world(db):
    """One of everything."""
    return World()


def signed_in(person):
    """A client of this person; errors become 500, as for a real one."""
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def ask(client, method, path):
    """Send one request and undo what it did; the answer."""
    with transaction.atomic():
        answer = client.generic(method, path)
        transaction.set_rollback(True)
    if answer.streaming:
        answer.getvalue()  # read to the end, which closes the file
    return answer


def names(resolver=None, namespace=""):
    """The names of all addresses there are, with their namespaces."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from names(pattern, inner)
        else:
            yield f"{namespace}{pattern.name}"


def missing_from_the_table(all_names):
    """What has no entry and is nobody else's."""
    return sorted({name for name in all_names if name not in TABLE and not name.startswith(BELONG_TO_OTHERS)})


def test_every_address_has_an_entry_in_the_table():
    assert missing_from_the_table(names()) == []


def test_every_entry_of_the_table_is_an_address():
    assert sorted(set(TABLE) - set(names())) == []


@pytest.mark.parametrize("new", ["brand-new", "None", "ui:new"])
def test_an_address_without_an_entry_is_noticed(new):
    assert missing_from_the_table([*names(), new]) == [new]


def test_who_has_not_signed_in_is_sent_to_do_so(world):
    wrong = {}
    for address in ADDRESSES:
        path = world.path(address)
        for method in ("GET", "HEAD", "POST"):
            answer = ask(Client(raise_request_exception=False), method, path)
            if address.public is not None:
                expected = {address.public} if method in address.methods else {405}
                expected |= {422, 400} if method == "POST" else set()
            else:
                expected = {302}
                if answer.status_code == 302 and urlsplit(answer["Location"]).path != "/accounts/login/":
                    wrong[method, path] = answer["Location"]
            if answer.status_code not in expected:
                wrong[method, path] = answer.status_code
    assert wrong == {}


def test_who_has_not_signed_in_comes_back_to_the_page_asked_for(world):
    answer = Client().get(world.bug.get_absolute_url())

    assert answer["Location"] == f"/accounts/login/?next={world.bug.get_absolute_url()}"


def test_the_figures_are_for_this_machine_and_for_staff(world):
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}

    statuses = [
        Client(**elsewhere).get("/metrics").status_code,
        Client(HTTP_X_FORWARDED_FOR="127.0.0.1").get("/metrics").status_code,
        Client().get("/metrics").status_code,
    ]

    assert statuses == [403, 403, 200]


@pytest.mark.parametrize("role", ROLES)
def test_everybody_opens_exactly_what_the_table_says(role, world):
    client = signed_in(world.people[role])

    got = {world.path(address): ask(client, "GET", world.path(address)).status_code for address in ADDRESSES}

    assert got == {world.path(address): address.expected(role) for address in ADDRESSES}


@pytest.mark.parametrize("role", ROLES)
def test_whoever_may_not_open_a_form_may_not_send_it_either(role, world):
    client = signed_in(world.people[role])
    closed = [
        address
        for address in ADDRESSES
        if "POST" in address.methods and address.only is not None and role not in address.only
    ]

    got = {world.path(address): ask(client, "POST", world.path(address)).status_code for address in closed}

    assert got == {path: 404 if path.startswith("/drafts/") else 403 for path in got}
    assert closed


@pytest.mark.parametrize("role", OUTSIDERS)
def test_a_hidden_request_answers_like_a_number_never_given_out(role, world):
    client = signed_in(world.people[role])
    unknown = {method: plain(ask(client, method, f"/issues/{UNKNOWN}/edit/")) for method in ("GET", "POST")}

    different = []
    for address in OF_REQUEST:
        for method in sorted(address.methods - {"HEAD"}):
            for which in ({"hidden": True}, {"number": HUGE})[: 2 if role == "stranger" else 1]:
                if plain(ask(client, method, world.path(address, **which))) != unknown[method]:
                    different.append((method, address.path, which))

    assert [status for status, *_ in unknown.values()] == [404, 404]
    assert different == []


def plain(answer):
    """Everything a person could tell two answers apart by; tokens, and the address they asked for, left out."""
    text = answer.content.decode().replace(f'value="{answer.request["PATH_INFO"]}"', "")
    text = re.sub(r"csrfmiddlewaretoken[^>]*>|X-CSRFToken[^}]*}", "", text)
    headers = {name: value for name, value in answer.headers.items() if name not in ("Content-Length", "Set-Cookie")}
    return answer.status_code, headers, text


def test_the_requester_of_a_hidden_request_opens_it(world):
    client = signed_in(world.cast.requester)
    own = [address for address in OF_REQUEST if "internal" not in address.path]

    got = {address.path: ask(client, "GET", world.path(address, hidden=True)).status_code for address in own}

    assert got == {address.path: address.expected("requester") for address in own}


def test_other_methods_are_refused_and_head_is_a_get_without_a_body(world):
    role, client = "lead", signed_in(world.cast.lead)

    wrong = {}
    for address in ADDRESSES:
        if address.only is not None and role not in address.only:
            continue
        path = world.path(address)
        for method in set(METHODS) - address.methods:
            status = ask(client, method, path).status_code
            if status != 405 and not (method == "OPTIONS" and status == 200) and path != "/accounts/login/":
                wrong[method, path] = status
        if "HEAD" in address.methods:
            head = ask(client, "HEAD", path)
            if head.status_code != address.expected(role) or (not head.streaming and head.content):
                wrong["HEAD", path] = head.status_code

    assert wrong == {}


NOWHERE = (
    "/issues/{bug}/frobnicate/",
    "/issues/{bug}/APPROVE/",
    "/issues/{bug}/submit_gameplan/",
    "/issues/{bug}/replan/",
    "/issues/{bug}/submit/",
    "/issues/{bug}/-/",
    "/issues/0/",
    "/issues/-1/",
    "/issues/one/",
    "/issues/0/approve/",
    "/issues/{bug}/attachments/0/",
    f"/issues/{{bug}}/attachments/{HUGE}/",
    "/issues/{bug}/attachments/{foreign_file}/",
    "/queues/nowhere/",
    "/queues/nowhere/bulk/",
    "/new/nothing/",
    "/new/nothing/autosave/",
    "/new/nothing/similar/",
    "/guide/?at=nowhere",
    f"/drafts/{uuid.UUID(int=0)}/",
    f"/drafts/{uuid.UUID(int=0)}/discard/",
    f"/inbox/{HUGE}/read/",
    "/inbox/0/read/",
    "/ui/nothing/",
    "/nothing/",
    "/issues/{bug}/approve/again/",
)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("role", ["requester", "lead", "admin"])
def test_what_there_is_not_is_not_found(role, method, world):
    client = signed_in(world.people[role])
    foreign = world.hidden_bug.attachments.get().pk

    got = {
        path: ask(client, method, path.format(bug=world.bug.pk, foreign_file=foreign)).status_code for path in NOWHERE
    }

    assert {path: status for path, status in got.items() if status not in (404, 405)} == {}
    assert [path for path, status in got.items() if status == 405 and method == takes(path)] == []


def takes(path):
    """The method of an address that takes only one."""
    return "POST" if path.endswith(("/autosave/", "/discard/", "/read/")) else "GET"


@pytest.mark.parametrize("role", ROLES)
def test_a_notice_is_read_only_by_whom_it_is_for(role, world):
    answer = ask(signed_in(world.people[role]), "POST", f"/inbox/{world.notice.pk}/read/")

    assert answer.status_code == (302 if role == "requester" else 404)


LISTS = (
    "/issues/",
    "/issues/?q=Canary",
    "/issues/?format=csv",
    "/mine/",
    "/inbox/",
    "/new/bug/similar/?title=Canary+serin",
    *(f"/queues/{name}/" for name in QUEUES),
    *(f"/queues/{name}/?format=csv" for name in QUEUES),
    "/reports/",
)


@pytest.mark.parametrize("role", OUTSIDERS)
def test_no_list_shows_what_is_hidden(role, world):
    client = signed_in(world.people[role])

    assert [path for path in LISTS if "serinus" in text_of(client.get(path))] == []


def test_the_lists_show_it_to_its_requester(world):
    client = signed_in(world.cast.requester)

    assert [path for path in LISTS[:4] if "serinus" not in text_of(client.get(path))] == []


def text_of(answer):
    """The body of a page or of a file."""
    return answer.getvalue().decode()
