# The one entry to every chore. `make` alone lists them.

.DEFAULT_GOAL := help
.PHONY: help run test build check api bench screenshots sounds clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## install what is missing, build, seed the demo domain into var/, serve it on loopback
	@scripts/run.sh $(ARGS)

test: ## install what the tests need, run all of them, end with "N passed, N failed"
	@scripts/install-debian.sh run test
	@scripts/panel.sh build
	@scripts/test.sh $(ARGS)

build: ## build the panel and target/release/tandem, which has it inside
	@scripts/install-debian.sh run
	@scripts/panel.sh build
	cargo build --release --bin tandem

check: ## format, lints, documentation, house rules
	@scripts/install-debian.sh run
	@scripts/check.sh

api: ## write web/openapi.json and the panel's types anew, after the API has changed
	@scripts/panel.sh npm run --silent api

bench: build ## measure against Kamailio and rtpengine where they are installed (BENCH_PEERS=install installs)
	@benches/run.sh

screenshots: ## write pictures of every screen of the panel into web/screenshots/
	@scripts/install-debian.sh run test
	@scripts/panel.sh build
	cargo build --bin tandem
	@SCREENSHOTS=1 scripts/panel.sh npm test --silent -- --run --project screenshots

sounds: ## make the prompts under sounds/ anew
	@scripts/make-sounds.sh

clean: ## remove build results; what the demo has stored under var/ stays
	cargo clean
