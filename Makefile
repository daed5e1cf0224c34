# Two commands set everything up on a machine with Python 3.11+, pip and make:
#   make optimize    installs into .venv and proposes an allocation on the bundled data
#   make test        runs the tests that need pip alone, and prints what it skipped
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# polars has threads of its own; a second pool of BLAS threads on the same cores only makes both wait.
export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help install optimize test test-all test-peers fuzz check format lock docs evidence mutation benchmarks benchmarks-reports site gallery messages wheel clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/toolkit: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12"; exit 1; }
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

install: $(BIN)/toolkit  ## Create .venv and install the pinned dependencies and the toolkit

optimize: $(BIN)/toolkit  ## Propose an allocation on the bundled data and say where the report is
	$(BIN)/toolkit optimize $(ARGS)

# One worker for each core and one more, at most four, each with one thread; one process with ARGS="-n 0".
# Tests are compiled once, and not once for each worker and each process that they start.
PYTEST = PYTHONDONTWRITEBYTECODE= POLARS_MAX_THREADS=1 $(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist worksteal

test: $(BIN)/toolkit  ## Run the tests that need pip alone
	$(PYTEST) -m "not browser" $(ARGS)
	@echo "Left out: the tests in a browser, which make test-all runs"

test-all: $(BIN)/toolkit  ## Run every test; a skip is a failure
	TOOLKIT_NO_SKIP=1 $(PYTEST) $(ARGS)

test-peers:  ## Run the tests beside skfolio and bt (installs them into .peers)
	test -d .peers || $(PYTHON) -m venv .peers
	.peers/bin/python -m pip install --quiet --disable-pip-version-check skfolio bt pytest hypothesis --editable .
	.peers/bin/python -m pytest -q tests/peers $(ARGS)

mutation:  ## Score the unit tests by mutants, ARGS="core/units ..." (installs mutmut into .peers)
	test -d .peers || $(PYTHON) -m venv .peers
	.peers/bin/python -m pip install --quiet --disable-pip-version-check 'mutmut>=3.8,<4' pytest hypothesis time-machine pandas --editable .
	.peers/bin/python -m tools.mutation $(ARGS)

fuzz: $(BIN)/toolkit  ## Run damaged and random inputs, N=2000 of each kind, and keep what fails in tests/corpus
	$(BIN)/python -m tools.fuzz $(or $(N),2000) $(ARGS)

check: $(BIN)/toolkit  ## Lint, format, types, layering, spelling, workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/zizmor --quiet --offline .github

format: $(BIN)/toolkit  ## Format and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(BIN)/toolkit  ## Pin every dependency with hashes, and list the parts of a release (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --group test --group lint pyproject.toml -o requirements.txt
	echo "weasyprint>=68.0" | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --constraint requirements.txt - -o .ci/pdf.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra web --constraint requirements.txt pyproject.toml -o .ci/web.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra data --extra xlsx --constraint requirements.txt pyproject.toml -o .ci/cli.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.txt -r .ci/pdf.txt
	$(BIN)/python -m tools.sbom

docs: $(BIN)/toolkit  ## Write again what the documents copy from the code: columns, language, schemas, the example
	$(BIN)/python -m tools.docs

evidence: $(BIN)/toolkit  ## Write docs/evidence.md again (needs the listed series of ../shared/testdata)
	$(BIN)/python -m benchmarks.evidence

benchmarks:  ## Write docs/benchmarks.md again, beside the peers (installs them into .peers; a quarter of an hour)
	test -d .peers || $(PYTHON) -m venv .peers
	.peers/bin/python -m pip install --quiet --disable-pip-version-check skfolio riskfolio-lib pyportfolioopt cvxportfolio --editable .
	PEERS_PACKAGES= .peers/bin/python -m benchmarks.page

site:  ## Build the documents as a site that works from a disk into out/site, German in out/site/de (installs the group docs into .site)
	test -d .site || $(PYTHON) -m venv .site
	.site/bin/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	.site/bin/python -m pip install --quiet --disable-pip-version-check --group docs
	.site/bin/sphinx-build --quiet --nitpicky --fail-on-warning --keep-going docs out/site
	.site/bin/sphinx-build --quiet --nitpicky --fail-on-warning --keep-going -D language=de \
	  -D html_theme_options.announcement='<a href="../index.html" hreflang="en">English</a>' docs out/site/de

gallery: $(BIN)/toolkit  ## Write docs/gallery.md and its pictures again (needs Chromium)
	$(BIN)/python -m tools.gallery

benchmarks-reports:  ## Print the report beside those of quantstats and jquantstats (installs them into .peers)
	test -d .peers || $(PYTHON) -m venv .peers
	.peers/bin/python -m pip install --quiet --disable-pip-version-check quantstats jquantstats pytest --editable .
	PEERS_PACKAGES= .peers/bin/python -m benchmarks.reports

messages: $(BIN)/toolkit  ## List the messages of reports that lack a German translation
	$(BIN)/python -m tools.messages de

wheel: $(BIN)/toolkit  ## Build the wheel into dist/
	$(BIN)/python -m build --no-isolation --wheel

clean:  ## Remove what can be made again
	rm -rf $(VENV) .peers .site out dist build .pytest_cache .ruff_cache .hypothesis
