"""Where attachments are kept."""

from django.core.files import File
from django.core.files.storage import FileSystemStorage


class WholeFiles(FileSystemStorage):
    """Keeps a file whole or not at all: what a full disk cut short is removed again."""

    def _save(self, name: str, content: File) -> str:
        was_there = self.exists(name)
        try:
            return super()._save(name, content)  # type: ignore[misc]  # the stubs lack the method
        except OSError:
            if not was_there:
                self.delete(name)
            raise
