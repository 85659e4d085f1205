# make build | run | demo | test | bench | lint | docs | package | pot | clean
# make crashtest | plants | killpoints | storetest | concurrency | soak | fuzz |
# audit: see docs/reliability.rst
# Ports of `make run`, e.g. make run WEB_PORT=9080:
ZEO_PORT ?= 8100
WEB_PORT ?= 8080
SERVER_PORT ?= 8090
CONSUMER_PORT ?= 8089
# What `make run` starts: cluster, standalone, standalone-wsgi
MODE ?= cluster

# Of the campaigns: how long, how hard, and which of all runs
KILLS ?= 50
MINUTES ?=
SEED ?=
PLANT ?=
REQUESTS ?= 10000

PY3 = .venv3/bin/python
HARNESS = PYTHONPATH=tests $(PY3) -m
# What SENAITE's own packages deprecate is no news to us
BINTEST = PYTHONWARNINGS=ignore bin/test
PYTEST = $(PY3) -m pytest -q -p no:cacheprovider

.PHONY: build run demo test test-unit test-integration test-cluster \
	test-functional test-integrated test-without-speedups test-unit-py2 test-unit-py3 \
	test-plain test-browser test-core bench-pages bench bench-monitor test-docs test-py3 tools docs screenshots \
	package pot pot-check lint clean crashtest plants killpoints storetest \
	concurrency soak fuzz audit
# `make test` alone says what may run beside what
ifndef BESIDE_OTHERS
.NOTPARALLEL:
endif

build:
	@scripts/build.sh

run: build
	@$(HARNESS) harness.run --mode $(MODE) --zeo-port $(ZEO_PORT) --web-port $(WEB_PORT) \
		--server-port $(SERVER_PORT) --consumer-port $(CONSUMER_PORT)

demo: build
	@$(HARNESS) harness.demo

# All parts run, also when one of them fails: two at a time, the longest first,
# and they show what they said when they are done. The processes of the cluster
# tests are killed and measured, and want the machine for themselves.
BESIDE = test-functional test-without-speedups test-integrated test-browser test-plain \
	test-unit-py2 test-unit-py3 test-py3 test-docs

test: build
	@echo "Two at a time, about 15 minutes: $(BESIDE)"
	@failed=0; \
	$(MAKE) --no-print-directory -k -j2 --output-sync=target BESIDE_OTHERS=1 \
		$(BESIDE) || failed=1; \
	$(MAKE) --no-print-directory test-cluster || failed=1; \
	exit $$failed

test-unit: test-unit-py3 test-unit-py2

test-unit-py3: build
	@echo "== Unit tests, Python 3"
	@PYTHONPATH=src $(PYTEST) src/senaite/queue/tests/unit

test-unit-py2: build
	@echo "== Unit tests, Python 2.7"
	@$(BINTEST) --tests-pattern '^unit$$'

test-integration: test-functional test-integrated

# One layer has half of the integration tests
test-functional: build
	@echo "== Integration tests in a SENAITE site, Python 2.7: layer with samples"
	@$(BINTEST) --tests-pattern '^integration$$' --layer ':Stocked$$'

test-integrated: build
	@echo "== Integration tests in a SENAITE site, Python 2.7: other layers"
	@$(BINTEST) --tests-pattern '^integration$$' --layer '!:Stocked$$'

# What tasks leave behind is the same when nothing is held back or remembered
test-without-speedups: build
	@echo "== Process tests, speedups switched off"
	@SENAITE_QUEUE_SPEEDUPS=off $(BINTEST) --tests-pattern '^integration$$' \
		-t test_process_actions -t test_process_assign \
		-t test_process_template -t test_client_process -t test_endstate

test-cluster: build
	@echo "== Cluster tests: real processes"
	@PYTHONPATH=tests $(PYTEST) -m "not long" tests/cluster \
		--ignore=tests/cluster/test_plain.py

