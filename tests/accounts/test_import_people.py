"""People come from the Support Team YAML or CSV: first the difference, then all of it or nothing."""

import base64
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from supportops.accounts.models import User
from supportops.accounts.people_file import Unreadable, read_people
from tests.factories import file_request, person
from workflow.catalogue.kinds import Kind
from workflow.models import Issue

pytestmark = pytest.mark.django_db
TEAM = """\
- name: Dora Director
  email: dora@example.com
  title: Director
  gitlab: {id: 7001, username: dora}
- name: Nora New
  email: nora@example.com
  title: Support Engineer
  working_hours: 0800-1600 Central time
  reports_to: Dora Director
  region: AMER-C
  tzdata_timezone: America/Chicago
  start_date: 2026-01-02
  languages: [English, Spanish]
  gitlab:
    id: 7002
    username: nora
  slack: {id: U7002, username: nora}
  zendesk: {main: {id: 1, groups: [a, b]}}
"""


ANN = "- name: Ann\n  email: a@example.com\n"


def run(tmp_path, text, *options, name="team.yml"):
    file, said = tmp_path / name, StringIO()
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    call_command("import_people", str(file), *options, stdout=said)
    return said.getvalue()


def people():
    everybody = User.objects.select_related("reports_to")
    return {one.username: (one.name, one.reports_to and one.reports_to.name, one.is_active) for one in everybody}


def test_new_people_are_made_with_all_that_is_said_of_them(tmp_path):
    run(tmp_path, TEAM)

    nora = User.objects.get(username="nora")
    assert (nora.name, nora.email) == ("Nora New", "nora@example.com")
    assert (nora.title, nora.region) == ("Support Engineer", "AMER-C")
    assert (nora.working_hours, nora.time_zone) == ("0800-1600 Central time", "America/Chicago")
    assert (nora.gitlab_username, nora.gitlab_id, nora.slack_id) == ("nora", 7002, "U7002")
    assert nora.reports_to == User.objects.get(username="dora")
    assert not nora.has_usable_password() and not nora.is_staff and not nora.groups.exists()


def test_a_dry_run_prints_the_difference_and_changes_nothing(tmp_path):
    person("dora", email="dora@example.com", title="Manager")
    before = people()

    said = run(tmp_path, TEAM, "--dry-run").splitlines()

    assert people() == before
    assert {"+ Nora New", "    reports to: Dora Director", "~ Dora Director"} <= set(said)
    assert "    title: Manager → Director" in said
    assert said[-1] == "Dry run: 1 new, 1 changed, 0 not in the file. Nothing was changed."


def test_a_second_run_changes_nothing(tmp_path):
    run(tmp_path, TEAM)
    before = list(User.objects.values())

    said = run(tmp_path, TEAM)

    assert list(User.objects.values()) == before
    assert said == "Done: 0 new, 0 changed, 0 not in the file (left as they are).\n"


def test_an_empty_value_says_nothing(tmp_path):
    person("nora", email="nora@example.com", title="Engineer", reports_to=person("boss"))

    run(tmp_path, "name: Nora New\nemail: nora@example.com\ntitle:\nreports_to: ''\n")

    nora = User.objects.get(username="nora")
    assert (nora.title, nora.reports_to.username) == ("Engineer", "boss")


def test_csv_says_the_same(tmp_path):
    run(
        tmp_path,
        "name,email,reports_to,gitlab_username,time_zone\r\nNora New,nora@example.com,Boss,@nora,Europe/Berlin\r\n"
        "Boss,boss@example.com,,boss,\r\n",
        name="team.csv",
    )

    assert people() == {"nora": ("Nora New", "Boss", True), "boss": ("Boss", None, True)}
    assert User.objects.get(username="nora").gitlab_username == "nora"


def test_who_is_missing_is_named_and_stays(tmp_path):
    person("gone")

    said = run(tmp_path, TEAM)

    assert "- Gone is not in the file" in said
    assert User.objects.get(username="gone").is_active


