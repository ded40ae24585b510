# What one does with this repository. `make` alone lists it.

ANSIBLE := .tools/ansible/installed
AWS := .tools/aws/installed
DEBIAN := .tools/debian
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
JAVASCRIPT := .tools/javascript/installed
MOTO := .tools/moto/installed
# The crates whose tests send packets.
PACKET_CRATES := peerless-dataplane peerless-instance peerless
# Every test binary on its own, where it cannot touch this machine's network.
SANDBOXED := --config "target.'cfg(target_os = \"linux\")'.runner = ['$(CURDIR)/tools/sandbox']"

.DEFAULT_GOAL := help
.NOTPARALLEL:

.PHONY: help
help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: prerequisites web ## Build target/release/peerless, with the console where Node.js is
	cargo build --release --locked --package peerless
	@$(MAKE) --no-print-directory sshd || echo "Instances will refuse ssh; peerless doctor says what helps."

.PHONY: test
test: tools web check client-test e2e ## Run everything; tests with packets only as root
	@if [ "$$(id -u)" -eq 0 ]; then $(MAKE) --no-print-directory kernel-test example-test; else $(MAKE) --no-print-directory kernel-test-skipped; fi

.PHONY: check
check: prerequisites fmt-check clippy tidy doc unit web-check ## Run what needs no root: formats, lints, rules, documentation, unit tests, scenarios

.PHONY: fmt-check
fmt-check:
	cargo fmt --all --check

.PHONY: clippy
clippy:
	cargo clippy --workspace --all-targets --locked -- --deny warnings

.PHONY: tidy
tidy: ## Check the rules that reviewers would repeat
	cargo run --locked --package xtask -- tidy

.PHONY: doc
doc:
	RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --locked

.PHONY: unit
unit:
	PEERLESS_TEST_PACKETS=no cargo test --workspace --locked

.PHONY: client-test
client-test: prerequisites $(AWS) $(JAVASCRIPT) $(ANSIBLE) ## Let AWS's clients speak to a daemon without packets: boto3, the AWS CLI, the SDK for JavaScript, Ansible
	cargo build --locked --package peerless
	PATH="$(abspath $(or $(CARGO_TARGET_DIR),target))/debug:$$PATH" clients/run

.PHONY: web
web: ## Build the console, into web/dist
	@if tools/has-node; then $(MAKE) --no-print-directory web/dist/index.html; else echo "  The console is NOT BUILT: see above. All else is."; fi

.PHONY: web-check
web-check: ## Check the console: types, lints, unit tests
	@if tools/has-node; then $(MAKE) --no-print-directory web/node_modules/.package-lock.json && cd web && npm run --silent check; else echo "  NOT TESTED: the console. See above."; fi

.PHONY: e2e
e2e: prerequisites web ## Drive the console with a browser: every page, and a learner's way through it, as root with real instances
	@if tools/has-node && tools/has-chromium --install >/dev/null; then \
	  $(MAKE) --no-print-directory e2e-model-only e2e-packets; \
	else \
	  echo "  NOT TESTED: the console in a browser. See above."; \
	fi

E2E = PEERLESS="$(TARGET)/debug/peerless" CHROMIUM="$$(tools/has-chromium)" npm run --silent --prefix web e2e

.PHONY: e2e-model-only
e2e-model-only:
	cargo build --locked --package peerless
	$(E2E)

.PHONY: e2e-packets
e2e-packets: sshd
	cargo build --locked --package peerless
	@if [ "$$(id -u)" -eq 0 ]; then \
	  PEERLESS_E2E_PACKETS=yes tools/sandbox env $(E2E) -- learner terminal; \
	else \
	  echo "  NOT TESTED: the console with real instances. That needs root, and this is $$(id -un)."; \
	fi

.PHONY: pictures
pictures: build ## Take the pictures of the guides anew, as root or with sudo
	PEERLESS_PICTURES=$(CURDIR)/docs/pictures tools/sandbox env PEERLESS=target/release/peerless CHROMIUM="$$(tools/has-chromium)" \
	  npm run --silent --prefix web e2e -- pictures

web/dist/index.html: web/node_modules/.package-lock.json $(shell find web/src web/public web/build web/index.html web/vite.config.ts -type f)
	cd web && npm run --silent build

web/node_modules/.package-lock.json: web/package-lock.json web/.npmrc
	cd web && npm ci
	touch $@

.PHONY: kernel-test
kernel-test: prerequisites sshd debian ## Run the tests with real packets, as root or with sudo
	@if [ -d $(DEBIAN) ]; then export PEERLESS_TEST_DEBIAN=$(CURDIR)/$(DEBIAN); fi; \
	PEERLESS_TEST_PACKETS=yes cargo test --locked $(PACKET_CRATES:%=--package %) --tests $(SANDBOXED)

.PHONY: example-test
example-test: prerequisites sshd $(AWS) ## Run the examples, through the AWS CLI and with real packets, as root or with sudo
	cargo build --locked --package peerless
	PATH="$(TARGET)/debug:$(CURDIR)/.tools/aws/bin:$$PATH" tools/sandbox examples/vpc-peering/demo.sh

