"""The portal as gunicorn serves it, on the soak's broker."""

from tests.soak.worker import app  # noqa: F401  before Django, so that its wake-ups take the soak's broker

from supportops.wsgi import application  # noqa: F401  isort: skip