def test_who_is_missing_is_deactivated_only_when_asked_and_administrators_never(tmp_path):
    person("gone"), person("root", is_superuser=True)

    run(tmp_path, TEAM, "--deactivate-missing")

    assert {name: row[2] for name, row in people().items()} == {"gone": False, "root": True, "dora": True, "nora": True}


def test_who_is_in_the_file_again_is_back(tmp_path):
    person("nora", email="nora@example.com", is_active=False)

    assert "active: no → yes" in run(tmp_path, TEAM)
    assert User.objects.get(username="nora").is_active


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ANN + "  reports_to: Nobody Known\n", "Line 1: Ann reports to “Nobody Known”, but nobody"),
        (ANN + "  reports_to: Twin\n", "Line 1: Ann reports to “Twin”, but there are several"),
        (
            ANN + "  reports_to: Bob\n- name: Bob\n  email: b@example.com\n  reports_to: Ann\n",
            "Line 1: this goes round in a circle: Ann, who reports to Bob, who reports to Ann.",
        ),
        (ANN + "  reports_to: Ann\n", "Line 1: Ann reports to themselves."),
        ("- email: a@example.com\n  name:\n", "Line 1: a person without a name."),
        ("- name: Ann\n", "Line 1: Ann has neither GitLab name nor e-mail address."),
        (ANN + "- name: Ann B\n  email: A@example.com\n", "Line 3: Ann B and Ann both have"),
        (ANN + "  tzdata_timezone: Mars\n", "Line 1: there is no time zone “Mars”."),
        ("- name: Ann\n  email: nonsense\n", "Line 1: Ann (username)"),
        (ANN + "  gitlab: {id: x}\n", "Line 1: “x” is no GitLab user id."),
        ("- name: Ann\n  email: one@example.com\n  gitlab: {username: two}\n", "Line 1: Ann could be "),
        ("- name: Ann\n  email: one@example.com\n" * 2, "Line 3: Ann stands in the file twice."),
    ],
)
def test_what_cannot_be_is_said_by_line_and_nothing_is_changed(tmp_path, text, problem):
    person("twin", email="t1@example.com"), User.objects.create(username="twin2", first_name="Twin")
    person("one", email="one@example.com"), person("two", gitlab_username="two"), person("nonsense")
    before, said = people(), StringIO()
    file = tmp_path / "team.yml"
    file.write_text(text)

    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("import_people", str(file), stdout=said)

    assert problem in said.getvalue()
    assert people() == before


HOSTILE = {
    "an object": b"!!python/object/apply:os.system ['true']",
    "a bomb": b"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]",
    "nesting": b"[" * 5_000,
    "no text": b"\xff\xfe\x00",
    "a zero byte": b"name: A\x00",
    "too much": b"# " + b"x" * 1_000_001,
    "nobody": b"",
    "a number": b"42",
    "a list of names": b"- Ann\n- Bob\n",
    "several values": b"name: [A, B]",
    "broken": b"name: 'Ann",
    "a merge": b"<<: {name: Ann}\n? [a]\n: b",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_with_a_sentence(content):
    with pytest.raises(Unreadable) as refused:
        read_people(content, "team.yml")
    assert str(refused.value).endswith(".")


CSV = {
    "rows of commas at the end": "name,email,gitlab_username\r\nDana Doe,dana@example.com,dana\r\n,,\r\n,,,\r\n",
    "a comma at the end of each row": "name,email,gitlab_username,\nDana Doe,dana@example.com,dana,\n",
    "semicolons": "name;email;gitlab_username\nDana Doe;dana@example.com;dana\n",
    "tabs": "name\temail\tgitlab_username\nDana Doe\tdana@example.com\tdana\n",
    "headings in words": "Name,E-Mail,GitLab Username\nDana Doe,dana@example.com,dana\n",
    "headings in capitals and quotes": '"NAME";" EMAIL ";"GITLAB.USERNAME"\n"Dana Doe";"dana@example.com";"dana"\n',
    "a delimiter inside values": 'name;email;gitlab_username;title\n"Dana Doe";dana@example.com;dana;"Boss, a; b,,"\n',
    "two columns for one thing": "gitlab_username,name,GitLab Username,email\n,Dana Doe,dana,dana@example.com\n",
}


@pytest.mark.parametrize("text", CSV.values(), ids=CSV)
def test_csv_is_read_however_a_spreadsheet_writes_it(text):
    (row,) = read_people(text.encode("utf-8-sig"), "team.csv")

    assert row.line == 2
    assert {name: row.said[name] for name in row.said if name != "title"} == {
        "name": "Dana Doe",
        "email": "dana@example.com",
        "gitlab_username": "dana",
    }


def test_csv_without_a_name_column_says_which_columns_are_known():
    with pytest.raises(Unreadable, match=r"^Line 1: name the columns, .*Known are: .*gitlab_username"):
        read_people(b"Full name;Email\nDana Doe;dana@example.com\n", "team.csv")


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b'name\n"Ann\n', b"name\nAnn,Bob\n"])
def test_csv_that_is_none_is_refused(content):
    with pytest.raises(Unreadable):
        read_people(content, "team.csv")


