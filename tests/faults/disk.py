"""A small disk of its own, to be filled or made read-only."""

import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest


class Disk:
    """Mounted under ``place``; skips the test where that takes rights it has not."""

    def __init__(self, size: str):
        self.place = Path(tempfile.mkdtemp(prefix="supportops-disk-"))
        if self._mount("-t", "tmpfs", "-o", f"size={size},mode=0755", "tmpfs"):
            self.place.rmdir()
            pytest.skip("a small disk takes the right to mount one")

    def _mount(self, *options):
        return subprocess.run(["mount", *options, self.place], capture_output=True).returncode

    def fill(self):
        """Leave no room at all."""
        with suppress(OSError), (self.place / "filler").open("ab", buffering=0) as filler:
            for size in (2**20, 2**12, 1):
                with suppress(OSError):
                    while filler.write(b"x" * size):
                        pass

    def make_room(self):
        """Remove what filled it."""
        (self.place / "filler").unlink()

    def make_read_only(self):
        """Let nobody write any more, root included."""
        assert self._mount("-o", "remount,ro") == 0

    def close(self):
        """Take it away."""
        subprocess.run(["umount", "-l", self.place], check=True)
        self.place.rmdir()
