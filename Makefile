# make run          opens the explorer in a browser, on the embedded mock survey
# make test         lint, types and tests, some of them in a real Chromium
# make bench        prints how fast it opens; benchmarks.brushing, .cannon and others: python -m, one by one
# make lint         ruff and mypy only
# make setup        only makes .venv, which the others do by themselves
# make chromium     only sees to a Chromium, which make test does by itself
# make constraints  renews constraints.txt

PYTHON ?= python3
OURS = .venv/bin/python -m
READY = .venv/.ready

.PHONY: run test bench lint setup chromium constraints

run: $(READY)
	@.venv/bin/explorer serve

test: chromium lint
	EXPLORER_CHROMIUM="$$($(find_chromium))" $(OURS) pytest -n 2 --dist loadgroup -m "not browser"
	EXPLORER_CHROMIUM="$$($(find_chromium))" $(OURS) pytest -m browser

bench: $(READY)
	@$(OURS) benchmarks.opening

lint: $(READY)
	$(OURS) ruff check .
	$(OURS) ruff format --check .
	$(OURS) mypy

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(check_python)
	@echo "Setting up .venv: a few minutes the first time."
	@$(PYTHON) -m venv .venv
	@$(OURS) pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	@touch $@

define check_python
command -v "$(PYTHON)" >/dev/null || { \
	echo "There is no $(PYTHON) here. Install Python 3.11 or newer (Debian: apt install python3 python3-venv)," \
		"or name yours: make PYTHON=/path/to/python3"; exit 1; } >&2; \
"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "$(PYTHON) is $$("$(PYTHON)" --version), but 3.11 or newer is needed." \
		"Name a newer one: make PYTHON=python3.12"; exit 1; } >&2; \
"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { \
	echo "$(PYTHON) cannot make virtual environments. On Debian: apt install python3-venv"; exit 1; } >&2
endef

# The tests drive a Chromium: the one named in EXPLORER_CHROMIUM, else one on the PATH, else Debian's.
find_chromium = command -v "$${EXPLORER_CHROMIUM:-chromium}" || command -v chromium-browser \
	|| command -v google-chrome || command -v google-chrome-stable

chromium:
	@$(find_chromium) >/dev/null || { $(install_chromium); } && $(find_chromium) >/dev/null || { \
		echo "The tests need a Chromium. There is none on the PATH, and it could not be installed from here." \
			"On Debian: apt install chromium fonts-dejavu-core. Elsewhere: install Chromium or Chrome," \
			"and name it, if it has another name: make test EXPLORER_CHROMIUM=/path/to/it"; exit 1; } >&2

define install_chromium
[ "$$(id -u)" = 0 ] || as_root="sudo -n"; \
command -v apt-get >/dev/null && $$as_root true 2>/dev/null \
	&& echo "Installing Debian's Chromium for the tests." \
	&& $$as_root apt-get update --quiet \
	&& $$as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install --quiet --yes --no-install-recommends chromium fonts-dejavu-core
endef

# In an environment of its own; the heading stays.
constraints:
	@$(check_python)
	@$(PYTHON) -m venv --clear .venv.new
	@.venv.new/bin/python -m pip install --quiet -e ".[test]"
	@{ grep '^#' constraints.txt; .venv.new/bin/python -m pip freeze --exclude-editable; } >.venv.new/constraints.txt
	@mv .venv.new/constraints.txt constraints.txt
	@rm -r .venv.new
