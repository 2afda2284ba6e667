# Two commands: `make run` and `make test`. Needs Python 3.11 or newer with venv, pip and make; nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export SAMPLE ?= true

.PHONY: run test lint lint-code lint-models sqlite-tests postgres-tests chosen-tests diagram gitlab-functional races faults
.PHONY: seeded-bugs soak outage benchmark receiver-load measure-outage measure-benchmark measure-receiver-load
.PHONY: environment runtime dev axe lock audit

run: runtime
	@exec $(BIN)/python manage.py up

# Everything; or one path, on SQLite: make test TESTS=tests/accounts
test: $(if $(TESTS),chosen-tests,lint sqlite-tests postgres-tests)

# A virtual environment, kept while it works. Made anew: one whose making or filling was interrupted, that was moved, whose
# Python is gone, or that is of another Python than the one asked for with PYTHON=…; but never one that is linked to.
VERSION = "%d.%d" % sys.version_info[:2]
SOUND := import sys, pip; from pathlib import Path; whole = sys.prefix in Path(sys.prefix, "bin/pip").read_text(); \
	assert whole and sys.version_info >= (3, 11); print($(VERSION))
ASKED := $(if $(filter-out default file undefined,$(origin PYTHON)),$(PYTHON))
environment:
	@installing=$$(cat $(VENV)/installing 2>/dev/null); \
	if [ -n "$$installing" ] && kill -0 $$installing 2>/dev/null; then \
	  echo "Another make (process $$installing) is filling $(VENV): wait for it."; exit 1; fi; \
	has=$$([ -n "$$installing" ] || $(BIN)/python -c '$(SOUND)' 2>/dev/null); \
	wanted=$$($(PYTHON) -c 'import sys; print($(VERSION)); sys.exit(sys.version_info < (3, 11))' 2>/dev/null); new=$$?; \
	if [ -n "$$has" ] && { [ -z "$(ASKED)" ] || [ "$$has" = "$$wanted" ]; }; then exit 0; fi; \
	say() { echo "$$1"; exit $$2; }; of="$${has:+of Python }$${has:-half-finished, moved or without its Python}"; \
	[ $$new = 0 ] || say "This needs Python 3.11 or newer; $(PYTHON) is $${wanted:-not there}: make PYTHON=python3.11 …" 1; \
	[ ! -L $(VENV) ] || say "$(VENV) is a link, and what it leads to is $$of: remove the link." 1; \
	[ ! -e $(VENV) ] || echo "$(VENV) is $$of: making it anew."; \
	echo "Creating an environment with Python $$wanted in $(VENV) …"; \
	$(PYTHON) -m venv --clear $(VENV) || { echo "No venv module: on Debian, apt-get install python3-venv"; exit 1; }

# $(call install,LOCK,…): what is pinned in the first lock, unless the environment has exactly this.
define install
@cmp -s $(firstword $1) $(VENV)/$(firstword $1) || { \
  echo "Installing $$(grep -c '^[a-z0-9-]*==' $(firstword $1)) packages, about half a minute …" && \
  echo $$$$ > $(VENV)/installing && \
  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r $(firstword $1) && \
  cp $1 $(VENV) && rm $(VENV)/installing; }
endef
runtime: environment
	$(call install,requirements.txt)
dev: environment
	$(call install,requirements-dev.txt requirements.txt)

# Compiles both locks from the dependencies in pyproject.toml. Pins stay as they are, whatever the index has by now, but for
# what is asked for: make lock UPGRADE="django celery", or UPGRADE=all. Then both are installed, with an old pip and today's.
TOOLS := $(VENV)-tools
UPGRADES = $(if $(filter all,$(UPGRADE)),--upgrade,$(addprefix --upgrade-package=,$(UPGRADE)))
COMPILE = $(TOOLS)/bin/uv pip compile pyproject.toml --quiet --python $(TOOLS)/bin/python --universal --python-version 3.11 \
	--generate-hashes --no-strip-extras --no-annotate --no-header --no-emit-index-url --no-emit-find-links $(UPGRADES)
lock:
	$(call tool,uv==0.13.9)
	@$(COMPILE) -o requirements.txt
	@$(COMPILE) --group dev -c requirements.txt -o requirements-dev.txt
	@$(TOOLS)/bin/python -m tests.locks
	@$(MAKE) --no-print-directory dev
	$(BIN)/python -m pytest -q -m "nightly or not nightly" tests/test_locks.py

# Are there known weaknesses in what is pinned? Asks an advisory index.
audit:
	$(call tool,pip-audit==2.10.1)
	@$(TOOLS)/bin/pip-audit --strict --disable-pip --require-hashes -r requirements-dev.txt

# Tools that work on the locks have an environment of their own, and are no part of what they lock.
define tool
@[ -x $(TOOLS)/bin/python ] || { echo "Creating an environment in $(TOOLS) …" && $(PYTHON) -m venv --clear $(TOOLS); }
@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --no-input $1
endef

# What must hold before any test runs. `check --deploy` runs in the production setting, in a test (tests/security).
# `makemigrations` runs all that `check` does, before it looks at a model.
lint: dev
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint-code lint-models
lint-code:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djade --check --target-version 5.2 $$(git ls-files 'templates/*.html')
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
lint-models:
	$(BIN)/python manage.py makemigrations --check --dry-run

