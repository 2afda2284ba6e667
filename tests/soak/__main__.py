"""``python -m tests.soak --minutes 10 --seed 1``: exit code 0 if everything held, 1 if not.

On SQLite and a broker of files, unless DATABASE_URL and CELERY_BROKER_URL name PostgreSQL and Redis.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import django

from tests.soak.house import WATCHES, House
from tests.soak.plan import Plan


def main():
    """Run one soak as the command line says."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # or its processes would outlive it
    plan = Plan(asked.seed, asked.minutes * 60)
    _say(f"Seed {asked.seed}, {asked.minutes:g} minutes, plan {plan.fingerprint} with {len(plan.blows)} faults.")
    folder = Path(tempfile.mkdtemp(prefix="supportops-soak-"))
    house = House(folder)
    held = False
    try:
        house.begin()
        os.environ |= house.environment(LOG_LEVEL="40", PGAPPNAME=WATCHES)
        django.setup()
        held = _soak(house, plan, asked.rate)
    finally:
        house.close()
        if held and not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            _say(f"What the processes printed is in {folder}.")
    sys.exit(0 if held else 1)


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="A soak; see tests/soak/__init__.py.")
    parser.add_argument("--minutes", type=float, default=10, help="how long people and the nemesis work")
    parser.add_argument("--seed", type=int, default=1, help="the same seed is the same plan")
    parser.add_argument("--rate", type=float, default=3, help="operations a second at most")
    parser.add_argument("--keep", action="store_true", help="keep the folder with logs and data")
    return parser.parse_args()


def _soak(house, plan, rate):
    from tests.soak.run import Soak

    _say(f"On {house.database_url.partition(':')[0]}; the portal is up at {house.url}.")
    soak = Soak(house, plan, rate=rate, say=_say)
    held = soak.run()
    for line in soak.report():
        print(line)
    _say(f"Seed {plan.seed}, plan {plan.fingerprint}: {'everything held' if held else 'NOT everything held'}.")
    return held


def _say(words):
    print(f"{time.strftime('%H:%M:%S')} {words}", flush=True)


if __name__ == "__main__":
    main()
