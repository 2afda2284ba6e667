"""The only door to a request. Everything that changes one is here; everything here checks who may."""

from workflow.actions.comments import attach, comment, store_file
from workflow.actions.continuing import spin_off
from workflow.actions.door import take_step
from workflow.actions.errors import Incomplete, Refused, Stale
from workflow.actions.gates import answer_gate
from workflow.actions.moving import move
from workflow.actions.reassigning import name_approver
from workflow.actions.siblings import (
    assign,
    delegate,
    set_due_date,
    set_priority,
    take_back,
    watch,
)
from workflow.actions.submission import open_issue

__all__ = [
    "Incomplete",
    "Refused",
    "Stale",
    "answer_gate",
    "assign",
    "attach",
    "comment",
    "delegate",
    "move",
    "name_approver",
    "open_issue",
    "set_due_date",
    "set_priority",
    "spin_off",
    "store_file",
    "take_back",
    "take_step",
    "watch",
]
