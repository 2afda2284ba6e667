"""The portal's Celery application on a broker of the soak's own, with a beat that is five times as fast."""

from datetime import timedelta

from tests.faults.worker import app

FASTER, SHORTEST = 5, 3


def _sooner(entry):
    seconds = entry["schedule"].run_every / timedelta(seconds=1) / FASTER
    every = max(seconds, SHORTEST)
    return entry | {"schedule": every, "options": {"expires": every}}


app.conf.beat_schedule = {name: _sooner(entry) for name, entry in app.conf.beat_schedule.items()}
