# Everything a person runs. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FAULTS := -n 0 tests/faults

.DEFAULT_GOAL := help
.PHONY: help demo env test check format types layers migrations deploy-check unit faults deep bench messages requirements clean

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(STAMP): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Rehabit needs Python 3.11 or newer; name it with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python cannot make an environment. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "environment: installing the pinned packages into $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

demo: $(STAMP) ## Show the whole path: sign up, confirm, twelve weeks in two minutes (EXIT=1 ends by itself)
	@$(BIN)/python -m config.local.demo $(if $(EXIT),--exit) $(if $(SECONDS_TO_PLAY),--seconds $(SECONDS_TO_PLAY))

env: ## Write .env for docker compose, with fresh secrets; never overwrites one
	@test ! -e .env || { echo ".env is there already: its secrets are in use, so it stays as it is"; exit 1; }
	@umask 077; $(PYTHON) -c 'import re, secrets; print(re.sub(r"(?m)^([A-Z_]+)=$$", lambda empty: empty[0] + secrets.token_hex(32), open(".env.example").read()), end="")' > .env.draft && mv .env.draft .env
	@echo "wrote .env; next: LOAD_CONTENT=1 docker compose up --build --wait"

test: check unit ## Everything that CI runs

check: format types layers migrations deploy-check ## Lint, types, layers, migrations, deployment settings

format: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --quiet --lint cms/templates nurture/templates

types: $(STAMP)
	$(BIN)/python -m config.local.run $(BIN)/mypy config cms nurture tests

layers: $(STAMP)
	$(BIN)/lint-imports

migrations: $(STAMP)
	$(BIN)/python -m config.local.run $(BIN)/python manage.py makemigrations --check --dry-run

deploy-check: $(STAMP)
	SITE_URL=https://care.example.org $(BIN)/python -m config.local.run $(BIN)/python manage.py check --deploy --fail-level WARNING

unit: $(STAMP) ## The tests, against real PostgreSQL, Redis, workers, SMTP and a browser
	$(BIN)/python -m pytest -n auto --ignore tests/faults
	$(BIN)/python -m pytest $(FAULTS)

messages: $(STAMP) ## Renew the translations of the interface, and say what is missing (config/locale)
	$(BIN)/python -m config.local.messages

faults: $(STAMP) ## Break everything on purpose; LONG=1 SEED=7 for 20,000 mails and 1,000 kills
	$(BIN)/python $(if $(LONG),-m tests.faults.long --seed $(or $(SEED),1) $(if $(MAILS),--mails $(MAILS)) $(if $(KILLS),--kills $(KILLS)),-m pytest $(FAULTS))

deep: $(STAMP) ## Look for days and hours: 20,000 schedules against a slow search, 1,500 lives of programmes
	HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest -n 2 tests/domain/test_schedule_reference.py tests/nurture/test_replan.py tests/nurture/test_machine.py

bench: $(STAMP) ## Measure against limits and peers (needs smtp-sink and wrk, and nginx for one line: apt-get install postfix wrk nginx-light)
	$(BIN)/python -m benchmarks $(BENCH)

requirements: $(STAMP) ## Compile requirements/*.txt again (needs uv)
	for name in base local dev peers; do uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements/$$name.in -o requirements/$$name.txt; done

clean: ## Forget the environment and all local data
	rm -rf $(VENV) .local
