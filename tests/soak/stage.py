"""Run as a process of its own: what ``manage.py up`` prepares, without the processes it starts."""

import django

django.setup()


def main():
    """Database, catalogue, label schemes, static files, the sample people."""
    from django.core.management import call_command

    from supportops.accounts.sample import make_sample_people

    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("seed_catalogue", verbosity=0)
    call_command("seed_label_schemes", verbosity=0)
    make_sample_people()


if __name__ == "__main__":
    main()
