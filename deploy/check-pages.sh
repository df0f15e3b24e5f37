#!/usr/bin/env bash
# Checks the JSDoc types of the pages' modules, where the machine has Node and tsc; says so where it has not.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { printf 'pages: types NOT checked: %s\n' "$*"; exit 0; }

[ -n "$(find services/gateway/web services/phones/web -name '*.js' -print -quit)" ] || skip "there are no modules"
command -v node >/dev/null || skip "no Node on this machine"
tsc=node_modules/.bin/tsc
[ -x "$tsc" ] || tsc=$(command -v tsc) || skip "no tsc on this machine ('npm ci' brings it)"
"$tsc" --project tsconfig.json
printf 'pages: types checked by tsc %s\n' "$("$tsc" --version | sed 's/^Version //')"
