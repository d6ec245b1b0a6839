# From a clean clone: `make demo` trains, judges and draws a policy; `make test` runs the whole suite.

PYTHON ?= python3
# Installed first and alone, so that a CPU build offered by pip's own settings is taken; set it to the build your GPU needs.
TORCH ?= torch==2.13.0
WORKERS ?= 2
MINUTES ?= 4

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO := runs/demo

.PHONY: venv demo test lint bench bench-spread web gallery

venv: $(READY)

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip setuptools wheel
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[all]'
	touch $@

demo: venv
	rm -rf $(DEMO)
	$(BIN)/avatarium train wayfinding --minutes $(MINUTES) --out $(DEMO)
	$(BIN)/avatarium verify $(DEMO)/replay.avt
	$(BIN)/avatarium record $(DEMO)/replay.avt --steps 200 --out $(DEMO)/replay.mp4
	$(BIN)/avatarium export $(DEMO)/replay.avt
	$(BIN)/avatarium submit $(DEMO)/policy.zip --board $(DEMO)/leaderboard.sqlite
	@echo "replay  $(DEMO)/replay.avt   ($(BIN)/avatarium watch $(DEMO)/replay.avt)"
	@echo "page    $(DEMO)/replay.html   (the same in a browser)"
	@echo "film    $(DEMO)/replay.mp4"
	@echo "curve   $(DEMO)/curve.png"

test: venv
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

# The script of replay pages, from render/web/src; needs node and npm.
web: venv
	$(BIN)/python -m avatarium.render.web.bundle build/web

bench: venv
	$(BIN)/avatarium bench worlds --json runs/bench/worlds.json
	$(BIN)/python tests/benchmarks/bench_worlds.py
	$(BIN)/python tests/benchmarks/bench_render.py --json runs/bench/render.json
	$(BIN)/python tests/benchmarks/bench_pixels.py --json runs/bench/pixels.json
	$(BIN)/python tests/benchmarks/bench_metasync.py --table --speed --peer --json runs/bench/metasync.json
	$(BIN)/python tests/benchmarks/bench_identity.py --json runs/bench/identity.json
	$(BIN)/python tests/benchmarks/bench_transcript.py --json runs/bench/transcript.json
	$(BIN)/python tests/benchmarks/bench_sandbox.py --mutants 100000 --json runs/bench/sandbox.json
	$(BIN)/python tests/benchmarks/bench_judging.py --json runs/bench/judging.json
	$(BIN)/python tests/benchmarks/bench_ranking.py --json runs/bench/ranking.json
	$(BIN)/python tests/benchmarks/bench_standings.py --json runs/bench/standings.json
	$(BIN)/python tests/benchmarks/bench_precision.py --json runs/bench/precision.json
	$(BIN)/python tests/benchmarks/bench_queue.py --kills 1000 --json runs/bench/queue.json
	$(BIN)/python tests/benchmarks/bench_service.py --json runs/bench/service.json
	$(BIN)/avatarium bench training --json runs/bench/training.json

# Pictures and clips of every world, for this README and the cards of worlds.
gallery: venv
	$(BIN)/avatarium gallery --out render/gallery

# More than an hour: five seeds of everybody who learns simple_spread.
bench-spread: venv
	$(BIN)/python tests/benchmarks/bench_spread.py
