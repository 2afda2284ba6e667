#!/usr/bin/env python
"""Django's command line for SupportOps."""

import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportops.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from environs import EnvError

    try:
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, EnvError) as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(str(error))


if __name__ == "__main__":
    main()
