"""`{% load ui %}`: the components that are too frequent, or too clever, for a plain include."""

import zlib
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Protocol

from django import template
from django.forms import CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select, Textarea, TextInput
from django.forms.boundfield import BoundField
from django.forms.models import ModelChoiceIterator
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from supportops.ui import chips, marks, prose, text_diff, times
from supportops.ui.components import COMPONENTS, DRAWN_ONCE, variables_of

register = template.Library()

AVATAR_COLOURS = 6
MOST_KEPT, LONGEST_VALUE = 2_000, 200
KEPT_WIDGETS = (TextInput, Textarea, CheckboxInput, Select, RadioSelect, CheckboxSelectMultiple)
_KEPT: dict[tuple[Hashable, ...], SafeString] = {}
NOBODY = "Nobody yet"
_PART = '<rect class="court-{}" x="{}" y="0" width="{}" height="1"/>'
_BAR = (
    '<svg class="court-clock__bar" viewBox="0 0 100 1" preserveAspectRatio="none" role="img"'
    ' aria-label="Time so far: {}"><title>{}; {} in all</title>{}</svg>'
)
_NOW = (
    '<span class="court-clock__now" title="In this court for {}">{}'
    '<span class="visually-hidden"> in this court</span></span>'
)


class Named(Protocol):
    """Anybody with a name."""

    def get_full_name(self) -> str:
        """The name shown."""

    def get_username(self) -> str:
        """The name signed in with, shown where there is no other."""


Who = Named | str | None

register.filter("bounded", marks.bounded)
register.filter("court_icon", marks.court_icon)
register.filter("court_label", marks.court_label)
register.filter("state_icon", marks.state_icon)
register.filter("mirror_icon", marks.mirror_icon)
register.filter("mirror_words", marks.mirror_words)


@register.simple_tag
@lru_cache(maxsize=2_000, typed=True)
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """An icon of the sprite. `size` is small or large; with `label` it is read aloud, without it is decoration."""
    classes = f"icon icon--{size}" if size else "icon"
    voice = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')  # noqa: S308
    address = f"{static('ui/icons/sprite.svg')}#{name}"
    return format_html('<svg class="{}" {}><use href="{}"></use></svg>', classes, voice, address)


@register.simple_tag
def label_chip(name: str, colour: str = "") -> SafeString:
    """A GitLab label as GitLab shows it; `colour` is #rrggbb."""
    return drawn_once("label_chip", ("chip",), chips.chip_for(name, colour))


@register.simple_tag
def state_pill(state: str, label: str, court: str, size: str = "") -> SafeString:
    """The state in its court's colour, with the state's icon and words."""
    return drawn_once("state_pill", ("state", "label", "court", "size"), state, label, court, size)


@register.simple_tag
def priority(level: int, label: str = "") -> SafeString:
    """The priority's mark: 1 is the highest of four. With `label` the words stand beside it."""
    return drawn_once("priority", ("level", "label", "icon_name"), level, label, f"priority-{level}")


@register.simple_tag
def person(who: Who, note: str = "", url: str = "", size: str = "") -> SafeString:
    """A person with initials and name; None reads "Nobody yet"."""
    return drawn_once("person", ("who", "note", "url", "size"), _name_or_none(who), note, url, size)


@register.simple_tag
def avatar(who: Who, size: str = "") -> SafeString:
    """The initials of a person in a circle; decoration only, the name stands beside it."""
    return drawn_once("avatar", ("who", "size"), _name_or_none(who), size)


@register.simple_tag
def time(moment: date | None, style: str = "words") -> SafeString:
    """A point in time: `words` ("3 days ago"), `short` ("3d") or `date` ("4 May 2026"); the exact one on hovering.

    Drawn without a template, because stories are full of it.
    """
    if not moment:
        return SafeString("")
    if isinstance(moment, datetime):
        moment = timezone.localtime(moment)
        exact = f"{times.day_of(moment)}, {moment:%H:%M}"
    else:
        exact = times.day_of(moment)
    words = f"{moment.day} {moment:%b %Y}" if style == "date" else ago(moment, style)
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, words)


@register.simple_tag
@lru_cache(maxsize=1_000)
def day(of: date) -> SafeString:
    """The heading above what happened on one day."""
    words = f"{of:%A}, {times.day_of(of)}"
    return format_html('<h3 class="day"><time datetime="{}">{}</time></h3>', of.isoformat(), words)


@register.simple_tag
def court_bar(clock: Mapping[str, Any]) -> SafeString:
    """Whose court the time was spent in, as one bar; ``clock`` as the component ``court_clock`` takes it."""
    parts = format_html_join("", _PART, ((part["court"], part["x"], part["width"]) for part in clock["parts"]))
    return format_html(_BAR, clock["words"], clock["words"], clock["total"], parts)


@register.simple_tag
def small_clock(clock: Mapping[str, Any]) -> SafeString:
    """The bar, and how long the request has been where it is. Drawn without a template: lists are full of it."""
    now = format_html(_NOW, clock["now_words"], clock["now"]) if clock["now"] else ""
    return format_html('<div class="court-clock court-clock--small">{} {}</div>', court_bar(clock), now)


def _name_or_none(who: Who) -> str | None:
    return display_name(who) if who else None


@register.simple_tag
def field(asked: BoundField) -> SafeString:
    """A field with its label, help and errors; drawn once for the same looks, whoever asks."""
    looks = _looks(asked)
    return _kept(looks, asked.as_field_group) if looks else asked.as_field_group()


