"""The bare Django page the portal's are compared with: 25 requests in a table, as ``startproject`` would serve it.

Settings, addresses and view in one module: the same server, database, session and person as the portal's pages have.
"""

from django.urls import path

from supportops.settings import *  # noqa: F403 (the portal's database and secret)

ROOT_URLCONF = "tests.benchmarks.floor"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",  # the app refuses to start without it
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "tests" / "benchmarks"],  # noqa: F405
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]


def page(request):
    """The newest 25 with whom and what they belong to: three statements with session and person."""
    from django.shortcuts import render

    from workflow.models import Issue

    assert request.user.is_authenticated
    return render(
        request, "floor.html", {"issues": Issue.objects.select_related("requester", "assignee", "tracker")[:25]}
    )


urlpatterns = [path("", page)]
