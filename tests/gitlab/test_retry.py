"""What follows from each error, by what was being done: the whole table (contract C10 of reliability.md)."""

from datetime import timedelta
from itertools import product

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError

from workflow.gitlab import errors
from workflow.gitlab.retry import ABSENT_FOR, FILES, MOST_TRIES, PIECES, POISON, Doing, Outcome, backoff, decide

D = Doing
EVERYTHING = frozenset(Doing)
WHOLE = {D.REQUEST, D.LOOK, D.TRACKER}
WORDS = "GitLab said so."
ERRORS = {
    "network or 5xx": errors.Retryable(WORDS),
    "asked to come later": errors.Retryable(WORDS, 70),
    "may be done": errors.Unknown(WORDS),
    "429": errors.RateLimited(WORDS, 3600),
    "budget": errors.RateLimited(WORDS, 30, ours=True),
    "out of time": errors.OutOfTime(WORDS),
    "task out of time": SoftTimeLimitExceeded(),
    "lease lost": errors.LeaseLost(WORDS),
    "401": errors.Misconfigured(WORDS),
    "project closed": errors.TrackerRefuses(WORDS, project=1, readable=True),
    "403": errors.Forbidden(WORDS),
    "issue absent": errors.Absent(WORDS),
    "404": errors.Gone(WORDS),
    "409": errors.Conflict(WORDS),
    "400 or 422": errors.Permanent(WORDS),
    "database": OperationalError("locked"),
    "database connection": InterfaceError("closed"),
    "disk": OSError("no such file"),
    "unforeseen": ZeroDivisionError(),
}
PARKED = {
    "404": EVERYTHING - {D.FETCH},
    "409": EVERYTHING,
    "400 or 422": EVERYTHING,
    "disk": EVERYTHING - FILES - {D.LOOK},
    "unforeseen": EVERYTHING - {D.LOOK},
}
"""{error: what is parked by it the first time}"""
OTHERWISE = {
    "401": Outcome.PAUSE,
    "project closed": Outcome.WAIT_FOR_TRACKER,
    "403": Outcome.WAIT_FOR_PIECE,
}
"""{error: what follows whatever was being done}; everything else is tried again."""
FREE = {"429", "budget", "out of time", "task out of time", "lease lost", "401", "project closed", "issue absent"}
"""What burns no attempt."""
SAYS_NOTHING_NEW = {"out of time", "lease lost"}


def outcome_of(name, doing):
    """What the table above says."""
    return Outcome.PARK if doing in PARKED.get(name, ()) else OTHERWISE.get(name, Outcome.RETRY)


def table(names=ERRORS, doings=Doing):
    return pytest.mark.parametrize(("name", "doing"), list(product(names, doings)), ids=str)


def test_every_error_there_is_stands_in_the_table():
    known = {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.GitLabError)}
    assert known - {errors.GitLabError} == {type(one) for one in ERRORS.values() if isinstance(one, errors.GitLabError)}


@table()
def test_the_outcome_is_the_tables(name, doing):
    assert decide(ERRORS[name], doing).outcome == outcome_of(name, doing)


@table()
def test_only_what_says_nothing_about_the_work_burns_no_attempt(name, doing):
    assert decide(ERRORS[name], doing).counts == (name not in FREE)


@table()
def test_everything_but_running_out_of_time_has_a_reason_in_words(name, doing):
    reason = decide(ERRORS[name], doing).reason
    assert (reason is None) if name in SAYS_NOTHING_NEW else reason.endswith((".", "no such file"))


@table()
def test_whatever_is_tried_again_by_itself_has_a_time_within_an_hour(name, doing):
    decision = decide(ERRORS[name], doing)
    waits = decision.outcome in (Outcome.RETRY, Outcome.WAIT_FOR_TRACKER, Outcome.WAIT_FOR_PIECE)
    assert not waits or 0 <= decision.seconds <= 3600


@table(("429", "budget", "out of time", "lease lost", "401", "project closed", "database"), sorted(PIECES, key=str))
def test_what_concerns_more_than_a_piece_is_its_runs(name, doing):
    assert decide(ERRORS[name], doing).whole