# axe-core, for the accessibility of every page; where npm cannot get it that part is left out, loudly, and on CI it fails.
axe:
	@cmp -s tests/browser/package-lock.json tests/browser/node_modules/installed || { \
	  echo "Installing axe-core …" && npm ci --prefix tests/browser --loglevel=error --no-audit --no-fund && \
	  cp tests/browser/package-lock.json tests/browser/node_modules/installed; } || \
	echo "SKIPPED: npm is missing or could not install axe-core, so no accessibility checks."

# Three at a time: browser and dying processes, which go first as the largest groups, wait more than they work.
WORKERS ?= 3
PYTEST := $(BIN)/python -m pytest -q --durations=20 -n $(WORKERS)

sqlite-tests: dev axe
	env -u DATABASE_URL -u CELERY_BROKER_URL $(PYTEST)
chosen-tests: dev axe
	env -u DATABASE_URL -u CELERY_BROKER_URL $(PYTEST) $(TESTS)

# On PostgreSQL and Redis, wherever they answer: what can differ there. Everything: make postgres-tests ON_POSTGRESQL=tests
# Not the pages, and not the matrix, whose rules are Python; that the queues agree with them in SQL is tested here too.
ON_POSTGRESQL = tests/test_reads_stay_flat.py tests/workflow tests/faults tests/accounts tests/notifications/test_delivery.py tests/gitlab/test_push_create.py \
	tests/gitlab/test_models.py tests/gitlab/inbound/test_deaths.py tests/gitlab/inbound/test_both_sides_at_random.py \
	tests/gitlab/inbound/test_receiver.py tests/intake/test_races.py tests/intake/test_submit.py tests/catalogue/test_seeding.py
postgres-tests: dev
	@set -e; found="$$($(BIN)/python -m tests.services)"; eval "$$found"; \
	if [ -n "$$DATABASE_URL" ]; then \
	  echo "On $$DATABASE_URL and $${CELERY_BROKER_URL:-no Redis}"; \
	  EXAMPLES=$${EXAMPLES:-6} $(PYTEST) \
	    --ignore=tests/workflow/pages --ignore=tests/workflow/test_matrix.py $(ON_POSTGRESQL); \
	else echo "SKIPPED: no PostgreSQL answers; the tests ran on SQLite only."; fi

# Draws the life of a request out of the code (needs node).
diagram: dev axe
	$(BIN)/python manage.py life_diagram | node tests/browser/draw.mjs > docs/life.svg

# Thousands of opposite decisions; PostgreSQL where it answers, fewer on SQLite.
races: dev
	RACES=500 $(BIN)/python -m pytest -q tests/workflow/test_races.py
	@set -e; eval "$$($(BIN)/python -m tests.services)"; if [ -n "$$DATABASE_URL" ]; then \
	RACES=10000 $(BIN)/python -m pytest -q tests/workflow/test_races.py; fi

# The fault matrix's whole portals: killed, starved, restarted, cut off, restored; on SQLite, then on PostgreSQL and Redis
# where they answer. Half an hour; one test at a time, because each takes the machine. Which test shows which row:
# .venv/bin/python -m tests.fault_matrix
NIGHTLY = -q -m nightly --durations=0 --durations-min=1 $(FAULTS)
FAULTS ?= tests/faults/nightly tests/gitlab/test_foreign_text.py
faults: dev
	env -u DATABASE_URL -u CELERY_BROKER_URL $(BIN)/python -m pytest $(NIGHTLY)
	@set -e; eval "$$($(BIN)/python -m tests.services)"; if [ -n "$$DATABASE_URL" ]; then \
	echo "On $$DATABASE_URL and $${CELERY_BROKER_URL:-no Redis}"; $(BIN)/python -m pytest $(NIGHTLY); fi

# Each known bug is put in, and the harness must turn red.
seeded-bugs: dev
	$(BIN)/python -m pytest -q -m nightly tests/faults/nightly/test_seeded_bugs.py

# A seeded workload under a seeded nemesis, then the checks I1 to I8 (tests/soak). On SQLite and a Redis of its own, unless
# DATABASE_URL and CELERY_BROKER_URL name others.
MINUTES ?= 10
SEED ?= 1
soak: dev
	$(BIN)/python -m tests.soak --minutes $(MINUTES) --seed $(SEED)

# Measurements (tests/benchmarks), on SQLite, then on PostgreSQL and Redis where they answer; they want a quiet machine.
# outage: GitLab away for an hour, 500 changes. benchmark: pages, filing and a step beside a bare Django page, at each of
# SIZES (a million requests take ten minutes to write); then 1,000 changes on their way to GitLab against a bare loop of
# the same calls, GitLab next door and 100 ms away. receiver-load: 50 webhooks a second for a minute while GitLab hangs.
SIZES ?= 1000 100000
outage benchmark receiver-load: dev
	env -u DATABASE_URL -u CELERY_BROKER_URL $(MAKE) --no-print-directory measure-$@
	@set -e; eval "$$($(BIN)/python -m tests.services)"; \
	if [ -n "$$DATABASE_URL" ]; then $(MAKE) --no-print-directory measure-$@; fi
measure-outage:
	$(BIN)/python -m tests.benchmarks.outage
measure-benchmark:
	$(BIN)/python -m tests.benchmarks.pages --sizes $(SIZES)
	$(BIN)/python -m tests.benchmarks.drain
	$(BIN)/python -m tests.benchmarks.drain --latency 0.1 --workers 4
measure-receiver-load:
	$(BIN)/python -m tests.benchmarks.receiver

# python-gitlab's own functional tests, as they ship, against the sandbox GitLab.
gitlab-functional: dev
	$(BIN)/python tests/gitlab_sandbox/python_gitlab_functional.py -q
