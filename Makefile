# The targets of this project; `make help` prints these lines.
#
# To try it
#   build        the development environment: about 5 minutes, once
#   run          a cluster with SENAITE's demo site, until Ctrl-C
#   demo         the same, and a worksheet is worked off while you watch
#   clean        remove everything that was built, the site of `run` included
#
# Before a change is taken
#   test         all tests that CI runs: 20 to 30 minutes on two cores
#   lint         style, bytecode on both Pythons, well-formed ZCML and XML
#   check        test, lint, docs and package: what .ci/run runs
#   test-long    what `test` leaves out; hours, before a release
#
# Parts of `test`, each of which runs alone as well
#   test-unit          test-unit-py3 and test-unit-py2: no Zope
#   test-integration   test-functional, test-process and test-integrated: a
#                      site in memory
#   test-without-speedups   those of what tasks do, with the speedups off
#   test-cluster       real processes, killed and restarted
#   test-own           the same, in clusters of other kinds
#   test-plain         the same without reserved ZEO clients, and on WSGI
#   test-browser       headless Chromium
#   test-py3-quick     the unit tests that may differ on another Python 3
#   test-docs          code blocks of the documentation, texts, translations
#
# Parts of `test-long`: see docs/reliability.rst
#   test-thorough      unit tests in full on all Pythons, with more examples,
#                      and each speedup stepping aside alone
#   test-py3           the same on each Python 3 only, with few examples
#   test-cluster-long  a copy, backups put back by hand, a forged server, old and
#                      new processes side by side, stops and clocks in a
#                      campaign, and how soon pages are right
#   test-core          SENAITE core's tests, without and with the add-on;
#                      QUEUED=1: its doctests, without it and done by tasks
#   test-addons        beside eight other add-ons, which it fetches
#   crashtest, plants, killpoints, storetest, concurrency, soak, fuzz
#
# Figures
#   bench              all benchmarks but the longest; one: bin/queue-bench NAME
#   bench-pages        what the add-on costs a page, 10,000 tasks queued
#   bench-monitor      the monitor with 100,000 tasks
#   bench-open-pages   what 200 open pages cost a web client
#
# Before a release
#   docs         the documentation, in build/docs
#   gallery      pictures of each page in each state of a click, to be looked at
#   screenshots  take the pictures of the documentation again
#   package      sdist and wheel in dist, built and checked
#   pot          collect the texts in senaite.queue.pot and all translations
#   pot-check    fail when `make pot` would change something
#   audit        known vulnerabilities of the packages that are used
#   tools        the environment of docs, package and pot
#
# Variables
#   WEB_PORT, ZEO_PORT, SERVER_PORT, CONSUMER_PORT   where `run` listens
#   MODE=cluster|standalone|standalone-wsgi          what `run` starts
#   PYTHON27, PYTHON3                                interpreters for `build`
#   JOBS                   parts of `test` at the same time (scripts/jobs.sh)
#   QUEUED=1               `test-core` by tasks
#   TESTS_SHARE=3/20       each twentieth scenario of `test-thorough`
#   KILLS, MINUTES, SEED, PLANT, REQUESTS            of the campaigns

ZEO_PORT ?= 8100
WEB_PORT ?= 8080
SERVER_PORT ?= 8090
CONSUMER_PORT ?= 8089
MODE ?= cluster

KILLS ?= 50
MINUTES ?=
SEED ?=
PLANT ?=
REQUESTS ?= 10000

PY3 = .venv3/bin/python
HARNESS = PYTHONPATH=tests $(PY3) -m
PART = @scripts/part.sh
# Deprecations in SENAITE's own packages are not ours to mend. Page templates
# are compiled once for all processes of all parts.
CACHE = var/cache
BINTEST = env PYTHONWARNINGS=ignore CHAMELEON_CACHE=$(CURDIR)/$(CACHE) bin/test
INTEGRATION = $(BINTEST) --tests-pattern '^integration$$'
PYTEST = $(PY3) -m pytest -q -p no:cacheprovider
UNIT = env PYTHONPATH=src $(PYTEST)
PROCESSES = env PYTHONPATH=tests $(PYTEST) -rs -m "not long"

.PHONY: help build run demo clean
.PHONY: test check lint test-long
.PHONY: test-unit test-unit-py2 test-unit-py3
.PHONY: test-py3 test-py3-quick test-thorough
.PHONY: test-integration test-functional test-process test-integrated
.PHONY: test-without-speedups
.PHONY: test-cluster test-cluster-long test-own test-plain test-browser test-docs
.PHONY: test-core test-addons
.PHONY: crashtest plants killpoints storetest concurrency soak fuzz
.PHONY: bench bench-pages bench-monitor bench-open-pages
.PHONY: docs screenshots gallery package pot pot-check audit tools

