# `make help` lists all targets. Each environment in .venv installs itself when its requirements change.

DEV    := .venv/dev/bin
LAYER  := .layers/weasyprint
LINT   := .venv/node/lint
TYPESCRIPT := .venv/node/typescript
VERIFIERS := .venv/node/verifiers
BROWSER := .layers/browser
PYTHON := $(DEV)/python
# The tools import the package from its layer.
EARNED := PYTHONPATH=layers/core $(PYTHON)
# The value of a variable as one word for the shell, whatever is in it.
quoted = '$(subst ','\'',$(value $(1)))'
WHERE  := $(if $(STACK),--stack=$(call quoted,STACK),--local)
# The WeasyPrint layer built for this machine: tests render with the libraries and fonts that are deployed.
NATIVE := LD_LIBRARY_PATH=$(CURDIR)/$(LAYER)/lib FONTCONFIG_PATH=$(CURDIR)/$(LAYER)/fonts

# pip runs with --no-compile: the first process that imports a module writes its bytecode.
unexport PYTHONDONTWRITEBYTECODE

ifeq ($(filter -j% --jobs%,$(MAKEFLAGS)),)
MAKEFLAGS += --jobs=3
endif

.PHONY: help demo drill serve token stop quarantine redrive erase disclose consumers rotate-key restore-table restore-documents sweep \
    import replay preflight changes protect pages contracts preview compiled-designs same-bytes draw-border test test-simulation test-stack \
    test-browser pictures \
    lint-openapi lint-console soak fuzz planted-bugs planted-bugs-of-tests planted-bugs-sample mutation-test mutation-sample check build \
    package bench bench-memory load load-model cost \
    performance-report layers layers-lock requirements sbom audit clean

