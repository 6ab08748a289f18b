# The commands of CONTRIBUTING.md. They need nothing but Python 3.11 or newer; `picture` needs Chromium.

.PHONY: setup quick test coverage lint docs picture

setup: .venv/installed

.venv/installed: pyproject.toml
	python3 -m venv .venv
	.venv/bin/pip install -q -e '.[test,lint]'
	touch $@

quick: setup
	.venv/bin/pytest -q -n auto -m 'not program'

test: setup
	.venv/bin/pytest -q -n auto

coverage: setup
	.venv/bin/coverage erase
	.venv/bin/coverage run -m pytest -q -n auto -m 'not program'
	.venv/bin/coverage combine -q
	.venv/bin/coverage report

lint: setup
	.venv/bin/ruff format .
	.venv/bin/ruff check .
	.venv/bin/mypy

docs: setup
	.venv/bin/python tests/examples.py README.md docs/*.md

picture: setup
	.venv/bin/python tests/picture.py docs
