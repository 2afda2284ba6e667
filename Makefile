# Two commands: `make run` and `make test`. Needs Python 3.11 or newer with venv, pip and make; nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export SAMPLE ?= true

.PHONY: run test lint sqlite-tests postgres-tests diagram gitlab-functional races

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
lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/djade --check --target-version 5.2 $$(git ls-files 'templates/*.html')
	$(BIN)/lint-imports --no-cache
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check

# axe-core, for the accessibility of every page; without npm that part is left out, loudly, and on CI it fails.
$(VENV)/.axe: tests/browser/package-lock.json | $(VENV)/bin/python
	@if command -v npm >/dev/null; then npm ci --prefix tests/browser --silent && touch $@; \
	else echo "SKIPPED: no npm, so no accessibility checks."; fi

sqlite-tests: $(VENV)/.dev $(VENV)/.axe
	env -u DATABASE_URL -u CELERY_BROKER_URL $(BIN)/python -m pytest -q -n 2 --dist loadgroup

# On PostgreSQL and Redis, wherever they answer: what can differ there. Everything: make postgres-tests ON_POSTGRESQL=tests
ON_POSTGRESQL = tests/workflow tests/faults tests/accounts tests/notices/test_delivery.py tests/gitlab/test_push_create.py \
	tests/gitlab/test_models.py tests/gitlab_inward/test_deaths.py tests/gitlab_inward/test_both_sides_at_random.py \
	tests/gitlab_inward/test_receiver.py tests/intake/test_races.py tests/intake/test_submit.py tests/intake/test_seeding.py
postgres-tests: $(VENV)/.dev
	@set -e; found="$$($(BIN)/python -m tests.services)"; eval "$$found"; \
	if [ -n "$$DATABASE_URL" ]; then \
	  echo "On $$DATABASE_URL and $${CELERY_BROKER_URL:-no Redis}"; \
	  $(BIN)/python -m pytest -q -n 2 --dist loadgroup --ignore=tests/workflow/pages $(ON_POSTGRESQL); \
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

# python-gitlab's own functional tests, as they ship, against the sandbox GitLab.
gitlab-functional: $(VENV)/.dev
	$(BIN)/python tests/sandbox/python_gitlab_functional.py -q