def _looks(asked: BoundField) -> tuple[Any, ...]:
    """All that a field's drawing depends on; empty where that is more than a few plain values."""
    widget, value, of = asked.field.widget, asked.value(), asked.field
    choices = getattr(widget, "choices", ())
    if not isinstance(widget, KEPT_WIDGETS) or isinstance(choices, ModelChoiceIterator):
        return ()
    words = [asked.label, of.help_text, *(label for _, label in choices), *asked.errors]
    if any(isinstance(text, SafeString | list | tuple) for text in words):  # equal to unsafe text; or groups of choices
        return ()
    one_by_one = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str | int | None) for one in one_by_one) or len(str(value)) > LONGEST_VALUE:
        return ()
    return (
        *(type(widget), tuple(widget.attrs.items()), tuple(choices), getattr(widget, "in_row", None)),
        *(tuple(getattr(widget, "descriptions", {}).items()), type(value)),
        *(tuple(value) if isinstance(value, list) else value, tuple(asked.errors), asked.css_classes()),
        *(asked.auto_id, asked.html_name, asked.label, of.help_text, of.required, of.disabled),
        asked.form.use_required_attribute,
    )


@register.simple_tag
def menu(sections: Iterable[Mapping[str, Any]]) -> SafeString:
    """The places a person can go to; drawn once for the same places and counts."""
    return _places("menu", sections)


@register.simple_tag
def bottom_bar(sections: Iterable[Mapping[str, Any]], out_of_band: bool = False) -> SafeString:
    """The main places on a phone; drawn once as the menu is."""
    return _places("bottom_bar", sections, out_of_band)


def _places(component: str, sections: Iterable[Mapping[str, Any]], out_of_band: bool = False) -> SafeString:
    shown = [(section["title"], tuple(tuple(item.items()) for item in section["items"])) for section in sections]
    variables = {"menu": sections, "out_of_band": out_of_band}
    return _kept((component, out_of_band, *shown), lambda: _drawn(component, variables))


def forget_drawings() -> None:
    """Draw everything anew that was kept by what it shows."""
    drawn_once.cache_clear()
    _KEPT.clear()


def _kept(looks: tuple[Hashable, ...], draw: Callable[[], SafeString]) -> SafeString:
    """What ``draw`` gave the first time for these looks."""
    drawn = _KEPT.get(looks)
    if drawn is None:
        if len(_KEPT) >= MOST_KEPT:
            _KEPT.clear()
        drawn = _KEPT[looks] = draw()
    return drawn


@register.filter
def display_name(who: Who) -> str:
    """A person's name as shown everywhere: the full name, else the username; a plain text stays itself."""
    if not who:
        return NOBODY
    if isinstance(who, str):
        return who
    return who.get_full_name() or who.get_username()


@register.filter
def initials(who: Who) -> str:
    """One or two letters for a person's circle."""
    words = [word for word in display_name(who).replace(".", " ").split() if word[0].isalnum()] if who else []
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[:2] for word in words]
    return "".join(letters).upper()


@register.filter
def avatar_colour(who: Who) -> int:
    """A number that stays the same for the same person, choosing one of the quiet grounds."""
    return zlib.crc32(display_name(who).encode()) % AVATAR_COLOURS


@register.filter
def ago(moment: date | None, style: str = "words") -> str:
    """A datetime or date as "3 days ago"; with "short" as "3d". Empty for None."""
    if not moment:
        return ""
    return times.short_span(moment) if style == "short" and isinstance(moment, datetime) else times.in_words(moment)


@register.filter
def waiting(since: datetime | None) -> str:
    """How long something has been as it is ("3 days"), from a datetime until now."""
    return times.span(timezone.now() - since) if since else ""


@register.simple_tag
def changed_words(old: object, new: object, side: text_diff.Side) -> SafeString:
    """One side of a change with the words that went ("del") or came ("ins") marked."""
    return text_diff.marked(old, new, side)


@register.filter
def markdown(text: str | None) -> SafeString:
    """What a person wrote in Markdown, as safe HTML."""
    return prose.to_html(text)


@register.simple_block_tag
def panel(
    content: SafeString,
    title: str = "",
    count: int | None = None,
    id: str = "",  # noqa: A002 (the attribute's name)
    tone: str = "",
    flush: bool = False,
    foot: str = "",
) -> SafeString:  # noqa: A002 (the attribute's name)
    """A bordered block with a heading. `tone` may be "quiet"; `flush` lets a table touch the border."""
    names = {"title": title, "count": count, "id": id, "tone": tone, "flush": flush, "foot": foot}
    return _drawn("panel", {**names, "content": content})


def _drawn(component: str, variables: dict[str, Any]) -> SafeString:
    """The component without the line break at its file's end, so that a comma can follow it directly."""
    return mark_safe(render_to_string(f"_components/{component}.html", variables).strip())  # noqa: S308


@lru_cache(maxsize=4_000, typed=True)
def drawn_once(component: str, names: tuple[str, ...], *values: Hashable) -> SafeString:
    """A component that shows nothing but these values: no moment, no token, nothing of the person who looks.

    A list draws the same few states, people and labels again and again. ``typed``: text that is safe and text that is
    not are equal, and must not be drawn alike.
    """
    return _drawn(component, dict(zip(names, values, strict=True)))


def _register(component: str) -> None:
    known = variables_of(component)

    def draw(context: template.Context, **variables: Any) -> SafeString:
        if unknown := variables.keys() - known:
            raise template.TemplateSyntaxError(
                f"{{% {component} %}} does not take {', '.join(sorted(unknown))}; it takes {', '.join(sorted(known))}."
            )
        if component in DRAWN_ONCE:
            return drawn_once(component, tuple(variables), *variables.values())
        return _drawn(component, {**variables, "csrf_token": context.get("csrf_token")})

    register.simple_tag(draw, takes_context=True, name=component)


for _name in COMPONENTS:
    _register(_name)
