.PHONY: run setup editor test check prove chaos sabotage builds fuzz format

FAULTS = target/release/capstan-faults
BEFORE = target/release/capstan-before
SEEDS = 10

# Starts everything on this machine: installs what is missing, builds, serves until interrupted.
run: setup editor
	@cargo run --release -- dev

# Installs what building and running need, as far as it is missing. Says nothing when all is there.
setup:
	@scripts/setup.sh

# Builds the editor, if it has changed; the next build of the program takes it in. Without Node.js it is left out.
editor:
	@scripts/editor.sh build

# All tests, on a throw-away PostgreSQL server.
test: setup editor
	@scripts/login-provider.sh || [ $$? -eq 3 ]
	@scripts/pgbouncer.sh || [ $$? -eq 3 ]
	cargo run --quiet -p capstan-private-postgres --bin with-postgres -- cargo test --workspace
	@# Apart, so that no other test runs a program that can record.
	cargo run --quiet -p capstan-private-postgres --bin with-postgres -- \
	  cargo test --workspace --features capstan-worker/faults --test recorded
	@# The program as the tests above have it: a build without them would compile all that it depends on once more.
	cargo test --quiet --workspace --no-run --test dev
	scripts/editor.sh test

# What to run before pushing.
check: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	$(MAKE) test
	@if cargo deny --version >/dev/null 2>&1; then cargo deny check licenses bans sources; \
	else echo "cargo-deny is not installed: its check is left out (cargo install cargo-deny --locked)"; fi

# All that takes long: faults, planted bugs, poison, timers, long lists, random input, benchmarks. The last line is one JSON object.
prove: setup
	@scripts/prove.sh

# A fleet under faults, half an hour long unless CHAOS_MINUTES says otherwise; CHAOS_SEED repeats a plan. `make test` has a
# short form of it.
chaos: builds
	@scripts/build-before.sh $(BEFORE)
	@if [ -x $(BEFORE) ]; then export CHAOS_BEFORE_BINARY=$(BEFORE); fi; \
	CHAOS_FAULTS_BINARY=$(FAULTS) cargo run --release --quiet -p capstan-chaos

# Hunts for each planted bug, with SEEDS seeds: about half a minute for each.
sabotage: builds
	@CHAOS_FAULTS_BINARY=$(FAULTS) cargo run --release --quiet -p capstan-chaos -- --sabotage all --seeds $(SEEDS)

# The build that can be killed at named points and told to have bugs comes first: the plain one is left in place.
builds: setup editor
	cargo build --release --quiet -p capstan --bin capstan --features faults
	cp target/release/capstan $(FAULTS)
	cargo build --release --quiet -p capstan --bin capstan

# Random input for graphs, expressions and the API, for a long time. `make test` has a short form of it.
fuzz: setup
	PROPTEST_CASES=$${FUZZ_CASES:-100000} cargo run --quiet -p capstan-private-postgres --bin with-postgres -- \
		cargo test -p capstan-engine -p capstan-node-types -p capstan-api -- tests_any any_config any_request

format:
	cargo fmt --all
