"""The soak's workers, and a request that eats: whoever pushes one called “Poison” runs out of memory.

HUNGER says how it ends: ``limit`` (an allocator under RLIMIT_AS, a MemoryError), ``kernel`` (the kernel's out-of-memory
killer, SIGKILL).
"""

import os
import resource
import signal

import tests.soak.worker  # noqa: F401  first the broker
from tests.soak.worker import app  # noqa: F401  what celery -A asks for

ROOM = 256 * 2**20


def _eat():
    if os.environ["HUNGER"] == "kernel":
        os.kill(os.getpid(), signal.SIGKILL)
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_used() + ROOM, before[1]))
    eaten = []
    try:
        while True:
            eaten.append(bytearray(2**24))
    finally:
        del eaten
        resource.setrlimit(resource.RLIMIT_AS, before)


def _used():
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[0]) * resource.getpagesize()


def _spoil(sender=None, **kwargs):
    from workflow.gitlab import push

    send = push._send_everything

    def greedy(run):
        if run.issue.title.startswith("Poison"):
            _eat()
        send(run)

    push._send_everything = greedy


app.on_after_finalize.connect(_spoil, weak=False)
