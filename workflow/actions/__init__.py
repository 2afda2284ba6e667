"""The only door to a request. Everything that changes one is here; everything here checks who may."""

from workflow.actions.comments import attach, comment
from workflow.actions.continuing import spin_off
from workflow.actions.door import take_step
from workflow.actions.errors import Incomplete, Refused, Stale
from workflow.actions.files import delete_file, store_file, stored
from workflow.actions.gates import answer_gate
from workflow.actions.moving import move
from workflow.actions.news import settle_news, tell_news
from workflow.actions.reassigning import name_approver
from workflow.actions.siblings import (
    assign,
    delegate,
    review_block,
    set_due_date,
    set_priority,
    take_back,
    watch,
)
from workflow.actions.submission import open_issue
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