help:
	@echo 'See it work'
	@echo '  make demo                [KEEP=1]: a company week on a local stack, from events to certificates: out/demo/'
	@echo '  make serve               [ALLOWED_ORIGINS=...]: start a local stack and leave it running: out/serve.json'
	@echo '  make token               ROLE=company-admin SUB=acc-1 [COMPANY=co-1] [EXPIRES_IN=3600]: a JWT for that stack'
	@echo '  make stop                stop that stack'
	@echo '  make preview             [DESIGN=folder] [OUT=out/preview]: sample certificates, and names in many scripts'
	@echo '  make compiled-designs    [RECORDS=10000]: compare compiled pages with WeasyPrint alone: out/compiled.json'
	@echo '  make same-bytes          the layers of both processors draw the same bytes: out/same-bytes/'
	@echo '  make draw-border         [DESIGN=folder]: draw the borders of a design in its colours'
	@echo 'Change it'
	@echo '  make check               linters, types, import rules, OpenAPI, templates and IAM policies'
	@echo '  make test                [ARGS=...]: all tests, or pytest with these arguments'
	@echo '  make test-simulation     the simulation tests of make test'
	@echo '  make test-stack          the end-to-end tests of make test, on a local stack'
	@echo '  make test-browser        [ARGS=...]: the tests of the pages in a browser, from make test'
	@echo '  make pictures            [ONLY=verify-*.dark]: pictures of every page in every look: out/pictures/, and those of docs/'
	@echo '  make lint-openapi        lint docs/openapi.json by the recommended rules of Redocly and Spectral'
	@echo '  make lint-console        check the types of the pages in layers/core/earned/api/console'
	@echo '  make contracts           generate the event schemas, AsyncAPI and OpenAPI in docs/'
	@echo '  make requirements        [UPGRADE=1]: compile the dependency groups of pyproject.toml to pins'
	@echo '  make layers              the native libraries and fonts that tests render with'
	@echo '  make layers-lock         lock the newest Debian packages of the WeasyPrint layer by version and SHA-256'
	@echo '  make sbom                what the layers contain, as CycloneDX: out/sbom/'
	@echo '  make audit               known vulnerabilities of all Python packages; fails when it could not look'
	@echo '  make clean               stop the local stack and delete everything that make created'
	@echo 'Test it harder'
	@echo '  make drill               [ONLY=SQS]: dependencies that fail or hang, and deployments, while events flow: out/drill.json'
	@echo '  make soak                [SEEDS=10000] [FIRST=1]: simulated stories with faults, on all cores: out/soak.json'
	@echo '  make fuzz                100,000 random API requests and 300,000 random messages, on all cores'
	@echo '  make planted-bugs        [BUG=name] [SEEDS=1-1000] [ARGS=--replay]: a seed with which the simulator finds each planted bug'
	@echo '  make planted-bugs-of-tests [BUG=name]: each of the other planted bugs fails the unit or integration test that it names'
	@echo '  make planted-bugs-sample [SEED=1]: the random part of them in make test'
	@echo '  make mutation-test       [MODULE=earned.domain.rules]: change the code in small ways: do the tests notice? out/mutation.json'
	@echo '  make mutation-sample     [SEED=1]: the random part of it in make test'
	@echo 'Measure it'
	@echo '  make bench               time and size of a certificate beside other PDF libraries: out/bench/'
	@echo '  make bench-memory        memory over 3,000 certificates: out/bench/memory.json'
	@echo '  make package             size and cold start of each built function: out/package.json'
	@echo '  make load                [ONLY=hall] [PEOPLE=10000]: many people at once on a local stack: out/load/; ONLY: hall, republication, export, import'
	@echo '  make load-model          forecast that load on AWS; needs make load and make package: out/load/model.json'
	@echo '  make cost                what a certificate costs on AWS: out/cost.json'
	@echo '  make performance-report  write docs/performance.md; needs make bench, package, load and load-model'
	@echo 'Operate it (on AWS with STACK=earned-prod, otherwise on the stack of make serve)'
	@echo '  make build               [ARCH=arm64] [IN_CONTAINER=1]: what sam deploy takes, for both processors by default'
	@echo '  make quarantine          [QUEUE=progress] [SHOW=5]: the messages in the dead-letter queues'
	@echo '  make redrive             QUEUE=progress [REASON=...] [EVENT=...] [DRY_RUN=1]: send them back to their queue'
	@echo '  make erase               ACCOUNT=acc-1 [ALSO="former name or address"] [MFA=arn] [DRY_RUN=1]: erase a person for good'
	@echo '  make rotate-key          [USE=statuses]: replace the key that signs certificates, or status lists'
	@echo '  make disclose            ACCOUNT=acc-1: all that is held about a person, for that person: out/disclosure-acc-1.zip'
	@echo '  make consumers           DO=stop or DO=start: the functions that read the queues'
	@echo '  make restore-table       TABLE=records [AT=2026-11-30T08:00:00Z] [EXISTING=name]: a lost table, under a new name'
	@echo '  make restore-documents   FROM=bucket: put the documents of another bucket into that of STACK'
	@echo '  make sweep               check every record and document now, to the end'
	@echo '  make preflight           [PARAMETERS=...]: is the account ready for STACK? before the first deployment'
	@echo '  make changes             [ARCH=x86_64]: what a deployment of the last build would change in STACK'
	@echo '  make protect             refuse updates of STACK that replace or delete data, and its termination'
	@echo '  make pages               EDGE=earned-edge: copy the pages of STACK into the bucket of its edge'
	@echo '  make import              FILE=history.csv [DRY_RUN=1] [ONLY_VALID=1] [RATE=200]: check a history of events, then post it; goes on after a stop'
	@echo '  make replay              SINCE=2026-11-30T08:00:00Z [UNTIL=...]: put archived announcements on the bus again'

demo: .venv/dev/ready .venv/sam/ready .venv/ministack/ready
	@$(EARNED) -m tools.local demo $(if $(KEEP),--keep)

drill: .venv/dev/ready .venv/sam/ready .venv/ministack/ready
	@$(EARNED) -m tools.local drill $(if $(ONLY),--only=$(call quoted,ONLY))

serve: .venv/dev/ready .venv/sam/ready .venv/ministack/ready
	@$(EARNED) -m tools.local serve $(if $(ALLOWED_ORIGINS),--allowed-origins=$(call quoted,ALLOWED_ORIGINS))

token: .venv/dev/ready
	@$(EARNED) -m tools.local token --role=$(call quoted,ROLE) --sub=$(call quoted,SUB) --company=$(call quoted,COMPANY) $(if $(EXPIRES_IN),--expires-in=$(EXPIRES_IN))

stop: .venv/dev/ready
	@$(EARNED) -m tools.local stop

