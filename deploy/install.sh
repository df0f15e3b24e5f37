#!/usr/bin/env bash
# Makes .venv/ and fills it from a lock: `deploy/install.sh runtime`, then `… dev` (or kafka).
#
# With uv when it is there, otherwise with the interpreter's own venv and pip.
# Interrupted at any point it can simply be started again: `.venv/.NAME` is
# written last, and `.venv/.made` only once the environment itself stands.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$(pwd -P)

lock=${1:-runtime}
venv=.venv
started=$SECONDS

say() { printf 'install: %s\n' "$*"; }
stop() { printf 'install: %s\n' "$@" >&2; exit 1; }

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14 python; do
    if command -v "$candidate" >/dev/null && is_new_enough "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
}

venv_is_usable() {
  [ -f "$venv/.made" ] && is_new_enough "$venv/bin/python" || return 1
  # Moved or copied with its folder: its scripts would run the old place's code.
  [ "$(cat "$venv/.made")" = "$here" ] || return 1
  # Made by uv, which is gone now: there is no pip inside.
  command -v uv >/dev/null || "$venv/bin/python" -c 'import pip' 2>/dev/null
}

make_venv() {
  local python version
  python=$(find_python)
  rm -rf "$venv"
  if command -v uv >/dev/null; then
    say "making $venv with uv"
    uv venv --quiet --python "${python:->=3.11}" "$venv"
  else
    [ -n "$python" ] || stop "needs Python 3.11 or newer and found none (looked for python3, python3.11 … python3.14)." \
      "On Debian or Ubuntu: apt install python3 python3-venv. Elsewhere: install Python or uv, or say PYTHON=/path/to/python make install."
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    "$python" -c 'import ensurepip, venv' 2>/dev/null || stop "$python (Python $version) cannot make virtual environments: its venv module is not installed." \
      "On Debian or Ubuntu: apt install python3-venv (or python$version-venv). Or install uv."
    say "making $venv with Python $version"
    "$python" -m venv "$venv"
  fi
  printf '%s' "$here" >"$venv/.made"
}

# pip says what it is fetching; one short line a package is the progress a person wants.
show_progress() {
  local total=$1 seen=0 line
  while IFS= read -r line; do
    case $line in
      Collecting\ *)
        seen=$((seen + 1))
        line=${line#Collecting }
        printf 'install: %3d/%d %s\n' "$seen" "$total" "${line%% *}"
        ;;
      Requirement\ already\ satisfied*) seen=$((seen + 1)) ;;
      ERROR* | *error*) printf '%s\n' "$line" >&2 ;;
    esac
  done
}

fill_venv() {
  local total
  total=$(grep -c '==' "requirements/$lock.txt")
  if command -v uv >/dev/null; then
    say "filling it with the $total packages of requirements/$lock.txt (uv)"
    uv pip install --quiet --python "$venv/bin/python" --no-deps --require-hashes -r "requirements/$lock.txt"
    uv pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation --offline --editable .
  else
    say "filling it with the $total packages of requirements/$lock.txt (pip)"
    "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --no-deps --require-hashes \
      -r "requirements/$lock.txt" | show_progress "$total"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-index --no-deps \
      --no-build-isolation --editable .
  fi
}

[ -f "requirements/$lock.txt" ] || stop "there is no requirements/$lock.txt"
venv_is_usable || make_venv
fill_venv
touch "$venv/.$lock"
say "$venv is ready ($lock, $((SECONDS - started)) s)"
