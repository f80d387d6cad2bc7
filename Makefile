# What people do with the template. `make` lists it. Python >= 3.11, git and make are all it needs.
.DEFAULT_GOAL := help
# a uv that was fetched for the template serves the projects that its demo and its tests set up
export PATH := $(PATH):$(CURDIR)/.uv/bin
# some machines are told never to store compiled modules, and then compile thousands for every command
export PYTHONDONTWRITEBYTECODE :=
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
RUN := $(UV) run --quiet

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.uv/bin/uv:
	python3 -m pip install --quiet --target .uv uv

.PHONY: demo
demo: | $(UV) ## Generate a project into demo/, run its product, decide, react, stop
	@$(RUN) python tools/demo.py

.PHONY: test
test: | $(UV) ## Run the fast tests, and the own commands of every kind of project
	@$(RUN) pytest -m "not longest and not alone" -n 2 --dist loadfile
	@$(RUN) pytest -m "alone and not longest"

.PHONY: test-all
test-all: | $(UV) ## Run these, and those that would make them too long for every change
	@$(RUN) pytest -m "not alone" -n 2 --dist loadfile
	@$(RUN) pytest -m alone

.PHONY: test-fast
test-fast: | $(UV) ## Run the tests that take seconds
	@$(RUN) pytest -m "not slow" -n 2

.PHONY: check
check: | $(UV) ## Check style, types and workflows of the template itself
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(RUN) mypy
	@$(RUN) mypy hooks/pre_gen_project.py
	@$(RUN) mypy hooks/post_gen_project.py
	@$(RUN) zizmor --offline --quiet --persona=pedantic .github
	@$(RUN) actionlint .github/workflows/*.yml
	@$(RUN) check-jsonschema --quiet --builtin-schema=vendor.github-workflows .github/workflows/*.yml
	@$(RUN) check-jsonschema --quiet --builtin-schema=vendor.dependabot .github/dependabot.yml

.PHONY: fix
fix: | $(UV) ## Put right what can be put right without thought
	@$(RUN) ruff check --fix
	@$(RUN) ruff format

.PHONY: listing
listing: | $(UV) ## Rewrite tests/listings/, the lists of every generated file
	@$(RUN) python tests/listing.py

.PHONY: names
names: | $(UV) ## Rewrite the names that a project may not take
	@$(RUN) python tools/names.py

.PHONY: openapi
openapi: | $(UV) ## Rewrite the descriptions of API and table that fresh projects come with
	@$(RUN) python tools/openapi.py

.PHONY: bench
bench: | $(UV) ## Measure the product beside others (wrk has to be there)
	@$(RUN) python benchmarks/serving/run.py

.PHONY: bench-tables
bench-tables: | $(UV) ## Bring real tables, from file to checks: an hour or two
	@$(RUN) python benchmarks/tables/collect.py
	@$(RUN) python benchmarks/tables/run.py

.PHONY: bench-data
bench-data: | $(UV) ## Measure the data wheel beside DuckDB, Polars and pandas, up to 10 million rows: 20 minutes
	@$(RUN) python benchmarks/data/run.py

.PHONY: release
release: ## Tag and release the version of pyproject.toml on GitHub: ci does it
	@python3 tools/release.py

.PHONY: clean
clean: ## Remove the demo and everything that tools made
	rm -rf demo .venv .uv .pytest_cache .mypy_cache .ruff_cache
	find hooks tests tools -name __pycache__ -type d -exec rm -rf {} +
