#!/bin/bash
# Tries a binary out before it is installed: a cluster of its own, on ports and in a folder of its own, that loses its leader under load.
set -euo pipefail

usage() {
    cat <<'END'
Usage: run-integration-tests.sh [--binary FILE] [--sources DIR] [--dry-run]

Without --sources: starts three nodes of the binary, writes, kills the leader, reads everything back, restarts it and watches
it catch up ('lattice dev --demo'); takes half a minute and touches nothing that is installed.
With --sources, a checkout of this binary's version and the .NET SDK: runs all end-to-end tests against the binary.

  --binary FILE   the binary (default: ./lattice-v2.0 or ./lattice if one is there, else the one on the PATH)
  --dry-run       says what would be done

Exit code 0: it may be installed; 1: it may not; 64: the command line cannot be understood.
END
}

binary=
sources=
dry_run=false
while (($#)); do
    case $1 in
        --binary) binary=${2:?--binary needs a file}; shift ;;
        --sources) sources=${2:?--sources needs a folder}; shift ;;
        --dry-run) dry_run=true ;;
        --help | -h) usage; exit 0 ;;
        *) echo "run-integration-tests: '$1' is not understood; --help shows the usage" >&2; exit 64 ;;
    esac
    shift
done

if [[ -z $binary ]]; then
    for candidate in ./lattice-v2.0 ./lattice "$(command -v lattice || true)"; do
        if [[ -n $candidate && -f $candidate && -x $candidate ]]; then
            binary=$candidate
            break
        fi
    done
fi
[[ -n $binary && -x $binary ]] || { echo "run-integration-tests: there is no binary '${binary:-lattice}' to try" >&2; exit 64; }
binary=$(realpath "$binary")

if [[ -n $sources ]]; then
    command=(env "LATTICE_BINARY=$binary" dotnet test "$sources/tests/Lattice.EndToEnd.Tests" -c Release)
else
    command=("$binary" dev --demo)
fi

echo "Trying $("$binary" --version) ($binary)"
if $dry_run; then
    echo "Would run: ${command[*]}"
    exit 0
fi

if "${command[@]}"; then
    echo "Integration tests passed"
else
    echo "run-integration-tests: $binary did not pass; do not install it" >&2
    exit 1
fi
