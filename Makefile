# The way in: `make demo` to see it work, `make serve` to build against it, `make test` and `make check` to change it.
# Each environment installs itself when its requirements change.

DEV    := .venv/dev/bin
LAYER  := .layers/weasyprint
PYTHON := $(DEV)/python
WHERE  := $(if $(STACK),--stack=$(STACK),--local)
# The layer for this machine, so that tests render with the very libraries and fonts that are deployed.
NATIVE := LD_LIBRARY_PATH=$(CURDIR)/$(LAYER)/lib FONTCONFIG_PATH=$(CURDIR)/$(LAYER)/fonts

# pip compiles nothing below: the first process that imports a module does, and no other again.
unexport PYTHONDONTWRITEBYTECODE

ifeq ($(filter -j% --jobs%,$(MAKEFLAGS)),)
MAKEFLAGS += --jobs=3
endif

.PHONY: help demo drill serve token stop quarantine redrive erase contracts preview border test test-simulation test-stack \
    check republish package bench bench-memory load model performance cost mutation mutants soak fuzz build layers requirements clean

help:
	@echo 'make demo     a company week, from events to certificates: see out/demo'
	@echo 'make drill    [ONLY=SQS]: stop whatever it depends on, and deploy over it, while events flow: see out/drill.json'
	@echo 'make serve    leave the stack running: see out/serve.json'
	@echo 'make token    ROLE=company-admin SUB=acc-1 COMPANY=co-1 [EXPIRES_IN=-60]: a JWT for that stack'
	@echo 'make stop     end that stack'
	@echo 'make quarantine  [STACK=earned-prod] [QUEUE=progress] [SHOW=5]: what was refused or failed'
	@echo 'make redrive     QUEUE=progress [STACK=…] [REASON=…] [EVENT=…] [DRY_RUN=1]: send it back'
	@echo 'make erase    ACCOUNT=acc-1 [STACK=…] [DRY_RUN=1]: remove a person for good'
	@echo 'make contracts   docs/: schemas, AsyncAPI and OpenAPI, as the models say'
	@echo 'make preview  [DESIGN=folder] [OUT=out/preview]: sample certificates, and names in many scripts'
	@echo 'make border   [DESIGN=folder]: draw its borders in its colours'
	@echo 'make test     all tests'
	@echo 'make soak     [SEEDS=10000] [FIRST=1]: simulated stories full of faults, on all cores: see out/soak.json'
	@echo 'make fuzz     100,000 requests and 300,000 messages at random, on all cores: who sees what, what becomes of them'
	@echo 'make check    linters, types, templates and who may do what'
	@echo 'make build    [ARCH=arm64]: what is deployed, for both processors unless told, and what it weighs'
	@echo 'make package  what each built function weighs, and takes before its first event: see out/package.json'
	@echo 'make bench    what a certificate costs, beside other makers of PDFs: see out/bench'
	@echo 'make cost     what a certificate costs on AWS, counted and priced: see out/cost.json'
	@echo 'make bench-memory  our memory over 3,000 certificates'
	@echo 'make load     [PEOPLE=10000] marked at once on a local stack: see out/load'
	@echo 'make model    what AWS would make of it, and of a million, by its documented scaling: after load and package'
	@echo 'make mutants  [BUG=…] [SEEDS=1-1000]: plant each known bug, and see at which seed the simulator finds it'
	@echo 'make mutation changes the rules a little, hundreds of times: do the unit tests notice?'
	@echo 'make performance  docs/performance.md, from what bench, package, load and model measured'
	@echo 'make layers   native libraries and fonts, for the tests'
	@echo 'make clean    remove all that was made'

demo: .venv/dev/ready .venv/sam/ready .venv/ministack/ready
	@$(PYTHON) -m tools.local demo

drill: .venv/dev/ready .venv/sam/ready .venv/ministack/ready
	@$(PYTHON) -m tools.local drill $(if $(ONLY),--only='$(ONLY)')

serve: .venv/dev/ready .venv/sam/ready .venv/ministack/ready
	@$(PYTHON) -m tools.local serve

token: .venv/dev/ready
	@$(PYTHON) -m tools.local token --role='$(ROLE)' --sub='$(SUB)' --company='$(COMPANY)' $(if $(EXPIRES_IN),--expires-in=$(EXPIRES_IN))

stop: .venv/dev/ready
	@$(PYTHON) -m tools.local stop

# An operator's commands: on AWS with STACK, otherwise on the stack that `make serve` started.
quarantine: .venv/dev/ready
	@$(PYTHON) -m tools.operations quarantine $(WHERE) $(if $(QUEUE),--queue=$(QUEUE)) $(if $(SHOW),--show=$(SHOW))

redrive: .venv/dev/ready
	@$(PYTHON) -m tools.operations redrive $(WHERE) --queue='$(QUEUE)' $(if $(REASON),--reason=$(REASON)) \
	    $(addprefix --event=,$(EVENT)) $(if $(DRY_RUN),--dry-run)

erase: .venv/dev/ready
	@PYTHONPATH=layers/core $(PYTHON) -m tools.operations erase $(WHERE) --account='$(ACCOUNT)' $(if $(DRY_RUN),--dry-run)

contracts: .venv/dev/ready
	@PYTHONPATH=layers/core $(PYTHON) -m tools.contracts

DESIGN ?= layers/core/earned/document/certificate
OUT    ?= out/preview
preview: .venv/dev/ready $(LAYER)/ready
	@$(NATIVE) PYTHONPATH=layers/core $(PYTHON) -m tools.design.preview --design='$(DESIGN)' --out='$(OUT)'

border: .venv/dev/ready
	@$(PYTHON) -m tools.design '$(DESIGN)'

