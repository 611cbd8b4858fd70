# Two commands do everything on a fresh machine: `make book` and `make test`.
# People without make find the same steps, one line each, in README.md.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
SERVE  ?=
JOBS   ?= 2
WORK   ?= workbench

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help book test test-full lab check accept parity bench bench-grading attacks experiments release clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# One stamp per set of extras: a second `make` installs nothing.
$(VENV)/.installed-book: pyproject.toml constraints.txt
	@$(MAKE) --no-print-directory install EXTRAS=book,labs STAMP=$@
$(VENV)/.installed-all: pyproject.toml constraints.txt
	@$(MAKE) --no-print-directory install EXTRAS=book,labs,grade,nbgrader,parity,dev STAMP=$@
	@touch $(VENV)/.installed-book
$(VENV)/.installed-peers: $(VENV)/.installed-all
	@$(MAKE) --no-print-directory install EXTRAS=peers STAMP=$@

# A torch that was put into the environment by hand (a CUDA build, say) is kept.
.PHONY: install
install:
	@test -x $(BIN)/python || { echo "creating $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@if [ ! -e $(VENV)/.torch-pinned ] && $(BIN)/python -c "import torch" 2>/dev/null; then \
	  echo "keeping the torch that is already in $(VENV)"; \
	  grep -vE '^(torch|torchvision|triton|nvidia-[a-z0-9-]+|cuda-[a-z]+)==' constraints.txt > $(VENV)/constraints.txt; \
	else cp constraints.txt $(VENV)/constraints.txt; touch $(VENV)/.torch-pinned; fi
	@echo "installing vislearn[$(EXTRAS)] (once; some minutes on a slow line)"
	@$(BIN)/python -m pip install --quiet -c $(VENV)/constraints.txt -e ".[$(EXTRAS)]"
	@touch $(STAMP)

book: $(VENV)/.installed-book  ## build the book in Korean and English into _build/site (SERVE=1 serves it)
	@$(BIN)/vislearn course book $(if $(SERVE),--serve)

test: $(VENV)/.installed-all  ## run everything that is tested, notebooks and grader included
	@$(BIN)/python -m tests.run --jobs $(JOBS)

test-full: $(VENV)/.installed-all  ## the same with the chapters at their full scale
	@VISLEARN_SCALE=cpu $(BIN)/python -m tests.run --jobs $(JOBS) --full

lab: $(VENV)/.installed-book  ## open JupyterLab on your notebooks in workbench/
	@$(BIN)/vislearn course workbench --out $(WORK)
	@$(BIN)/jupyter lab --notebook-dir $(WORK)

check: $(VENV)/.installed-all  ## the quick checks: style, types, the two languages
	@$(BIN)/python -m tests.run --quick

accept: $(VENV)/.installed-book  ## after reading both languages: accept the pairs as they stand
	@$(BIN)/vislearn course accept

parity: $(VENV)/.installed-all  ## compare with the reference implementations and write the table
	@$(BIN)/python -m pytest tests/parity -q --parity-report=book/parity.json

bench: $(VENV)/.installed-all  ## speed ratios against peers, side by side in one run
	@for script in $(filter-out benchmarks/grading_%,$(wildcard benchmarks/*.py)); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

bench-grading: $(VENV)/.installed-peers  ## seconds per submission beside nbgrader and otter-grader; a class of 300, killed and resumed
	@$(BIN)/python benchmarks/grading_speed.py
	@$(BIN)/python benchmarks/grading_class.py

attacks: $(VENV)/.installed-peers  ## every attack against vislearn, nbgrader and otter-grader (an hour)
	@$(BIN)/python benchmarks/grading_peers.py

experiments: $(VENV)/.installed-all  ## repeat the experiments over seeds (minutes each)
	@for script in experiments/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

release: $(VENV)/.installed-book  ## make the learners' notebooks of every lab, both languages
	@for lab in labs/*/lab.yml; do $(BIN)/vislearn release $$(dirname $$lab) --lang all --out _build/release; done

clean:  ## remove what was built; your own notebooks in workbench/ stay
	rm -rf _build .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