.PHONY: kernel-test-skipped
kernel-test-skipped:
	@echo
	@echo "  NOT TESTED: real packets, in $(PACKET_CRATES) and in the examples."
	@echo "  Making network namespaces needs root, and this is $$(id -un). All else was tested."
	@echo "  To test them too: make kernel-test (asks sudo), or make test as root."
	@echo

# A root file system for an instance that is not made of this machine's programs.
.PHONY: debian
debian:
	@test -d $(DEBIAN) || { test "$$(id -u)" -eq 0 && tools/debian $(DEBIAN); } || \
		echo "  NOT TESTED: an instance with Debian's own root file system. Making one needs root, and Debian's or Ubuntu's mirror."

.PHONY: soak
soak: prerequisites ## Compare kernel and model by far more random packets than the tests do, as root or with sudo; odd bytes for a minute each
	PEERLESS_TEST_PACKETS=yes PEERLESS_PACKETS=100000 cargo test --release --locked --package peerless-dataplane --test kernel $(SANDBOXED) conformance
	PEERLESS_ORACLE_CASES=20000 cargo test --release --locked --package peerless-scenario --test oracle
	PEERLESS_FUZZ_SECONDS=60 cargo test --release --locked --package peerless --test fuzz -- --nocapture

.PHONY: bench
bench: api-bench ## Measure what the fabric costs, against a bare veth pair, as root or with sudo, and what calls cost
	PEERLESS_TEST_PACKETS=yes cargo bench --locked --package peerless-dataplane --bench forwarding $(SANDBOXED)
	PEERLESS_TEST_PACKETS=yes cargo bench --locked --package peerless --bench calls --bench thousand $(SANDBOXED)

.PHONY: api-bench
api-bench: prerequisites $(MOTO) ## Measure what calls cost, beside moto
	PEERLESS_BENCH_MOTO="$(CURDIR)/.tools/moto/bin/moto_server" cargo bench --locked --package peerless --bench api

.PHONY: flood-bench
flood-bench: build ## Measure what a terminal in the console carries, and what the page is like meanwhile, as root
	@if tools/has-node && tools/has-chromium --install >/dev/null; then \
	  tools/sandbox env PEERLESS="$(TARGET)/release/peerless" CHROMIUM="$$(tools/has-chromium)" \
	    npm run --silent --prefix web measure; \
	else echo "  NOT MEASURED: the console in a browser. See above."; fi

.PHONY: demo
demo: build $(AWS) ## Show two peered VPCs with real packets, as root or with sudo
	PATH="$(CURDIR)/target/release:$(CURDIR)/.tools/aws/bin:$$PATH" tools/sandbox examples/vpc-peering/demo.sh

.PHONY: operations
operations: $(AWS) ## Write docs/operations.md, and the list of AWS's parameters that it compares with
	cargo run --locked --package xtask -- operations --names >.tools/operations
	.tools/aws/bin/python -B clients/python/parameters.py <.tools/operations >clients/aws-parameters.txt
	cargo run --locked --package xtask -- operations

.PHONY: tools
tools: prerequisites sshd $(AWS) $(JAVASCRIPT) $(ANSIBLE) ## Install what is missing to build and test (compilers, headers; sshd and AWS's clients into .tools)

.PHONY: prerequisites
prerequisites:
	@tools/prerequisites --install

# The package's own installation would start a service. peerless looks for it beside itself.
.PHONY: sshd
sshd:
	@test -x /usr/sbin/sshd || test -x .tools/sshd/sshd || tools/sshd .tools/sshd
	@if [ -x .tools/sshd/sshd ]; then for profile in debug release; do \
		mkdir -p "$(TARGET)/$$profile"; ln -sfn "$(CURDIR)/.tools/sshd" "$(TARGET)/$$profile/peerless-sshd"; done; fi

$(AWS): tools/aws-clients.txt
	rm -rf .tools/aws
	python3 -m venv .tools/aws
	.tools/aws/bin/pip install --require-hashes --only-binary :all: --requirement tools/aws-clients.txt
	touch $@

$(MOTO): tools/moto.txt
	rm -rf .tools/moto
	python3 -m venv .tools/moto
	.tools/moto/bin/pip install --require-hashes --only-binary :all: --requirement tools/moto.txt
	touch $@

# Without Python 3.11 the folder is not there, and client-test says what it did not test.
$(ANSIBLE): tools/ansible tools/ansible.txt tools/ansible-collections.txt
	tools/ansible .tools/ansible
	if [ -d .tools/ansible ]; then touch $@; fi

# Without Node.js the folder stays empty, and client-test says what it did not test.
$(JAVASCRIPT): clients/javascript/package.json clients/javascript/package-lock.json
	rm -rf .tools/javascript
	mkdir -p .tools/javascript
	cp $^ .tools/javascript
	if tools/has-node; then npm ci --prefix .tools/javascript --ignore-scripts --no-audit --no-fund && touch $@; fi

.PHONY: clean
clean: ## Remove what was built or installed here
	cargo clean
	rm -rf .tools web/dist web/node_modules
