#!/bin/bash
# Runs a node in a container. What differs between nodes comes from the environment:
#   LATTICE_NODE         id of the node, or a host name that ends in a number from 0 on, as a StatefulSet gives them (default: the host name)
#   LATTICE_PEERS        every node, this one included, as 'ID=HOST:PORT ID=HOST:PORT ...'
#   LATTICE_MEMBERSHIP   'sqlite' for a single container, else 'postgresql=CONNECTION'
#   LATTICE_NAME         name of the cluster (default lattice)
# A file that is mounted as /etc/lattice/nodeN.toml is used as it is, and the variables are not needed then.
set -euo pipefail

case ${1:-} in
    --help | -h)
        echo "Usage: entrypoint.sh [COMMAND ...]"
        echo "Starts the node that LATTICE_NODE, LATTICE_PEERS and LATTICE_MEMBERSHIP describe, or runs 'lattice COMMAND'."
        exit 0
        ;;
    --*) echo "entrypoint: '$1' is not understood; --help shows the usage" >&2; exit 64 ;;
    ?*) exec lattice "$@" ;;
esac

node=${LATTICE_NODE:-$(hostname)}
if [[ $node =~ -([0-9]+)$ ]]; then
    node=$((BASH_REMATCH[1] + 1))
fi
[[ $node =~ ^[1-9][0-9]*$ ]] || { echo "entrypoint: LATTICE_NODE=$node is neither a node id nor a name that ends in -NUMBER" >&2; exit 64; }

config=/etc/lattice/node$node.toml
if [[ ! -e $config ]]; then
    peers=()
    for peer in ${LATTICE_PEERS:?LATTICE_PEERS lists every node as ID=HOST:PORT}; do
        peers+=(--peer "$peer")
    done

    # The connection may hold a password.
    umask 077
    lattice config generate "$node" "$config" "${peers[@]}" --membership "${LATTICE_MEMBERSHIP:-sqlite}"
    sed -i -e "/^\[metrics\]/,\$ s|^# address = .*|address = \"0.0.0.0:9001\"|" -e "/^\[cluster\]/,/^\[/ s|^# name = .*|name = \"${LATTICE_NAME:-lattice}\"|" "$config"
fi

exec lattice start "$node" "$config"
