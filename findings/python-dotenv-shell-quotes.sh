#!/usr/bin/env bash
# python-dotenv loses a line that shlex.quote wrote, and a shell reads.
#
# Package: python-dotenv 1.2.1, Python 3.11; dash 0.5.12.
# Expected: `NAME=$(shlex.quote(value))` is the portable way to write a value into a .env file: POSIX sh and Python's own
#   shlex read it back. python-dotenv, whose format is "similar to Bash", should too.
# Seen: shlex.quote writes an apostrophe as `'Mum'"'"'s radio'`, three quoted parts in a row. python-dotenv reads one quoted
#   part to a value, drops the whole line with a warning in the log, and the variable is unset. A backslash in single quotes,
#   which a shell keeps, halves; `${NOPE}` in single quotes is left alone by both, but unquoted it becomes nothing.
#   Output: "sh: Mum's radio|a\\b" / "dotenv: None|a\b".
# Source: dotenv/parser.py, `_single_quoted_value` and `parse_value`:
#   https://github.com/theskumar/python-dotenv/blob/v1.2.1/src/dotenv/parser.py
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv >/dev/null
venv/bin/pip install --quiet --disable-pip-version-check python-dotenv==1.2.1
cat >run.py <<'PY'
import shlex
import subprocess
from pathlib import Path

from dotenv import dotenv_values

values = {"LABEL": "Mum's radio", "FOLDER": "a\\\\b"}
Path(".env").write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items()))
shell = subprocess.run(["sh", "-c", '. ./.env; printf "%s|%s" "$LABEL" "$FOLDER"'], capture_output=True, text=True).stdout
read = dotenv_values(".env")
print(f"sh: {shell}")
print(f"dotenv: {read.get('LABEL')}|{read.get('FOLDER')}")
assert shell == "|".join(values.values())
assert (read.get("LABEL"), read.get("FOLDER")) == (None, "a\\b"), "the behaviour has changed"
PY
venv/bin/python run.py
