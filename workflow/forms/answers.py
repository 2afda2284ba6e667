"""The part of a form that asks a catalogue entry's questions."""

from workflow.questions import provider


class AsksQuestions:
    """Mixed into an ActForm: adds the questions of ``route`` to it, and reads the answers from it as rows."""

    route = None
    asked_of = "requester"

    def ask(self, route, asked_of, answered=()):
        """Add the questions of the route's entry. ``answered``: rows whose answers the fields begin with."""
        self.route, self.asked_of, self.question_names = route, asked_of, {}
        kept = {row["key"]: row.get("answer") for row in answered}
        for key, field in provider().form_fields(route.key, asked_of, kept).items():
            # A question may be called like one of the form's own fields; it then stands under another name.
            name = f"answer_{key}" if key in self.fields else key
            self.question_names[key] = name
            self.fields[name] = field

    def name_of(self, field):
        """The question's field, or the form's own."""
        return self.question_names.get(field) or super().name_of(field)

    def answers(self):
        """The answers of a valid form, as rows that a request keeps."""
        cleaned = {key: self.cleaned_data.get(name) for key, name in self.question_names.items()}
        return provider().rows(self.route.key, self.asked_of, cleaned) if cleaned else []

    def without_answers(self):
        """The other fields' cleaned values."""
        asked = set(self.question_names.values())
        return {name: value for name, value in self.cleaned_data.items() if name not in asked}
