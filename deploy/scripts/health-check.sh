#!/bin/bash
# Looks whether the cluster is healthy and tells somebody when it is not. For a timer, every few minutes.
set -uo pipefail

usage() {
    cat <<'END'
Usage: health-check.sh [--webhook URL] [--state FILE] [--retries COUNT] [--dry-run]

Runs 'lattice status'. A cluster that is not healthy is looked at again before anybody is told, since a restart takes a few
seconds. An alarm is sent when the state changes, and an all-clear when it is healthy again, not every time.

  --webhook URL      where to POST 'message=...' (default: $LATTICE_WEBHOOK; without one only standard output tells)
  --state FILE       remembers the last state (default /run/lattice-health or, for another user, below $XDG_RUNTIME_DIR)
  --retries COUNT    looks before it is believed, two seconds apart (default 3)
  --dry-run          sends and remembers nothing

Exit code, that of 'lattice status': 0 healthy, 1 degraded, 2 unavailable; 64: the command line cannot be understood.
END
}

webhook=${LATTICE_WEBHOOK:-}
state=/run/lattice-health
[[ -w ${state%/*} ]] || state=${XDG_RUNTIME_DIR:-/tmp}/lattice-health-$UID
retries=3
dry_run=false

while (($#)); do
    case $1 in
        --webhook) webhook=${2:?--webhook needs an address}; shift ;;
        --state) state=${2:?--state needs a file}; shift ;;
        --retries) retries=${2:?--retries needs a number}; shift ;;
        --dry-run) dry_run=true ;;
        --help | -h) usage; exit 0 ;;
        *) echo "health-check: '$1' is not understood; --help shows the usage" >&2; exit 64 ;;
    esac
    shift
done
[[ $retries =~ ^[1-9][0-9]*$ ]] || { echo "health-check: --retries $retries is not a number" >&2; exit 64; }

for ((look = 1; ; look++)); do
    status=$(lattice status 2>&1)
    code=$?
    ((code == 0 || look >= retries)) && break
    sleep 2
done

case $code in
    0) now=healthy ;;
    1) now=degraded ;;
    *) now=unavailable ;;
esac
echo "$(date -Is) - Cluster $now"
((code == 0)) || printf '%s\n' "$status"

before=healthy
[[ -r $state ]] && before=$(< "$state")
if [[ $now != "$before" ]] && ! $dry_run; then
    if [[ -n $webhook ]]; then
        # An alarm that was not delivered is sent again at the next look.
        curl --fail --silent --show-error --max-time 10 -X POST "$webhook" --data-urlencode "message=Lattice cluster $now (was $before): $status" || exit "$((code == 0 ? 1 : code))"
    fi
    printf '%s\n' "$now" > "$state"
fi
exit "$code"
