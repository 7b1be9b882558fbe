#!/bin/bash
# Restarts the nodes of a cluster one after the other, and goes on only when the one before serves again.
set -euo pipefail

usage() {
    cat <<'END'
Usage: rolling-restart.sh [--limit SECONDS] [--host NODE=HOST ...] [--dry-run] [NODE ...]

Restarts lattice@NODE for each node: those that are named, else all members of the cluster. The leader comes last, so that
leadership moves once. Nothing is begun unless the cluster is healthy, and each node has to serve again, with the cluster
healthy, before the next one stops.

  --limit SECONDS    longest wait for one node (default 300)
  --host NODE=HOST   where the node runs; 'systemctl' is then run there by ssh (default: on this machine)
  --dry-run          says what would be done

Exit code 0: all are restarted; 1: a node did not come back, and those after it were left alone; 2: the cluster was not
healthy, nothing was done; 64: the command line cannot be understood.
END
}

limit=300
dry_run=false
nodes=()
declare -A hosts=()

while (($#)); do
    case $1 in
        --limit) limit=${2:?--limit needs a number of seconds}; shift ;;
        --host)
            [[ ${2:-} =~ ^([0-9]+)=(.+)$ ]] || { echo "rolling-restart: --host needs NODE=HOST" >&2; exit 64; }
            hosts[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
            shift
            ;;
        --dry-run) dry_run=true ;;
        --help | -h) usage; exit 0 ;;
        *)
            [[ $1 =~ ^[0-9]+$ ]] || { echo "rolling-restart: '$1' is not a node id; --help shows the usage" >&2; exit 64; }
            nodes+=("$1")
            ;;
    esac
    shift
done
[[ $limit =~ ^[0-9]+$ ]] || { echo "rolling-restart: --limit $limit is not a number of seconds" >&2; exit 64; }

is_healthy() { lattice status > /dev/null 2>&1; }

on_host_of() {
    local node=$1
    shift
    if [[ -n ${hosts[$node]:-} ]]; then
        # shellcheck disable=SC2029 # The words are plain and meant for the other side.
        ssh "${hosts[$node]}" "$@"
    else
        "$@"
    fi
}

# What keeps a node from being healthy may be seconds old: the last of a node that comes back, for instance.
wait_until_healthy() {
    local end=$((SECONDS + limit))
    until is_healthy; do
        ((SECONDS < end)) || return 1
        sleep 1
    done
}

if ! is_healthy; then
    lattice status || true
    echo "rolling-restart: the cluster is not healthy, so nothing was restarted; see to that first" >&2
    exit 2
fi

# One line for each member, the leader's last.
members=$(lattice status | sed -nE '/^Node [0-9]+: .* Leader /!s/^Node ([0-9]+):.*/\1/p'; lattice status | sed -nE 's/^Node ([0-9]+): .* Leader .*/\1/p')
if ((${#nodes[@]} == 0)); then
    mapfile -t nodes <<< "$members"
fi

for node in "${nodes[@]}"; do
    grep -qx "$node" <<< "$members" || { echo "rolling-restart: the cluster has no node $node; nothing was restarted" >&2; exit 64; }
done

for node in "${nodes[@]}"; do
    if $dry_run; then
        echo "Would restart node $node${hosts[$node]:+ on ${hosts[$node]}} and wait up to $limit s until the cluster is healthy."
        continue
    fi

    began=$SECONDS
    echo "Restarting node $node ..."
    if ! on_host_of "$node" sudo systemctl restart "lattice@$node" || ! wait_until_healthy; then
        lattice status >&2 || true
        echo "rolling-restart: node $node did not come back within $limit s ('journalctl -u lattice@$node' says why); the nodes after it were left as they are" >&2
        exit 1
    fi

    echo "Node $node serves again after $((SECONDS - began)) s."
done

$dry_run || echo "Rolling restart complete"