# Operator commands: on AWS with STACK, otherwise on the stack that `make serve` started.
quarantine: .venv/dev/ready
	@$(EARNED) -m tools.operations quarantine $(WHERE) $(if $(QUEUE),--queue=$(call quoted,QUEUE)) $(if $(SHOW),--show=$(SHOW))

redrive: .venv/dev/ready
	@$(EARNED) -m tools.operations redrive $(WHERE) --queue=$(call quoted,QUEUE) $(if $(REASON),--reason=$(call quoted,REASON)) \
	    $(addprefix --event=,$(EVENT)) $(if $(DRY_RUN),--dry-run)

erase: .venv/dev/ready
	@$(EARNED) -m tools.operations erase $(WHERE) --account=$(call quoted,ACCOUNT) $(if $(ALSO),--also=$(call quoted,ALSO)) \
	    $(if $(MFA),--mfa=$(call quoted,MFA)) $(if $(DRY_RUN),--dry-run)

rotate-key: .venv/dev/ready
	@$(EARNED) -m tools.operations rotate-key $(WHERE) $(if $(USE),--use=$(call quoted,USE))

restore-table: .venv/dev/ready
	@$(EARNED) -m tools.operations restore-table $(WHERE) --table=$(call quoted,TABLE) $(if $(AT),--at=$(call quoted,AT)) $(if $(EXISTING),--existing=$(call quoted,EXISTING))

consumers: .venv/dev/ready
	@$(EARNED) -m tools.operations consumers $(WHERE) $(if $(DO),--$(DO))

restore-documents: .venv/dev/ready
	@$(EARNED) -m tools.operations restore-documents $(WHERE) --from=$(call quoted,FROM)

disclose: .venv/dev/ready
	@$(EARNED) -m tools.operations disclose $(WHERE) --account=$(call quoted,ACCOUNT)

import: .venv/dev/ready
	@$(EARNED) -m tools.importing --file=$(call quoted,FILE) $(WHERE) $(if $(RATE),--rate=$(RATE)) \
	    $(if $(ONLY_VALID),--only-valid) $(if $(DRY_RUN),--dry-run)

replay: .venv/dev/ready
	@$(EARNED) -m tools.operations replay $(WHERE) --since=$(call quoted,SINCE) $(if $(UNTIL),--until=$(call quoted,UNTIL))

sweep: .venv/dev/ready
	@$(EARNED) -m tools.operations sweep $(WHERE)

# On AWS only: STACK is required.
preflight: .venv/dev/ready
	@$(EARNED) -m tools.operations preflight --stack=$(call quoted,STACK) --parameters=$(call quoted,PARAMETERS)

# The architecture is that of the build: make build ARCH=x86_64, then make changes STACK=... ARCH=x86_64.
changes: .venv/dev/ready .venv/sam/ready
	@$(EARNED) -m tools.operations changes --stack=$(call quoted,STACK) --template=.aws-sam/$(patsubst both,arm64,$(ARCH))/build/template.yaml

protect: .venv/dev/ready
	@$(EARNED) -m tools.operations protect --stack=$(call quoted,STACK)

pages: .venv/dev/ready
	@$(EARNED) -m tools.operations pages --stack=$(call quoted,STACK) --edge=$(call quoted,EDGE)

contracts: .venv/dev/ready
	@$(EARNED) -m tools.contracts

compiled-designs: .venv/dev/ready $(LAYER)/ready
	@$(NATIVE) $(EARNED) -m tools.design.compiled $(if $(RECORDS),--records=$(RECORDS))

# Takes minutes, because arm64 is emulated.
EMULATOR := .layers/arm64
same-bytes: build .venv/package/ready $(EMULATOR)/ready
	@$(EARNED) -m tools.same_bytes

$(EMULATOR)/ready: .venv/dev/ready tools/same_bytes/build_emulator.py tools/same_bytes/emulator.py layers/weasyprint/debian.py
	@$(EARNED) -m tools.same_bytes.build_emulator --out $(EMULATOR)
	@touch $@

OUT ?= out/preview
preview: .venv/dev/ready $(LAYER)/ready
	@$(NATIVE) $(EARNED) -m tools.design.preview $(if $(DESIGN),--design=$(call quoted,DESIGN)) --out=$(call quoted,OUT)

draw-border: .venv/dev/ready
	@$(EARNED) -m tools.design $(if $(DESIGN),$(call quoted,DESIGN),layers/core/earned/document/designs/default)

