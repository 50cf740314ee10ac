.PHONY: run setup test check chaos fuzz format

# Starts everything on this machine: installs what is missing, builds, serves until interrupted.
run: setup
	@cargo run --release -- dev

# Installs what building and running need, as far as it is missing. Says nothing when all is there.
setup:
	@scripts/setup.sh

# All tests, on a throw-away PostgreSQL server.
test: setup
	cargo run --quiet -p capstan-private-postgres --bin with-postgres -- cargo test --workspace

# What to run before pushing.
check: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	$(MAKE) test
	@if cargo deny --version >/dev/null 2>&1; then cargo deny check licenses bans sources; \
	else echo "cargo-deny is not installed: its check is left out (cargo install cargo-deny --locked)"; fi

# A fleet under faults, half an hour long unless CHAOS_MINUTES says otherwise; CHAOS_SEED repeats a plan. `make test` has a
# short form of it.
chaos: setup
	cargo build --release --quiet -p capstan --bin capstan
	@cargo run --release --quiet -p capstan-chaos

# Random input for graphs, expressions and the API, for a long time. `make test` has a short form of it.
fuzz: setup
	PROPTEST_CASES=$${FUZZ_CASES:-100000} cargo run --quiet -p capstan-private-postgres --bin with-postgres -- \
		cargo test -p capstan-engine -p capstan-node-types -p capstan-api -- tests_any any_config any_request

format:
	cargo fmt --all
