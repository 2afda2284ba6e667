"""Templates to replies. The engine needs no Django settings; all is escaped unless markdown.py made it safe."""

from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from django.template import Context, Engine

from workflow.gitlab_sandbox.reply import Reply

HERE = Path(__file__).parent
ENGINE = Engine(dirs=[HERE / "templates"], autoescape=True)
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SECURITY = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}


def page(session, template, status=200, headers=None, **context):
    """An HTML reply; every page knows who acts and who could."""
    context |= {"user": session.user, "people": people(session), "here": quote(session.path)}
    html = ENGINE.get_template(template).render(Context(context, use_l10n=False, use_tz=False))
    return Reply(
        status, body=html.encode(), content_type="text/html; charset=utf-8", headers=SECURITY | (headers or {})
    )


def people(session):
    """The people one may act as: everybody but root and bots last."""
    return session.store.all("SELECT * FROM users WHERE state = 'active' ORDER BY admin, bot, id LIMIT 40")


def redirect(location, headers=None):
    return Reply(303, body=b"", content_type="text/plain", headers={"Location": location, **(headers or {})})


def stylesheet():
    return Reply(
        200,
        body=(HERE / "style.css").read_bytes(),
        content_type="text/css; charset=utf-8",
        headers={"Cache-Control": "max-age=60"},
    )


def ago(text, now):
    """`text` (a stamp) as words: just now, 5 minutes ago, 21 Nov 2026."""
    then = datetime.fromisoformat(text.replace("Z", "+00:00"))
    seconds = (now - then).total_seconds()
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{then.day} {then:%b %Y}" if count > 30 else f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"