test: .venv/dev/ready .venv/sam/ready .venv/ministack/ready $(LAYER)/ready .venv/conformance/ready .venv/package/ready \
    .venv/client/ready $(TYPESCRIPT)/ready $(VERIFIERS)/ready .venv/testing/ready
ifdef ARGS
	@$(NATIVE) $(PYTHON) -m pytest $(ARGS)
else
	@$(NATIVE) $(PYTHON) -m pytest --numprocesses=auto --dist=loadfile tests/package tests/integration tests/unit tests/verifiers
	@$(MAKE) --no-print-directory test-simulation test-stack test-browser mutation-sample planted-bugs-sample
endif

test-simulation: .venv/dev/ready $(LAYER)/ready
	@$(NATIVE) $(PYTHON) -m pytest --numprocesses=auto --dist=loadfile tests/simulation

# Mostly waits for the stack, so it runs beside the simulation.
test-stack: .venv/dev/ready .venv/sam/ready .venv/ministack/ready .venv/client/ready $(TYPESCRIPT)/ready
	@$(PYTHON) -m pytest tests/e2e

# The browser and its driver are in an environment of their own; the site that they visit is in that of the other tests.
# Playwright's own Node needs libatomic, which a bare Debian does not have.
test-browser: .venv/dev/ready .venv/browser/ready .venv/node/ready $(LAYER)/ready $(BROWSER)/ready
	@PLAYWRIGHT_NODEJS_PATH=$(CURDIR)/.venv/node/bin/node .venv/browser/bin/python -m pytest $(or $(ARGS),tests/browser)

pictures: .venv/dev/ready .venv/browser/ready .venv/node/ready $(LAYER)/ready $(BROWSER)/ready
	@PLAYWRIGHT_NODEJS_PATH=$(CURDIR)/.venv/node/bin/node .venv/browser/bin/python -m tests.browser.pictures $(if $(ONLY),--only=$(call quoted,ONLY))

$(BROWSER)/ready: .venv/dev/ready tools/browser/build_browser.py layers/weasyprint/debian.py
	@$(PYTHON) tools/browser/build_browser.py --out $(BROWSER)
	@touch $@

# Exits with 1 and a shrunk story when an invariant is violated. A seed always generates the same story.
FIRST ?= 1
soak: .venv/dev/ready $(LAYER)/ready
	@$(NATIVE) $(EARNED) -m tests.simulation --json=out/soak.json --processes=$$(nproc) \
	    --seeds=$(FIRST)-$$(($(FIRST) + $(or $(SEEDS),10000) - 1))

lint-openapi: $(LINT)/ready
	@$(IN_LINT) redocly lint --config tools/contracts/lint/redocly.yaml docs/openapi.json
	@$(IN_LINT) spectral lint --ruleset tools/contracts/lint/spectral.yaml --fail-severity=hint docs/openapi.json

lint-console: $(LINT)/ready
	@$(IN_LINT) tsc --project tools/contracts/lint/console.tsconfig.json

