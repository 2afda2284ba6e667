"""The front page shows everything there is to look after, where people look for it."""

from django.contrib import admin

from supportops.accounts.admin_site import SECTIONS


def test_every_registered_model_stands_in_one_section():
    listed = [label for _, labels in SECTIONS for label in labels]

    assert sorted(listed) == sorted(model._meta.label for model in admin.site._registry)


def test_ops_find_what_is_theirs(visit, staff):
    page = visit(staff.ops).get("/admin/")

    sections = {app["name"]: [str(model["name"]) for model in app["models"]] for app in page.context["app_list"]}
    assert list(sections)[:4] == ["People", "Catalogue", "Requests", "GitLab"]
    assert sections["Catalogue"][:2] == ["Entries", "Routes"]
    assert "Back to the portal" in page.content.decode()


def test_the_page_of_one_app_opens_too(visit, staff):
    assert visit(staff.ops).get("/admin/workflow/").status_code == 200
