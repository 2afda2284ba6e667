"""The committed picture of a request's life comes out of the code; this notices when it is stale."""

import hashlib
from pathlib import Path

from workflow.management.commands.life_diagram import dot

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "life.svg"


def test_the_picture_shows_the_present_state_machine():
    assert hashlib.sha256(dot().encode()).hexdigest() in PICTURE.read_text(), (
        "Draw it anew: make diagram (needs node; npm ci in tests/browser)"
    )