check: .venv/dev/ready .venv/checkov/ready lint-openapi lint-console
	@$(DEV)/ruff check .
	@$(DEV)/ruff format --check .
	@$(DEV)/mypy
	@PYTHONPATH=layers/core:. $(DEV)/lint-imports --no-logo --no-cache
	@$(DEV)/cfn-lint --regions us-east-1 eu-central-1 ap-southeast-2 -- template.yaml infra/*.yaml
	@$(PYTHON) -m pytest tests/unit/templates tests/unit/test_template.py tests/unit/test_roles.py
	@.venv/checkov/bin/checkov --framework cloudformation --skip-download --compact --quiet -f template.yaml infra/*.yaml

# Takes minutes; `make test` runs the first of these seeds.
fuzz: .venv/dev/ready $(LAYER)/ready
	@$(NATIVE) $(PYTHON) -m pytest --numprocesses=auto --dist=worksteal -m '' -k random \
	    tests/integration/authorization tests/integration/test_fuzzed_messages.py

ARCH ?= both
ifdef IN_CONTAINER
# The environments of the container are in volumes of their own: those of this machine may be another system's.
CONTAINERS ?= docker
build:
	@command -v $(CONTAINERS) >/dev/null || { echo "$(CONTAINERS) not found: install Docker, or name a program that has its \
	commands (CONTAINERS=podman). Without a container, make build runs on Debian and Ubuntu." >&2; exit 1; }
	@echo 'Building in a container; the first time takes minutes' >&2
	@$(CONTAINERS) build --quiet --tag earned-build tools/package/container >&2
	@$(CONTAINERS) run --rm --init --user "$$(id -u):$$(id -g)" --volume '$(CURDIR):/checkout' \
	    --volume earned-build-environments:/checkout/.venv --volume earned-build-cache:/cache earned-build make build ARCH='$(ARCH)'
else
build: .venv/dev/ready .venv/sam/ready
	@$(EARNED) -m tools.package.shipping --arch='$(ARCH)'
endif

# Fails when a function is over its budget; a busy machine can cause that.
package: .venv/dev/ready .venv/sam/ready .venv/ministack/ready .venv/package/ready
	@$(EARNED) -m tools.package

bench: .venv/dev/ready .venv/bench/ready $(LAYER)/ready
	@$(EARNED) -m tools.bench

# The ignored warning is about resources that moto cannot create, as in pyproject.toml.
cost: .venv/dev/ready $(LAYER)/ready
	@$(NATIVE) $(EARNED) -W error -W 'ignore:Tried to parse AWS:UserWarning' -m tools.costs

bench-memory: .venv/dev/ready $(LAYER)/ready
	@$(EARNED) -m tools.bench --memory

load: .venv/dev/ready .venv/sam/ready .venv/ministack/ready .venv/bench/ready
	@$(EARNED) -m tools.load $(or $(ONLY),hall) $(if $(PEOPLE),--people=$(PEOPLE)) $(if $(RATE),--rate=$(RATE))

load-model: .venv/dev/ready
	@$(EARNED) -m tools.load model

planted-bugs: .venv/dev/ready $(LAYER)/ready
	@$(NATIVE) $(PYTHON) -m tests.planted_bugs $(if $(SEEDS),--seeds=$(call quoted,SEEDS)) $(ARGS) $(BUG)

planted-bugs-of-tests: .venv/dev/ready $(LAYER)/ready
	@$(NATIVE) $(PYTHON) -m tests.planted_bugs.found_by_tests $(BUG)

# Part of `make test`: bugs drawn at random for half a minute; SEED repeats a draw.
planted-bugs-sample: .venv/dev/ready $(LAYER)/ready
	@$(NATIVE) $(PYTHON) -m tests.planted_bugs.found_by_tests --seconds=30 $(if $(SEED),--seed=$(SEED))

# Fails when a mutant survives that tests/mutation/survivors.txt does not argue. MODULE: one of tests/mutation/modules.py.
mutation-test: .venv/dev/ready $(LAYER)/ready
	@$(NATIVE) $(EARNED) -m tests.mutation --processes=$$(nproc) $(addprefix --module=,$(MODULE))

# Part of `make test`: mutants drawn at random for half a minute; SEED repeats a draw.
mutation-sample: .venv/dev/ready $(LAYER)/ready
	@$(NATIVE) $(EARNED) -m tests.mutation --seconds=30 --report=out/mutation-sample.json $(if $(SEED),--seed=$(SEED))

performance-report: .venv/dev/ready
	@$(EARNED) -m tools.bench.performance

layers: $(LAYER)/ready

# The versions of today, for both processors. The bytes of the layer change: run `make test` and commit the lock files.
layers-lock: .venv/dev/ready
	@for arch in x86_64 arm64; do $(PYTHON) layers/weasyprint/build_layer.py --lock --arch $$arch || exit; done

# This layer stays on this machine: it may be newer than the locked one, so that the tests run when a package has left the mirror.
$(LAYER)/ready: .venv/dev/ready $(wildcard layers/weasyprint/*)
	@$(PYTHON) layers/weasyprint/build_layer.py --or-newest --out $(LAYER) --arch $$(uname -m | sed s/aarch64/arm64/) \
	    --python $$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
	@touch $@

# npm checks every package against the lock file's hashes and runs none of their install scripts. Node has authorities of its own:
# behind a proxy it needs the file that pip and curl are given.
NPM := env PATH=$(CURDIR)/.venv/node/bin:$$PATH $(addprefix NODE_EXTRA_CA_CERTS=,$(or $(NODE_EXTRA_CA_CERTS),$(SSL_CERT_FILE))) \
    npm ci --loglevel=error --ignore-scripts --no-audit --no-fund >&2
NPM_FAILED = { echo 'npm could not install $@: it needs the npm registry; behind a proxy, SSL_CERT_FILE and HTTPS_PROXY.' >&2; exit 1; }
IN_LINT := env PATH=$(CURDIR)/$(LINT)/node_modules/.bin:$(CURDIR)/.venv/node/bin:$$PATH \
    REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
$(LINT)/ready: .venv/node/ready tools/contracts/lint/package-lock.json
	@mkdir -p $(LINT) && cp tools/contracts/lint/package.json tools/contracts/lint/package-lock.json $(LINT)/
	@echo 'Installing $(LINT)' >&2 && cd $(LINT) && $(NPM) || $(NPM_FAILED)
	@touch $@

# The packages of the TypeScript example, which a test compiles and runs.
$(TYPESCRIPT)/ready: .venv/node/ready docs/examples/typescript/package-lock.json
	@mkdir -p $(TYPESCRIPT) && cp docs/examples/typescript/package.json docs/examples/typescript/package-lock.json $(TYPESCRIPT)/
	@echo 'Installing $(TYPESCRIPT)' >&2 && cd $(TYPESCRIPT) && $(NPM) || $(NPM_FAILED)
	@touch $@

# The verifiers of others that judge our credentials in the tests.
$(VERIFIERS)/ready: .venv/node/ready tests/verifiers/package-lock.json
	@mkdir -p $(VERIFIERS) && cp tests/verifiers/package.json tests/verifiers/package-lock.json $(VERIFIERS)/
	@echo 'Installing $(VERIFIERS)' >&2 && cd $(VERIFIERS) && $(NPM) || $(NPM_FAILED)
	@touch $@

.venv/%/ready: requirements/%.txt tools/local/find_python.sh
	@python=$$(tools/local/find_python.sh) && echo "Installing .venv/$*" >&2 && rm -rf .venv/$* && "$$python" -m venv .venv/$*
	@.venv/$*/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r $< >&2
	@touch $@

