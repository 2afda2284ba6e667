"""A list of texts, edited as lines."""

from django import forms


class LinesField(forms.CharField):
    """A JSON list of texts, written one per line; empty lines and repetitions are left out."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 50})

    def __init__(self, **kwargs):
        super().__init__(**{"required": False, "help_text": "One per line.", **kwargs})

    def prepare_value(self, value):
        """The list as lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value):
        """The lines as a list."""
        lines = (line.strip() for line in super().to_python(value).splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def has_changed(self, initial, data):
        """Compares lists, not their spelling."""
        return self.to_python(data) != (initial or [])
