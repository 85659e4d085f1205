# make build | run | demo | test | lint | clean
# Ports of `make run`, e.g. make run WEB_PORT=9080:
ZEO_PORT ?= 8100
WEB_PORT ?= 8080
SERVER_PORT ?= 8090
CONSUMER_PORT ?= 8089

PY3 = .venv3/bin/python
HARNESS = PYTHONPATH=tests $(PY3) -m
# What SENAITE's own packages deprecate is no news to us
BINTEST = PYTHONWARNINGS=ignore bin/test
PYTEST = $(PY3) -m pytest -q -p no:cacheprovider

.PHONY: build run demo test test-unit test-integration test-cluster \
	test-browser lint clean
.NOTPARALLEL:

build:
	@scripts/build.sh

run: build
	@$(HARNESS) harness.run --zeo-port $(ZEO_PORT) --web-port $(WEB_PORT) \
		--server-port $(SERVER_PORT) --consumer-port $(CONSUMER_PORT)

demo: build
	@$(HARNESS) harness.demo

# All parts run, also when one of them fails
test:
	@$(MAKE) --no-print-directory -k test-unit test-integration test-cluster \
		test-browser

test-unit: build
	@echo "== Unit tests, Python 3"
	@PYTHONPATH=src $(PYTEST) src/senaite/queue/tests/unit
	@echo "== Unit tests, Python 2.7"
	@$(BINTEST) --tests-pattern '^unit$$'

test-integration: build
	@echo "== Integration tests in a SENAITE site, Python 2.7"
	@$(BINTEST) --tests-pattern '^integration$$'

test-cluster: build
	@echo "== Cluster tests: real processes"
	@PYTHONPATH=tests $(PYTEST) tests/cluster

test-browser: build
	@echo "== Browser tests: headless Chromium"
	@PYTHONPATH=tests $(PYTEST) -rs tests/browser

lint: build
	@scripts/lint.sh

clean:
	rm -rf .venv2 .venv3 .build bin develop-eggs eggs parts var .installed.cfg \
		build dist .pytest_cache .ruff_cache .hypothesis src/*.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
	find . -name '*.py[co]' -delete
