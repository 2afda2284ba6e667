"""What a page of the portal offers to a person without a browser: its forms, their fields, and where its links lead."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Field:
    """One field of a form. ``options``: the values a choice offers; ``value``: what stands there."""

    name: str
    kind: str
    value: str = ""
    required: bool = False
    options: list = field(default_factory=list)


@dataclass
class Form:
    """A form as it stands on the page. ``given`` is what a browser would send if nobody touched it."""

    action: str
    method: str
    fields: dict = field(default_factory=dict)

    @property
    def given(self):
        """The values that stand there: hidden ones, texts, what is chosen or ticked."""
        return {one.name: one.value for one in self.fields.values() if one.value and one.kind not in _NOT_SENT}


_NOT_SENT = {"submit", "button", "file", "reset"}


class _Reader(HTMLParser):
    """Collects forms and links; knows no more of HTML than the portal writes."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.forms, self.links = [], []
        self._form = self._select = self._text = None

    def handle_starttag(self, tag, attrs):
        """A tag opens."""
        attrs = dict(attrs)
        if tag == "a" and attrs.get("href"):
            self.links.append(attrs["href"])
        elif tag == "form":
            self._form = Form(attrs.get("action", ""), attrs.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None and tag in ("input", "select", "textarea", "option"):
            self._field(tag, attrs)

    def handle_endtag(self, tag):
        """A tag closes."""
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._text is not None:
            self._text.value = self._text.value.removeprefix("\n").removeprefix("\r\n")
            self._text = None

    def handle_data(self, data):
        """Words; only those in a textarea matter."""
        if self._text is not None:
            self._text.value += data

    def _field(self, tag, attrs):
        if tag == "option":
            self._option(attrs)
        elif name := attrs.get("name"):
            kind = attrs.get("type", "text") if tag == "input" else tag
            one = self._form.fields.setdefault(name, Field(name, kind))
            one.required = one.required or "required" in attrs
            if kind in ("radio", "checkbox"):
                self._box(one, attrs)
            elif tag == "input":
                one.value = attrs.get("value") or ""
            self._select = one if tag == "select" else self._select
            self._text = one if tag == "textarea" else None

    def _option(self, attrs):
        if self._select is not None:
            value = attrs.get("value") or ""
            self._select.options.append(value)
            if "selected" in attrs:
                self._select.value = value

    @staticmethod
    def _box(one, attrs):
        one.options.append(attrs.get("value") or "on")
        if "checked" in attrs:
            one.value = attrs.get("value") or "on"


@dataclass(frozen=True)
class Page:
    """A page as it was answered."""

    status: int
    text: str
    forms: tuple
    links: tuple

    @classmethod
    def read(cls, status, text):
        """From HTML."""
        reader = _Reader()
        reader.feed(text)
        return cls(status, text, tuple(reader.forms), tuple(reader.links))

    def form_to(self, path):
        """The form that posts there, or None."""
        return next((form for form in self.forms if form.action == path and form.method == "post"), None)

    def offered(self, number):
        """Names of what this request's page lets the person do: the last part of links and forms below its address."""
        begins = f"/issues/{number}/"
        addresses = [*self.links, *(form.action for form in self.forms if form.method == "post")]
        ends = [address.removeprefix(begins) for address in addresses if address.startswith(begins)]
        return list(dict.fromkeys(end.strip("/") for end in ends if end.count("/") == 1 and end.strip("/")))


def filled(form, chance, words, **given):
    """What is sent: what stands there, ``given``, and something for every required field that is still empty.

    ``words``: a function that makes a text for a field of this name.
    """
    sent = form.given | {name: value for name, value in given.items() if name in form.fields}
    for one in form.fields.values():
        if one.required and not sent.get(one.name) and one.kind not in _NOT_SENT:
            sent[one.name] = _something(one, chance, words)
    return sent


def _something(one, chance, words):
    if one.kind in ("select", "radio", "checkbox"):
        return chance.choice([option for option in one.options if option] or [""])
    fixed = {"number": "3", "url": "https://example.com/", "email": "a@example.com"}
    return fixed.get(one.kind) or words(one.name)