# Only `test` and `check` run parts side by side: in a make of their own, when
# the build is done
ifndef BESIDE_OTHERS
.NOTPARALLEL:
BUILD = build
endif

help:
	@sed -n -e '/^$$/q' -e 's/^# \{0,1\}//p' Makefile

build:
	@scripts/build.sh
	@mkdir -p $(CACHE)

run: build
	@$(HARNESS) harness.run --mode $(MODE) --zeo-port $(ZEO_PORT) \
		--web-port $(WEB_PORT) --server-port $(SERVER_PORT) \
		--consumer-port $(CONSUMER_PORT)

demo: build
	@$(HARNESS) harness.demo

# -- Tests ---------------------------------------------------------------------

# The longest first: what begins last should be short
TESTS = \
	test-process \
	test-functional \
	test-cluster \
	test-browser \
	test-integrated \
	test-own \
	test-without-speedups \
	test-unit-py2 \
	test-unit-py3 \
	test-plain \
	test-py3-quick \
	test-docs
CHECKS = lint docs package
LONG = \
	test-thorough \
	test-cluster-long \
	killpoints \
	storetest \
	crashtest \
	plants \
	concurrency \
	soak \
	fuzz \
	test-core \
	test-addons

# All parts run, also when one of them fails. They print what they have to say
# when they are done, so that two of them do not mix their lines.
define side_by_side
	@jobs=$${JOBS:-$$(scripts/jobs.sh)}; \
	echo "$$jobs at the same time, about $(1) minutes: $(2)"; \
	$(MAKE) --no-print-directory -k -j$$jobs --output-sync=target \
		BESIDE_OTHERS=1 $(2)
endef

test: build
	$(call side_by_side,20 to 30,$(TESTS))

check: build tools
	$(call side_by_side,25 to 35,$(TESTS) $(CHECKS))

test-long: build
	@failed=; for part in $(LONG); do \
		$(MAKE) --no-print-directory $$part || failed="$$failed $$part"; \
	done; \
	[ -z "$$failed" ] || { echo "Failed:$$failed"; exit 1; }

test-unit: test-unit-py3 test-unit-py2

test-unit-py3: $(BUILD)
	$(PART) "Unit tests, Python 3" $(UNIT) src/senaite/queue/tests/unit

test-unit-py2: $(BUILD)
	$(PART) "Unit tests, Python 2.7" $(BINTEST) --tests-pattern '^unit$$'

# On every Python 3 that SENAITE may move to
test-py3: build
	@scripts/test_py3.sh

# On the ones that test-unit-py3 does not run on, what may differ there
test-py3-quick: $(BUILD)
	@scripts/test_py3.sh --quick

# Everything on every Python, with many examples and threads: tests/effort.py
test-thorough: build
	@TESTS_THOROUGH=1 $(MAKE) --no-print-directory test-unit-py2
	@TESTS_THOROUGH=1 $(INTEGRATION) -t test_each_speedup -t test_settlement
	@TESTS_THOROUGH=1 scripts/test_py3.sh

test-integration: test-functional test-process test-integrated

# Layers that take long have a process of their own
test-functional: $(BUILD)
	$(PART) "Integration tests in a SENAITE site: layer with samples" \
		$(INTEGRATION) --layer ':Stocked$$'

test-process: $(BUILD)
	$(PART) "Integration tests in a SENAITE site: what tasks leave behind" \
		$(INTEGRATION) --layer ':Twins$$'

test-integrated: $(BUILD)
	$(PART) "Integration tests in a SENAITE site: other layers" \
		$(INTEGRATION) --layer '!:(Stocked|Twins)$$'

# What tasks leave behind is the same when nothing is held back or remembered
test-without-speedups: $(BUILD)
	$(PART) "Process tests, speedups switched off" \
		env SENAITE_QUEUE_SPEEDUPS=off $(INTEGRATION) \
		-t test_process_actions -t test_process_assign \
		-t test_process_template -t test_single_process -t test_endstate \
		-t test_settlement

# These modules start clusters of their own
OWN = test_away test_balanced test_campaign test_harness
OWN_FILES = $(OWN:%=tests/cluster/%.py)
PLAIN_FILES = tests/cluster/test_plain.py

