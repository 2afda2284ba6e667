"""Structured logs: JSON lines for machines, plain lines for people; no bodies, no tokens."""

import logging
from typing import TypedDict

import structlog
from structlog.typing import Processor


class Wanted(TypedDict):
    """What ``settings.LOGGING`` says."""

    level: int
    json: bool


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def tell_refusals_calmly(record: logging.LogRecord) -> bool:
    """A filter: a page that says no (4xx) works as it should, so it is told as information, without a traceback."""
    if getattr(record, "status_code", 500) >= 500:
        return True
    record.levelno, record.levelname, record.exc_info = logging.INFO, "INFO", None
    return logging.root.level <= logging.INFO


def configure(wanted: Wanted) -> None:
    """Set up logging and structlog from ``{"level": int, "json": bool}`` (called by Django with settings.LOGGING)."""
    renderer = (
        structlog.processors.JSONRenderer()
        if wanted["json"]
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    in_words = [structlog.processors.format_exc_info] if wanted["json"] else []  # what a library logs has none yet
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *in_words, renderer],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(wanted["level"])
    logging.getLogger("django.request").addFilter(tell_refusals_calmly)
    for noisy in ("django_structlog", "urllib3", "kombu", "amqp"):
        logging.getLogger(noisy).setLevel(max(wanted["level"], logging.WARNING))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,  # nothing is made ready that nobody hears
            *_SHARED,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
