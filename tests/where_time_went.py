"""Says at the end of a run where its time went: seconds and CPU seconds a folder, each test's with its set-up.

CPU seconds hold up on a busy machine. A process that a test starts counts for the test that sees it end.
"""

import os
from collections import defaultdict
from time import perf_counter

import pytest

_spent = pytest.StashKey[tuple[float, float]]()
_folders = pytest.StashKey[dict[str, list[float]]]()


def _now() -> tuple[float, float]:
    """The clock and the CPU seconds of this process and its ended children."""
    return perf_counter(), sum(os.times()[:4])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    item.stash[_spent] = _now()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "teardown":
        (clock, cpu), (clock_before, cpu_before) = _now(), item.stash[_spent]
        report.user_properties.append(("spent", (clock - clock_before, cpu - cpu_before)))
    return report


def pytest_configure(config):
    config.stash[_folders] = defaultdict(lambda: [0, 0.0, 0.0])
    config.pluginmanager.register(Summary(config.stash[_folders]), "where time went")


class Summary:
    """Adds up what the tests, or the workers of xdist, report."""

    def __init__(self, folders):
        self.folders = folders

    def pytest_runtest_logreport(self, report):
        """Adds one test to its folder."""
        if spent := dict(report.user_properties).get("spent"):
            total = self.folders[os.path.dirname(report.nodeid.partition("::")[0])]
            for place, one in enumerate((1, *spent)):
                total[place] += one

    def pytest_terminal_summary(self, terminalreporter):
        """One line a folder, the dearest first."""
        terminalreporter.section("where time went", "-")
        for folder, (tests, clock, cpu) in sorted(self.folders.items(), key=lambda row: -row[1][2]):
            terminalreporter.write_line(f"{clock:7.1f} s  {cpu:7.1f} CPU-s  {tests:5} tests  {folder}")