test: .venv/dev/ready .venv/sam/ready .venv/ministack/ready $(LAYER)/ready .venv/conformance/ready .venv/package/ready
ifdef ARGS
	@$(NATIVE) $(PYTHON) -m pytest $(ARGS)
else
	@$(NATIVE) $(PYTHON) -m pytest --numprocesses=auto --dist=loadfile tests/package tests/integration tests/unit
	@$(MAKE) --no-print-directory test-simulation test-stack
endif

test-simulation: .venv/dev/ready $(LAYER)/ready
	@$(NATIVE) $(PYTHON) -m pytest --numprocesses=auto --dist=loadfile tests/simulation

# Mostly waits for the stack, and so can be beside the simulation.
test-stack: .venv/dev/ready .venv/sam/ready .venv/ministack/ready
	@$(PYTHON) -m pytest tests/e2e

# Ends with exit 1 and a shrunk story when an invariant is violated. Each seed is another story; the same seed is the same one.
SEEDS ?= 10000
FIRST ?= 1
soak: .venv/dev/ready $(LAYER)/ready
	@$(NATIVE) PYTHONPATH=layers/core $(PYTHON) -m tests.simulation --json=out/soak.json --processes=$$(nproc) \
	    --seeds=$(FIRST)-$$(($(FIRST) + $(SEEDS) - 1))

check: .venv/dev/ready .venv/checkov/ready
	@$(DEV)/ruff check .
	@$(DEV)/ruff format --check .
	@$(DEV)/mypy
	@PYTHONPATH=layers/core:. $(DEV)/lint-imports --no-logo --no-cache
	@$(DEV)/cfn-lint template.yaml infra/*.yaml
	@$(PYTHON) -m pytest tests/unit/test_template.py tests/unit/test_roles.py
	@.venv/checkov/bin/checkov --framework cloudformation --skip-download --compact --quiet -f template.yaml infra/*.yaml

# Some minutes; `make test` has the first of these seeds. Says in the end how many there were, and what came of them.
fuzz: .venv/dev/ready $(LAYER)/ready
	@$(NATIVE) $(PYTHON) -m pytest --numprocesses=auto --dist=worksteal -m '' -k random \
	    tests/integration/authorization tests/integration/test_fuzzed_messages.py

# Two thousand learners of a course that loses a lesson.
republish: .venv/dev/ready .venv/sam/ready .venv/ministack/ready
	@$(PYTHON) -m pytest tests/e2e/test_republication.py -m long -s

ARCH ?= both
build: .venv/dev/ready .venv/sam/ready
	@$(PYTHON) -m tools.package.shipping --arch='$(ARCH)'

# Fails when a function is over its budget, which another's work on this machine can cause.
package: .venv/dev/ready .venv/sam/ready .venv/ministack/ready .venv/package/ready
	@$(PYTHON) -m tools.package

bench: .venv/dev/ready .venv/bench/ready $(LAYER)/ready
	@$(PYTHON) -m tools.bench

# The one warning says what moto cannot create, as in pyproject.toml.
cost: .venv/dev/ready $(LAYER)/ready
	@$(NATIVE) PYTHONPATH=layers/core $(PYTHON) -W error -W 'ignore:Tried to parse AWS:UserWarning' -m tools.costs

bench-memory: .venv/dev/ready $(LAYER)/ready
	@$(PYTHON) -m tools.bench --memory

PEOPLE ?= 10000
load: .venv/dev/ready .venv/sam/ready .venv/ministack/ready .venv/bench/ready
	@$(PYTHON) -m tools.load run --people=$(PEOPLE)

model: .venv/dev/ready
	@$(PYTHON) -m tools.load model

mutants: .venv/dev/ready $(LAYER)/ready
	@$(NATIVE) $(PYTHON) -m tests.planted_bugs $(if $(SEEDS),--seeds='$(SEEDS)') $(BUG)

mutation: .venv/mutation/ready
	@.venv/mutation/bin/python -m tests.mutation

performance: .venv/dev/ready
	@$(PYTHON) -m tools.bench.performance

layers: $(LAYER)/ready

$(LAYER)/ready: .venv/dev/ready $(wildcard layers/weasyprint/*)
	@$(PYTHON) layers/weasyprint/build_layer.py --out $(LAYER) --arch $$(uname -m | sed s/aarch64/arm64/) \
	    --python $$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
	@touch $@

.venv/%/ready: requirements/%.txt tools/local/find_python.sh
	@python=$$(tools/local/find_python.sh) && echo "Installing .venv/$*" >&2 && rm -rf .venv/$* && "$$python" -m venv .venv/$*
	@.venv/$*/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r $< >&2
	@touch $@

# Needs uv. Compiles the groups of pyproject.toml; pins stay unless UPGRADE is given. The layers take the versions of dev.
COMPILE := UV_CUSTOM_COMPILE_COMMAND='make requirements' uv --quiet pip compile --generate-hashes --no-emit-index-url \
    --universal --python-version 3.11
requirements:
	@for group in dev sam ministack conformance bench checkov package mutation; do \
	    $(COMPILE) $(if $(UPGRADE),--upgrade) --group $$group --output-file requirements/$$group.txt || exit; done
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --group layer-tools --output-file layers/weasyprint/tools.txt
	@$(COMPILE) --constraint requirements/dev.txt --group runtime --output-file layers/dependencies/requirements.txt
	@$(COMPILE) --constraint requirements/dev.txt --group document --output-file layers/weasyprint/requirements.txt

clean:
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m tools.local stop; fi
	rm -rf .venv .layers .local .aws-sam out .mypy_cache .ruff_cache .pytest_cache .hypothesis