def test_a_file_of_another_kind_is_refused():
    with pytest.raises(Unreadable, match="ends in .yml, .yaml or .csv"):
        read_people(b"{}", "team.json")


def test_values_are_kept_as_they_are_written():
    (row,) = read_people(b"name: no\nworking_hours: 0800\nregion: 2026-01-02\nemail: 1e3\n", "team.yaml")

    assert row.said == {"name": "no", "working_hours": "0800", "region": "2026-01-02", "email": "1e3"}


def test_a_new_manager_decides_what_waits(cast, tmp_path):
    issue = file_request(cast, Kind.ADMINISTRATIVE, route="calendly")

    run(tmp_path, "name: Requester\nreports_to: Standin\ngitlab: {username: requester}\n")

    assert Issue.objects.get(pk=issue.pk).approvers == [cast.standin]


# In the administration -----------------------------------------------------------------------------------------------


@pytest.fixture
def admin(cast):
    client = Client()
    client.force_login(cast.admin)
    return client


def upload(client, text=TEAM):
    return client.post("/admin/accounts/user/import/", {"file": SimpleUploadedFile("team.yml", text.encode())})


def test_the_page_shows_the_difference_before_anything_is_changed(admin):
    page = upload(admin)

    assert page.status_code == 200
    assert "Nora New (new)" in page.text
    assert not User.objects.filter(username="nora").exists()


def test_applying_does_what_was_shown(admin):
    given = upload(admin).context["apply_form"].initial

    answer = admin.post("/admin/accounts/user/import/", given)

    assert answer.status_code == 302
    assert User.objects.get(username="nora").reports_to.username == "dora"


def test_what_changed_meanwhile_is_shown_anew(admin):
    given = upload(admin).context["apply_form"].initial
    person("dora", email="dora@example.com")

    answer = admin.post("/admin/accounts/user/import/", given)

    assert "People were changed meanwhile." in answer.text
    assert not User.objects.filter(username="nora").exists()


def test_a_file_with_problems_offers_nothing_to_apply(admin):
    page = upload(admin, "- name: Ann\n")

    assert page.status_code == 422
    assert "neither GitLab name nor e-mail address" in page.text and "Apply this" not in page.text


@pytest.mark.parametrize("content", ["%%%", base64.b64encode(HOSTILE["an object"]).decode()])
def test_a_forged_file_is_refused(admin, content):
    answer = admin.post("/admin/accounts/user/import/", {"name": "team.yml", "content": content, "mark": "x"})

    assert answer.status_code == 302


@pytest.mark.parametrize("method", ["get", "post"])
def test_only_administrators_import(cast, method):
    User.objects.filter(pk=cast.lead.pk).update(is_staff=True)
    client = Client()
    client.force_login(User.objects.get(pk=cast.lead.pk))

    assert getattr(client, method)("/admin/accounts/user/import/").status_code == 403