@table(("network or 5xx", "403", "404", "409", "400 or 422", "unforeseen"), sorted(PIECES, key=str))
def test_what_concerns_a_piece_alone_leaves_its_run_alone(name, doing):
    assert not decide(ERRORS[name], doing).whole


@pytest.mark.parametrize("doing", sorted(Doing, key=str))
def test_gitlabs_own_waiting_time_is_kept(doing):
    assert decide(ERRORS["asked to come later"], doing).seconds == 70
    assert decide(ERRORS["429"], doing).seconds == 3600


@pytest.mark.parametrize("doing", sorted(Doing, key=str))
def test_a_write_that_may_be_done_waits_out_the_quarantine_where_doing_it_twice_would_show(settings, doing):
    settings.GITLAB_QUARANTINE_SECONDS = 150
    waits = decide(ERRORS["may be done"], doing).seconds
    assert (waits == 150) == (doing in {D.REQUEST, D.NOTE})


@pytest.mark.parametrize("doing", sorted(FILES, key=str))
def test_a_file_is_given_up_after_some_tries_and_nothing_else_is(doing):
    assert decide(ERRORS["network or 5xx"], doing, attempts=MOST_TRIES - 1).outcome is Outcome.RETRY
    given_up = decide(ERRORS["network or 5xx"], doing, attempts=MOST_TRIES)
    assert (given_up.outcome, given_up.reason) == (Outcome.PARK, f"Given up after {MOST_TRIES} tries. {WORDS}")


@pytest.mark.parametrize("doing", sorted(EVERYTHING - FILES, key=str))
def test_what_is_no_file_is_never_given_up_because_gitlab_fails(doing):
    assert decide(ERRORS["network or 5xx"], doing, attempts=1000).outcome is Outcome.RETRY


def test_an_issue_absent_once_is_looked_for_again_after_minutes():
    decision = decide(ERRORS["issue absent"], D.REQUEST)
    assert (decision.outcome, decision.absent, decision.seconds) == (Outcome.RETRY, True, ABSENT_FOR.total_seconds())


def test_an_issue_absent_again_too_soon_waits_the_rest_of_the_time():
    decision = decide(ERRORS["issue absent"], D.LOOK, absent_for=timedelta(minutes=1))
    assert (decision.outcome, decision.seconds) == (Outcome.RETRY, ABSENT_FOR.total_seconds() - 60)


@pytest.mark.parametrize("doing", [D.REQUEST, D.LOOK])
def test_an_issue_absent_twice_minutes_apart_is_orphaned(doing):
    assert decide(ERRORS["issue absent"], doing, absent_for=ABSENT_FOR).outcome is Outcome.ORPHAN


def test_a_reading_that_fails_for_reasons_nobody_foresaw_waits_for_a_person_after_some_tries():
    assert decide(ERRORS["unforeseen"], D.LOOK, attempts=POISON - 1).outcome is Outcome.RETRY
    last = decide(ERRORS["unforeseen"], D.LOOK, attempts=POISON)
    assert (last.outcome, last.foreseen, last.stops) == (Outcome.PARK, False, False)


def test_a_run_that_only_used_its_time_goes_on_at_once_and_after_silence_it_backs_off():
    assert decide(ERRORS["out of time"], D.REQUEST, attempts=5).seconds == 0
    assert decide(ERRORS["out of time"], D.REQUEST, attempts=5, unanswered=True).seconds >= 16


def test_the_backoff_doubles_with_jitter_up_to_five_minutes():
    assert all(2**n / 2 <= backoff(n) <= 2**n for n in range(1, 9))
    assert len({backoff(8) for _ in range(20)}) > 1
    assert max(backoff(1000) for _ in range(100)) <= 300


@pytest.mark.parametrize(("name", "longest"), [("project closed", 900), ("403", 1800)])
def test_what_gitlab_refuses_is_asked_for_less_and_less_often(name, longest):
    first, later = decide(ERRORS[name], D.NOTE).seconds, decide(ERRORS[name], D.NOTE, attempts=1000).seconds
    assert 40 <= first <= 60
    assert longest * 0.7 <= later <= longest


def test_a_reading_parked_for_gitlabs_words_stops_writing_too():
    assert decide(ERRORS["400 or 422"], D.LOOK).stops
