# Ekaki. `make help` lists what there is.

CARGO ?= cargo
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help run test lint bench model browser

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build and start the service, with the web chat at http://127.0.0.1:7860
	$(CARGO) run --release --locked

test: browser ## run all tests; installs Chromium when it is missing and that is allowed
	$(CARGO) test --workspace --locked

lint: ## formatting, clippy, documentation and, when cargo-deny is installed, the dependencies
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --locked
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny check; \
	else echo "cargo-deny is not installed, so the dependencies were not checked (cargo install cargo-deny)"; fi

bench: ## compare speed and memory with optimum and diffusers; SD15=folder adds Stable Diffusion 1.5 (make_sd15.py)
	$(CARGO) build --release --locked --workspace --bins --examples
	$(PYTHON) onnx/tools/bench_peers.py
	$(PYTHON) onnx/tools/bench_pipelines.py $(if $(SD15),--sd15 $(SD15))

model: ## train and export the embedded model anew; takes hours on a CPU
	onnx/avatar/train/run.sh

browser:
	@bot/tests/install-browser.sh
