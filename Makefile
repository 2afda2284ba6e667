# Two commands: `make run` and `make test`. Needs Python 3.11 or newer with venv, pip and make; nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export SAMPLE ?= true

.PHONY: run test lint lint-code lint-models sqlite-tests postgres-tests diagram gitlab-functional races faults seeded-bugs soak
.PHONY: outage benchmark receiver-load measure-outage measure-benchmark measure-receiver-load

run: $(VENV)/.runtime
	@exec $(BIN)/python manage.py up

test: $(VENV)/.dev lint sqlite-tests postgres-tests

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "SupportOps needs Python 3.11 or newer: make PYTHON=python3.11 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "No venv module: on Debian, apt-get install python3-venv"; exit 1; }

$(VENV)/.runtime: requirements.txt | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/.runtime

# What must hold before any test runs. `check --deploy` runs in the production setting, in a test (tests/security).
# `makemigrations` runs all that `check` does, before it looks at a model.
lint: $(VENV)/.dev
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint-code lint-models
lint-code:
	$(BIN)/ruff check .
	$(BIN)/djade --check --target-version 5.2 $$(git ls-files 'templates/*.html')
	$(BIN)/lint-imports --no-cache
lint-models:
	$(BIN)/python manage.py makemigrations --check --dry-run

# axe-core, for the accessibility of every page; without npm that part is left out, loudly, and on CI it fails.
$(VENV)/.axe: tests/browser/package-lock.json | $(VENV)/bin/python
	@if command -v npm >/dev/null; then npm ci --prefix tests/browser --silent && touch $@; \
	else echo "SKIPPED: no npm, so no accessibility checks."; fi

# Three at a time: browser and dying processes, which go first as the largest groups, wait more than they work.
WORKERS ?= 3

sqlite-tests: $(VENV)/.dev $(VENV)/.axe
	env -u DATABASE_URL -u CELERY_BROKER_URL $(BIN)/python -m pytest -q -n $(WORKERS)

# On PostgreSQL and Redis, wherever they answer: what can differ there. Everything: make postgres-tests ON_POSTGRESQL=tests
# Not the pages, and not the matrix, whose rules are Python; that the queues agree with them in SQL is tested here too.
ON_POSTGRESQL = tests/workflow tests/faults tests/accounts tests/notices/test_delivery.py tests/gitlab/test_push_create.py \
	tests/gitlab/test_models.py tests/gitlab_inward/test_deaths.py tests/gitlab_inward/test_both_sides_at_random.py \
	tests/gitlab_inward/test_receiver.py tests/intake/test_races.py tests/intake/test_submit.py tests/intake/test_seeding.py
postgres-tests: $(VENV)/.dev
	@set -e; found="$$($(BIN)/python -m tests.services)"; eval "$$found"; \
	if [ -n "$$DATABASE_URL" ]; then \
	  echo "On $$DATABASE_URL and $${CELERY_BROKER_URL:-no Redis}"; \
	  EXAMPLES=$${EXAMPLES:-6} $(BIN)/python -m pytest -q -n $(WORKERS) \
	    --ignore=tests/workflow/pages --ignore=tests/workflow/test_matrix.py $(ON_POSTGRESQL); \
	else echo "SKIPPED: no PostgreSQL answers; the tests ran on SQLite only."; fi

# Draws the life of a request out of the code (needs node).
diagram: $(VENV)/.dev
	npm ci --prefix tests/browser --silent
	$(BIN)/python manage.py life_diagram | node tests/browser/draw.mjs > workflow/life.svg

# Thousands of opposite decisions; PostgreSQL where it answers, fewer on SQLite.
races: $(VENV)/.dev
	RACES=500 $(BIN)/python -m pytest -q tests/workflow/test_races.py
	@set -e; eval "$$($(BIN)/python -m tests.services)"; if [ -n "$$DATABASE_URL" ]; then \
	RACES=10000 $(BIN)/python -m pytest -q tests/workflow/test_races.py; fi

# The fault matrix's whole portals: killed, starved, restarted, cut off, restored; on SQLite, then on PostgreSQL and Redis
# where they answer. Half an hour; one test at a time, because each takes the machine. Which test shows which row:
# .venv/bin/python -m tests.fault_matrix
NIGHTLY = -q -m nightly --durations=0 --durations-min=1 $(FAULTS)
FAULTS ?= tests/faults/nightly
faults: $(VENV)/.dev
	env -u DATABASE_URL -u CELERY_BROKER_URL $(BIN)/python -m pytest $(NIGHTLY)
	@set -e; eval "$$($(BIN)/python -m tests.services)"; if [ -n "$$DATABASE_URL" ]; then \
	echo "On $$DATABASE_URL and $${CELERY_BROKER_URL:-no Redis}"; $(BIN)/python -m pytest $(NIGHTLY); fi

# Each known bug is put in, and the harness must turn red.
seeded-bugs: $(VENV)/.dev
	$(BIN)/python -m pytest -q -m nightly tests/faults/nightly/test_seeded_bugs.py

# A seeded workload under a seeded nemesis, then the checks I1 to I8 (tests/soak). On SQLite and a Redis of its own, unless
# DATABASE_URL and CELERY_BROKER_URL name others.
MINUTES ?= 10
SEED ?= 1
soak: $(VENV)/.dev
	$(BIN)/python -m tests.soak --minutes $(MINUTES) --seed $(SEED)

# Measurements (tests/benchmarks), on SQLite, then on PostgreSQL and Redis where they answer; they want a quiet machine.
# outage: GitLab away for an hour, 500 changes. benchmark: 1,000 changes against a bare loop of the same calls, GitLab
# next door and 100 ms away. receiver-load: 50 webhooks a second for a minute while GitLab hangs.
outage benchmark receiver-load: $(VENV)/.dev
	env -u DATABASE_URL -u CELERY_BROKER_URL $(MAKE) --no-print-directory measure-$@
	@set -e; eval "$$($(BIN)/python -m tests.services)"; \
	if [ -n "$$DATABASE_URL" ]; then $(MAKE) --no-print-directory measure-$@; fi
measure-outage:
	$(BIN)/python -m tests.benchmarks.outage
measure-benchmark:
	$(BIN)/python -m tests.benchmarks.drain
	$(BIN)/python -m tests.benchmarks.drain --latency 0.1
measure-receiver-load:
	$(BIN)/python -m tests.benchmarks.receiver

# python-gitlab's own functional tests, as they ship, against the sandbox GitLab.
gitlab-functional: $(VENV)/.dev
	$(BIN)/python tests/gitlab_sandbox/python_gitlab_functional.py -q