# They start sites of their own
test-plain: build
	@echo "== Sites without reserved clients: real processes"
	@PYTHONPATH=tests $(PYTEST) tests/cluster/test_plain.py

test-browser: build
	@echo "== Browser tests: headless Chromium"
	@PYTHONPATH=tests $(PYTEST) -rs tests/browser

# Real processes under load, killed at random; then everything is compared
crashtest: build
	@$(HARNESS) crash.campaign --kills $(KILLS) $(if $(SEED),--seed $(SEED)) \
		$(if $(MINUTES),--minutes $(MINUTES)) $(if $(PLANT),--plant $(PLANT))

# Does the campaign notice faults? Four are planted, one after the other
plants: build
	@$(HARNESS) crash.plants --kills $(KILLS) $(if $(SEED),--seed $(SEED))

# Every place in the code at which a process may die, one by one
killpoints: build
	@PYTHONPATH=tests $(PYTEST) tests/cluster/test_killpoints.py

storetest: build
	@STORE_KILLS=200 PYTHONPATH=src $(PYTEST) \
		src/senaite/queue/tests/unit/test_storage_faults.py \
		src/senaite/queue/tests/unit/test_storage_backup.py
	@PYTHONPATH=tests $(PYTEST) -rs tests/cluster/test_store_under_fire.py

concurrency: build
	@$(HARNESS) crash.concurrency

soak: build
	@$(HARNESS) crash.soak $(if $(MINUTES),--minutes $(MINUTES))

# schemathesis is not needed for anything else: it has an environment of its
# own
.venvfuzz/made: requirements-fuzz.txt
	@python3 -m venv .venvfuzz && .venvfuzz/bin/pip install -q \
		-r requirements-fuzz.txt && touch $@

fuzz: build .venvfuzz/made
	@PYTHONPATH=tests .venvfuzz/bin/python -m fuzz.fuzz \
		--requests $(REQUESTS) $(if $(SEED),--seed $(SEED))

audit: .venvfuzz/made
	@scripts/audit.sh

# Half an hour: SENAITE core's tests, without and with the add-on
test-core: build
	@scripts/test-core.sh

# What the add-on costs a page, with 10,000 tasks queued
bench-pages: build
	@bin/queue-bench pages

# On every Python 3 of this machine that SENAITE may move to
test-py3: build
	@scripts/test_py3.sh

test-docs: build
	@echo "== Documentation and translations"
	@PYTHONPATH=src $(PYTEST) -rs tests/docs
bench-monitor: build
	@$(HARNESS) harness.monitor_bench

# All benchmarks but the longest; one: bin/queue-bench NAME [--json]
bench: build
	@bin/queue-bench all

lint: build
	@scripts/lint.sh

tools:
	@scripts/tools.sh

docs: tools
	@.venvdocs/bin/python docs/diagram.py --check
	@.venvdocs/bin/python -m sphinx -E -W --keep-going -q -b html docs build/docs
	@echo "The documentation is in build/docs/index.html"

# Pictures of today's pages: those that the documentation shows
screenshots: build
	@PYTHONPATH=tests $(PYTEST) tests/browser -k "not hostile"
	@grep -rhoE 'images/[a-z0-9-]+\.png' docs/*.rst | sort -u | \
		while read -r name; do \
			cp "var/screenshots/$${name#images/}" docs/images/; done

# sdist and wheel in dist, checked
package: tools
	@scripts/package.sh

# The texts of the package: senaite.queue.pot, and what translations lack
pot: tools
	@.venvdocs/bin/python scripts/locales.py pot
	@.venvdocs/bin/python scripts/locales.py update

pot-check: tools
	@.venvdocs/bin/python scripts/locales.py check

clean:
	rm -rf .venv2 .venv3 .venvfuzz .venvdocs .venvpy3 .build bin develop-eggs eggs parts var .installed.cfg \
		build dist .pytest_cache .ruff_cache .hypothesis src/*.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
	find . -name '*.py[co]' -delete
