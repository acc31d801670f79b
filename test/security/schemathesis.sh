#!/usr/bin/env bash
# Sends what schemathesis makes of /openapi.json to a real server with the simulator. Fails on any answer of status 500.
# Exits with 77 where schemathesis cannot be installed. Needs Python 3 with venv, and the built product (npm run build). SECONDS_TO_RUN bounds the calls (60).
set -euo pipefail
cd "$(dirname "$0")/../.."
here="$PWD"

work="$(mktemp -d)"
server=''
# `start` ends its parts when it is asked to stop.
trap '[ -z "$server" ] || { kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; }; rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
if ! "$work/venv/bin/pip" install --quiet --disable-pip-version-check 'schemathesis>=4.32,<5'; then
  echo 'schemathesis cannot be installed here: its calls are left out' >&2
  exit 77
fi

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port="$(free_port)"
mkdir -p "$work/data" "$work/project"
export XSWARM_HOME="$work/data" XSWARM_GATEWAY_AGENT=simulator XSWARM_STORAGE_DURABILITY=normal XSWARM_SERVER_PORT="$port"
XSWARM_SUPERVISOR_PORT="$(free_port)" XSWARM_GATEWAY_PORT="$(free_port)" \
  XSWARM_TEMPORAL_PORT="$(free_port)" XSWARM_TEMPORAL_UI_PORT="$(free_port)"
export XSWARM_SUPERVISOR_PORT XSWARM_GATEWAY_PORT XSWARM_TEMPORAL_PORT XSWARM_TEMPORAL_UI_PORT
(cd "$work/project" && exec node "$here/bin/xswarm.js" start --no-talk) >"$work/server.log" 2>&1 &
server=$!
for _ in $(seq 300); do
  curl -fs "http://127.0.0.1:$port/ready" >/dev/null && break
  kill -0 "$server" 2>/dev/null || { cat "$work/server.log"; exit 1; }
  sleep 0.2
done

# The streams never end, so they are left out; the check counts 500 alone, since 502 and 503 are answers of the contract.
export SCHEMATHESIS_HOOKS="$here/test/security/schemathesis_checks.py" PYTHONDONTWRITEBYTECODE=1
"$work/venv/bin/schemathesis" run "http://127.0.0.1:$port/openapi.json" --checks no_internal_error --phases coverage,fuzzing \
  --max-examples 40 --max-time "${SECONDS_TO_RUN:-60}" --seed 20261125 --request-timeout 5 --no-color --warnings off \
  --suppress-health-check all --generation-database none --exclude-path-regex '/events$' --continue-on-failure
