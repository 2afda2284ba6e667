"""``@bot approve`` and ``@bot decline <reason>``: the one way to decide from GitLab, for the current approver only."""

import re

from workflow.actions import Incomplete, Refused, take_step
from workflow.actions.received import say_back
from workflow.gitlab.acquaintance import stranger
from workflow.gitlab.remote_control import open_words
from workflow.models import Issue
from workflow.models.event import NOT_TAKEN
from workflow.states import Source, Verb

_VERBS = {"approve": Verb.APPROVE, "approved": Verb.APPROVE, "decline": Verb.DECLINE, "declined": Verb.DECLINE}


def command_in(body, bot):
    """(verb, the words after it) if a comment begins by telling the bot to decide, else None. ``bot``: its name."""
    pattern = (
        rf"\s*@(?:bot|{re.escape(bot)})\s+(\w+)\b[ \t]*[:,.\u2013-]?\s*(.*)"
        if bot
        else r"\s*@bot\s+(\w+)\b[ \t]*[:,.-]?\s*(.*)"
    )
    found = re.match(pattern, body, re.IGNORECASE | re.DOTALL)
    verb = found and _VERBS.get(found[1].lower())
    return (verb, found[2].strip()) if verb else None


def obey(run, note, author):
    """Take the decision a new comment gives, or answer why not. Call it in the transaction that keeps the comment."""
    command = command_in(note.body, run.connection.bot_username)
    if command is None or note.by.id == run.bot_id:
        return
    if reason := _decide(run.mirror.pk, *command, author, note.by):
        name = f"{note.by.name} (@{note.by.username})"
        say_back(run.mirror.pk, NOT_TAKEN, reason, by=author, author_name=name, data={"asked": command[0]})


def _decide(number, verb, text, person, somebody):
    """None once decided, else the sentence why not."""
    if person is None:
        return stranger(somebody)
    try:
        take_step(number, verb, by=person, given={"text": text, "answers": []}, source=Source.GITLAB)
    except Refused as refused:
        return open_words(refused, person, Issue.objects.get(pk=number))
    except Incomplete as incomplete:
        return f"{incomplete} Decide in the portal, where everything is asked."
    return None
