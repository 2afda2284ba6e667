"""The only door to a request. Everything that changes one is here; everything here checks who may."""

from workflow.actions.attachments import delete_file, store_file, stored
from workflow.actions.comments import attach, comment
from workflow.actions.errors import Incomplete, Refused, Stale
from workflow.actions.fields import assign, delegate, review_block, set_due_date, set_priority, take_back, watch
from workflow.actions.follow_ups import spin_off
from workflow.actions.gate_paths import answer_gate
from workflow.actions.moves import move
from workflow.actions.news import settle_news, tell_news
from workflow.actions.reassigning import name_approver
from workflow.actions.submission import open_issue
from workflow.actions.transition import take_step
from workflow.actions.validation import check

__all__ = [
    "Incomplete",
    "Refused",
    "Stale",
    "answer_gate",
    "assign",
    "attach",
    "check",
    "comment",
    "delegate",
    "delete_file",
    "move",
    "name_approver",
    "open_issue",
    "review_block",
    "set_due_date",
    "set_priority",
    "settle_news",
    "spin_off",
    "store_file",
    "stored",
    "take_back",
    "take_step",
    "tell_news",
    "watch",
]
