#!/usr/bin/env bash
# Rewrites requirements/*.txt from pyproject.toml (`make locks`).
#
# Versions and hashes only, no registry address: a city's mirror or an offline
# wheel folder serves as well as the public registry. Needs uv to resolve for
# every platform at once; installing from the locks does not.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v uv >/dev/null || { echo "locks: needs uv on the PATH (a virtual environment with 'pip install uv' is enough)" >&2; exit 1; }

lock() {  # lock NAME OPTION...
  local name=$1
  shift
  echo "locks: requirements/$name.txt"
  uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --python-version 3.11 --output-file "requirements/$name.txt" "$@" pyproject.toml >/dev/null
}

# The later ones take the versions of the first, so each can be added to a running installation.
lock runtime --group build
lock dev --group build --group dev --constraints requirements/runtime.txt
lock kafka --extra kafka --group build --constraints requirements/runtime.txt
