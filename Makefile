# Two commands: `make demo` shows it, `make test` proves it. Both make .venv first.
PYTHON ?= python3.11
BIN := .venv/bin
export THUOCDO_HOME ?= $(CURDIR)/var/demo
# Hundreds of processes are started: what was compiled once is not compiled again by each of them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install demo test programs collected steady chaos engines check lock fuzz tour clean-demo

install: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: apt-get install python3.11"; exit 1; }
	@$(PYTHON) -c "import ensurepip" 2>/dev/null || sh tests/need.sh python3-venv
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install
	$(BIN)/thuocdo demo

# Screenshots of every page in build/tour, of what runs already (`make demo` in another window).
SITE ?= http://127.0.0.1:8000
tour: install
	PYTHONPATH=. $(BIN)/python tools/tour.py $(SITE) build/tour $(THUOCDO_HOME)

test:
	@$(MAKE) --no-print-directory -j3 check programs collected
	env -u THUOCDO_HOME $(BIN)/python -m pytest -m alone tests/assess
	env -u THUOCDO_HOME $(BIN)/python -m pytest -m "not alone" -n 3 --dist loadfile

# Assertions are rewritten once, not by every worker for itself; meanwhile programs are fetched.
collected: install
	@said=$$(env -u THUOCDO_HOME $(BIN)/python -m pytest --collect-only -qq 2>&1) || { echo "$$said"; exit 1; }

# What the tests start beside Python's packages; installed while those are.
programs:
	@sh tests/need.sh chromium poppler-utils libreoffice-writer-nogui libreoffice-calc-nogui nodejs npm postgresql

# The long run of what `make test` does shortly: as many strikes as asked for (docs/reliability.md).
ROUNDS ?= 200
chaos: install
	env -u THUOCDO_HOME THUOCDO_CHAOS_ROUNDS=$(ROUNDS) $(BIN)/python -m pytest tests/chaos

# The long run of tests/assess/test_steady.py: each page scanned so many times, five runs of Lighthouse each.
SCANS ?= 20
steady: install
	env -u THUOCDO_HOME THUOCDO_STEADY_SCANS=$(SCANS) $(BIN)/python -m pytest tests/assess/test_steady.py

# Every test of figures on both engines, those too that `make test` runs on one.
engines: install
	env -u THUOCDO_HOME THUOCDO_TEST_ALL_ENGINES=1 $(BIN)/python -m pytest tests/measure

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock:
	$(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --strip-extras --allow-unsafe --extra dev --extra spark --extra probes --extra postgresql -o requirements.lock pyproject.toml

FUZZ_TARGETS = $(shell $(BIN)/python -c "from tests.fuzz.targets import TARGETS; print(*TARGETS)")
FUZZ_RUNS ?= 640000

fuzz: install    # ten million inputs in all: about an hour on one core
	for target in $(FUZZ_TARGETS); do $(BIN)/python -m tests.fuzz.run $$target --runs $(FUZZ_RUNS) || exit 1; done

clean-demo:
	rm -rf var/demo
