"""The ASGI entry, for a server that speaks it; the portal itself is synchronous."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportops.settings")
application = get_asgi_application()
