"""The WSGI entry for a real server (gunicorn)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportops.settings")
application = get_wsgi_application()