test-cluster: $(BUILD)
	$(PART) "Cluster tests: one cluster of real processes" $(PROCESSES) \
		tests/cluster $(OWN_FILES:%=--ignore=%) $(PLAIN_FILES:%=--ignore=%)

test-own: $(BUILD)
	$(PART) "Cluster tests: clusters of other kinds" $(PROCESSES) $(OWN_FILES)

test-cluster-long: build
	@PYTHONPATH=tests $(PYTEST) -rs tests/cluster/test_copy.py \
		tests/cluster/test_restored.py tests/cluster/test_rolling.py
	@PYTHONPATH=tests $(PYTEST) -rs -m long tests/cluster/test_campaign.py \
		tests/browser/test_clicks.py

test-plain: $(BUILD)
	$(PART) "Cluster tests: sites without reserved ZEO clients" \
		$(PROCESSES) $(PLAIN_FILES)

test-browser: $(BUILD)
	$(PART) "Browser tests: headless Chromium" $(PROCESSES) tests/browser

test-docs: $(BUILD)
	$(PART) "Documentation and translations" $(UNIT) -rs tests/docs

# Half an hour
test-core: build
	@QUEUED=$(QUEUED) scripts/test-core.sh

# Other add-ons of SENAITE 2.6, in a build of their own that shares the eggs
.addons/made: addons.cfg buildout.cfg versions.cfg setup.py
	@mkdir -p .addons
	@echo "Fetching the add-ons of addons.cfg ..."
	@.venv2/bin/python -W ignore .venv2/bin/buildout -N -c addons.cfg \
		>.addons/buildout.log 2>&1 || { tail -30 .addons/buildout.log; exit 1; }
	@touch $@

test-addons: build .addons/made
	$(PART) "Beside other add-ons of SENAITE" env PYTHONWARNINGS=ignore \
		CHAMELEON_CACHE=$(CURDIR)/$(CACHE) .addons/bin/test

# -- Campaigns -------------------------------------------------------------------

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

# schemathesis is needed for nothing else: it has an environment of its own
.venvfuzz/made: requirements-fuzz.txt
	@python3 -m venv .venvfuzz && .venvfuzz/bin/pip install -q \
		-r requirements-fuzz.txt && touch $@

fuzz: build .venvfuzz/made
	@PYTHONPATH=tests .venvfuzz/bin/python -m fuzz.fuzz \
		--requests $(REQUESTS) $(if $(SEED),--seed $(SEED))

audit: .venvfuzz/made
	@scripts/audit.sh

# -- Figures -----------------------------------------------------------------------

bench: build
	@echo "All benchmarks, about 15 minutes on an idle machine with two cores"
	@bin/queue-bench all

bench-pages: build
	@bin/queue-bench pages

bench-monitor: build
	@$(HARNESS) harness.monitor_bench

bench-open-pages: build
	@$(HARNESS) harness.pages_bench

# -- Documentation and packages ----------------------------------------------------

lint: $(BUILD)
	$(PART) "Style" scripts/lint.sh

tools:
	@scripts/tools.sh

docs: tools
	@.venvdocs/bin/python docs/diagram.py --check
	@rm -rf build/docs
	$(PART) "Documentation is built" .venvdocs/bin/python -m sphinx \
		-E -W --keep-going -q -b html docs build/docs
	@.venvdocs/bin/python scripts/check_links.py build/docs
	@echo "The documentation is in build/docs/index.html"

# Pictures of today's pages: those that the documentation shows
# Each page in each state of a click, to be looked at
gallery: build
	@PYTHONPATH=tests $(PYTEST) -rs tests/browser/test_gallery.py

screenshots: build
	@PYTHONPATH=tests $(PYTEST) tests/browser -k "not hostile"
	@grep -rhoE 'images/[a-z0-9-]+\.png' docs/*.rst | sort -u | \
		while read -r name; do \
			cp "var/screenshots/$${name#images/}" docs/images/; done

package: tools $(BUILD)
	$(PART) "Packages" scripts/package.sh

pot: tools
	@.venvdocs/bin/python scripts/locales.py pot
	@.venvdocs/bin/python scripts/locales.py update

pot-check: tools
	@.venvdocs/bin/python scripts/locales.py check

clean:
	rm -rf .venv2 .venv3 .venvfuzz .addons .venvdocs .venvpy3 .build .installed.cfg
	rm -rf bin develop-eggs eggs parts var build dist src/*.egg-info
	rm -rf .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
	find . -name '*.py[co]' -delete
