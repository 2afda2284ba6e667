"""People as the components see them: a full name and a username."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """Somebody of the samples."""

    full_name: str
    username: str

    def get_full_name(self) -> str:
        """The name shown."""
        return self.full_name

    def get_username(self) -> str:
        """The name signed in with."""
        return self.username


RINA = Person("Rina Okafor", "rokafor")
MONA = Person("Mona Lindqvist", "mlindqvist")
OMAR = Person("Omar Haddad", "ohaddad")
LENE = Person("Lene Brandt-Sørensen", "lbrandt")
NAMELESS = Person("", "a.very.long.username.without.a.name")
EVERYBODY = [RINA, MONA, OMAR, LENE, NAMELESS]