# What each layer contains, from its lock files; checkov's environment brings the schema of CycloneDX.
sbom: .venv/dev/ready .venv/checkov/ready
	@$(EARNED) -m tools.package.sbom --out=out/sbom
	@.venv/checkov/bin/python -m tools.package.check_sbom out/sbom/*.cdx.json

# --strict: a package that could not be looked up fails the audit.
audit: .venv/audit/ready
	@for pins in requirements/*.txt layers/*/*.txt; do \
	    case $$pins in */fonts.txt|*/languages.txt) continue;; esac; \
	    echo "$$pins" >&2; \
	    .venv/audit/bin/pip-audit --strict --progress-spinner=off --disable-pip --require-hashes -r $$pins || \
	    { echo 'The audit found something, or could not look: see above.' >&2; exit 1; }; done

# Needs uv. Compiles the groups of pyproject.toml; pins stay unless UPGRADE is given. The layers take the versions of dev.
COMPILE := UV_CUSTOM_COMPILE_COMMAND='make requirements' uv --quiet pip compile --generate-hashes --no-emit-index-url \
    --universal --python-version 3.11
requirements:
	@for group in dev sam ministack conformance bench checkov audit package node client browser; do \
	    $(COMPILE) $(if $(UPGRADE),--upgrade) --group $$group --output-file requirements/$$group.txt || exit; done
	@$(COMPILE) --constraint requirements/dev.txt --extra testing --group testing --output-file requirements/testing.txt pyproject.toml
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --group layer-tools --output-file layers/weasyprint/tools.txt
	@$(COMPILE) --constraint requirements/dev.txt --group runtime --output-file layers/dependencies/requirements.txt
	@$(COMPILE) --constraint requirements/dev.txt --group document --output-file layers/weasyprint/requirements.txt
	@$(COMPILE) --constraint requirements/dev.txt --group verify --output-file requirements/verify.txt

clean:
	@if [ -x $(PYTHON) ]; then $(EARNED) -m tools.local stop; fi
	rm -rf .venv .layers .local .aws-sam out .mypy_cache .ruff_cache .pytest_cache .hypothesis
