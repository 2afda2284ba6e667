"""The sandbox's data as it is at the first start, made once a run and copied: a start that fills it takes 0.1 s."""

import shutil
from pathlib import Path

from workflow.gitlab_sandbox import SandboxServer


class Filled:
    """``filled.into(folder, token)``: the folder holds what a start with this administrator's token would put there."""

    def __init__(self, place: Path, tokens: list[str]):
        self._made = {}
        for number, (token, premium) in enumerate((token, premium) for token in tokens for premium in (False, True)):
            data = self._made[token, premium] = place / str(number)
            SandboxServer(data, token, premium=premium).start().close()

    def into(self, folder: Path, token: str, premium: bool = False) -> Path:
        """Copy it there, and return the folder."""
        return Path(shutil.copytree(self._made[token, premium], folder))
