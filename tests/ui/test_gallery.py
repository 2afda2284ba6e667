"""The gallery shows every component, to staff only."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template, TemplateSyntaxError
from django.urls import reverse

from supportops.ui.components import COMPONENTS
from supportops.ui.gallery import PAGES
from supportops.ui.templatetags.ui import forget_drawings
from tests.factories import person

COMPONENT_FILES = sorted(path.name for path in (settings.BASE_DIR / "templates" / "_components").glob("*.html"))
STATIC = Path(settings.BASE_DIR / "supportops" / "ui" / "static" / "ui")
ADDRESSES = [reverse("ui:gallery"), *(reverse("ui:sample", args=[page]) for page in PAGES)]


@pytest.fixture
def staff_client(client, db):
    client.force_login(person("curator", is_staff=True))
    return client


@pytest.mark.parametrize("address", ADDRESSES)
def test_staff_see_the_gallery_and_its_sample_pages(staff_client, address):
    assert staff_client.get(address).status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_for_everybody_else_the_gallery_does_not_exist(client, db, address):
    client.force_login(person("visitor"))

    assert client.get(address).status_code == 404


def test_a_sample_page_that_does_not_exist_is_not_found(staff_client):
    assert staff_client.get("/ui/nothing-of-this-name/").status_code == 404


def test_every_component_is_drawn_in_the_gallery(staff_client):
    forget_drawings()
    drawn = set()
    for address in ADDRESSES:
        drawn |= {template.name for template in staff_client.get(address).templates}

    missing = {f"_components/{name}" for name in COMPONENT_FILES} - drawn
    assert not missing, f"Show these in templates/ui: {sorted(missing)}"


def test_every_component_is_used_by_a_page_outside_the_gallery():
    templates = settings.BASE_DIR / "templates"
    pages = [path for path in templates.rglob("*.html") if path.parent != templates / "ui"]
    texts = {path: path.read_text() for path in [*pages, settings.BASE_DIR / "supportops" / "ui" / "forms.py"]}
    unused = []
    for name in COMPONENT_FILES:
        tag = name.removesuffix(".html")
        used = re.compile(rf"{{%\s*{tag}\b|_components/{name}")
        if not any(used.search(text) for path, text in texts.items() if path.name != name):
            unused.append(name)
    assert unused == [], "No page uses these: let one, or delete them."


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_component_tag_has_its_template(component):
    assert f"{component}.html" in COMPONENT_FILES


def test_a_misspelt_variable_of_a_component_is_an_error():
    with pytest.raises(TemplateSyntaxError, match="does not take"):
        Template("{% load ui %}{% rail stepz=1 %}").render(Context())


def test_nothing_on_the_gallery_needs_an_inline_style_or_script(staff_client):
    html = staff_client.get(reverse("ui:gallery")).content.decode()

    assert " style=" not in html
    assert "<style" not in html
    assert "<script>" not in html
    assert " onclick=" not in html


def test_every_icon_that_is_drawn_is_in_the_sprite(staff_client):
    sprite = (STATIC / "icons" / "sprite.svg").read_text()
    pages = "".join(staff_client.get(address).content.decode() for address in ADDRESSES)

    wanted = {part.split('"')[0] for part in pages.split("sprite.svg#")[1:]}
    missing = {name for name in wanted if f'id="{name}"' not in sprite}
    assert wanted
    assert not missing


def test_raw_colours_stand_only_among_the_tokens():
    raw = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsl\(|\boklch\(")
    offenders = {
        f"{sheet.name}: {found.group()}"
        for sheet in (STATIC / "css").glob("*.css")
        if sheet.name != "tokens.css"
        for found in raw.finditer(sheet.read_text())
    }
    assert not offenders


def test_the_font_stays_small():
    assert (STATIC / "fonts" / "inter-latin-variable.woff2").stat().st_size <= 60 * 1024
