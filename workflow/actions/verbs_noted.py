"""Which steps GitLab shows as a comment."""

from workflow.states import Act, Verb

NOTED = frozenset(
    {
        Verb.APPROVE,
        Verb.DECLINE,
        Verb.WAIVE_APPROVAL,
        Verb.RECLASSIFY,
        Verb.ASK,
        Verb.ANSWER,
        Verb.ESCALATE,
        Verb.SHELVE,
        Verb.SUBMIT_GAMEPLAN,
        Verb.REQUEST_VALIDATION,
        Verb.VALIDATE,
        Verb.SEND_BACK,
        Verb.COMPLETE,
        Verb.CONTINUE_IN,
        Verb.BLOCK,
        Act.REVIEW,
        Verb.CLOSE,
        Verb.WITHDRAW,
        Verb.REOPEN,
    }
)
"""Steps people on the GitLab side read as a comment; the others show in labels, milestone and text."""
