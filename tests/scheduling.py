"""Which tests share a worker: what stands on something slow to start, so that it is started once.

pytest-xdist's own ``xdist_group`` does nothing from pytest 9.1 on: it renames a test, and names are kept elsewhere now.
"""

from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    "tests/browser/": "browser",  # one portal
    "tests/workflow/test_queue_equals_permission.py": "population",  # one population
    "tests/soak/": "soak",  # one past
    "tests/faults/test_creation_survives.py": "faults",  # real processes, and no more of them at once than needed
    "tests/faults/test_filing_survives.py": "faults",
    "tests/faults/test_telling_survives.py": "faults",
    "tests/gitlab/inbound/test_deaths.py": "faults",
    "tests/gitlab/label_schemes/test_deaths.py": "faults",
    "tests/portal/test_up.py": "faults",
}


class Together(LoadScopeScheduling):
    """Deals tests out one by one, and those of a group to one worker; the largest group first."""

    def _split_scope(self, nodeid):
        return next((group for place, group in TOGETHER.items() if nodeid.startswith(place)), nodeid)


def pytest_xdist_make_scheduler(config, log):
    """The scheduler of ``pytest -n``."""
    return Together(config, log)
