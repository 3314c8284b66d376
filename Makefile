# Two commands: `make run` sets everything up and serves; `make test` sets everything up and runs all tests.
# The work is in tools/setup, in Python that needs nothing installed.
PYTHON ?= python3
SETUP := $(PYTHON) -m tools.setup

.PHONY: help run setup test check bench fuzz fuzz-slides chaos-live train evaluate lock clean
help: ## this list
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: ## set everything up and serve, with two sample slides
	@$(SETUP) run

setup: ## set everything up and stop there
	@$(SETUP) setup

test: ## set everything up and run all tests
	@$(SETUP) test

check: ## format, lint, types, import contracts, schema snapshot
	@$(SETUP) check

bench: ## all benchmarks
	@$(SETUP) bench

bench-%: ## one benchmark, such as bench-tiles
	@$(SETUP) bench $*

fuzz: ## property tests with many more examples
	@$(SETUP) fuzz

fuzz-slides: ## 100,000 mutants of real slides against the readers
	@$(SETUP) fuzz-slides

chaos-live: ## 20 people edit while the API, Redis and MariaDB fail; prints its seed
	@$(SETUP) chaos-live

train: ## train the network and export it to model_repository/
	@$(SETUP) train

evaluate: ## the network's measured figures
	@$(SETUP) evaluate

lock: ## locks/*.txt from locks/*.in (needs uv)
	@$(PYTHON) -m tools.lock

clean: ## remove what was made or fetched; data/ stays
	@$(SETUP) clean
