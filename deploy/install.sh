#!/bin/bash
# Installs Lattice on a machine: binary, user, folders, unit, scripts. Again, it updates them; data and configuration stay.
set -euo pipefail

usage() {
    cat <<'END'
Usage: install.sh [--binary FILE] [--dry-run]

Installs FILE (default: ./lattice) as /usr/local/bin/lattice, the user and group 'lattice', the folders /etc/lattice,
/var/lib/lattice, /var/log/lattice and /var/backups, the unit lattice@.service, timers for the health check and the weekly
maintenance (not enabled), the scripts as /usr/local/bin/lattice-*.sh, and log rotation. Nodes that run go on with the binary
that they were started with; rolling-restart.sh has them take the new one.

  --binary FILE   the binary that 'dotnet publish' made
  --dry-run       says what would be done

With DESTDIR=DIR in the environment everything goes below DIR, and neither users nor systemd are touched.
Exit code 0: installed; 1: not; 64: the command line cannot be understood.
END
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binary=./lattice
dry_run=false
while (($#)); do
    case $1 in
        --binary) binary=${2:?--binary needs a file}; shift ;;
        --dry-run) dry_run=true ;;
        --help | -h) usage; exit 0 ;;
        *) echo "install: '$1' is not understood; --help shows the usage" >&2; exit 64 ;;
    esac
    shift
done

root=${DESTDIR:-}
[[ -f $binary ]] || { echo "install: there is no binary $binary; name it with --binary. Nothing was changed" >&2; exit 1; }
"$binary" --version > /dev/null || { echo "install: $binary does not run on this machine. Nothing was changed" >&2; exit 1; }
if [[ -z $root ]] && ! $dry_run && ((EUID != 0)); then
    echo "install: has to be run as root (or with DESTDIR). Nothing was changed" >&2
    exit 1
fi

run() {
    if $dry_run; then
        echo "Would run: $*"
    else
        "$@"
    fi
}

# A binary that runs cannot be written over, but its name can be given to another one.
put() {
    local mode=$1 from=$2 to=$root$3
    run install -D -m "$mode" "$from" "$to.new"
    run mv -f "$to.new" "$to"
}

owner=()
if [[ -z $root ]]; then
    owner=(-o lattice -g lattice)
    getent group lattice > /dev/null || run groupadd --system lattice
    getent passwd lattice > /dev/null || run useradd --system --gid lattice --home-dir /var/lib/lattice --no-create-home --shell /usr/sbin/nologin lattice
    run install -d -m 0750 -o root -g lattice /etc/lattice
else
    run install -d -m 0750 "$root/etc/lattice"
fi
run install -d -m 0750 "${owner[@]}" "$root/var/lib/lattice" "$root/var/log/lattice" "$root/var/cache/lattice"
run install -d -m 0700 "$root/var/backups/weekly" "$root/var/backups/latest"

put 0755 "$binary" /usr/local/bin/lattice
for script in health-check weekly-maintenance rolling-restart; do
    put 0755 "$here/scripts/$script.sh" "/usr/local/bin/lattice-$script.sh"
done
for unit in "$here"/systemd/*; do
    put 0644 "$unit" "/etc/systemd/system/${unit##*/}"
done
put 0644 "$here/logrotate/lattice" /etc/logrotate.d/lattice
[[ -n $root ]] || run systemctl daemon-reload

$dry_run && exit 0
cat <<'END'
Installed. Next, for node N of this machine:
  lattice config generate N /etc/lattice/nodeN.toml --peer 1=HOST:PORT --peer 2=HOST:PORT --peer 3=HOST:PORT
  chgrp lattice /etc/lattice/nodeN.toml && chmod 640 /etc/lattice/nodeN.toml
  systemctl enable --now lattice@N
On one machine:
  systemctl enable --now lattice-health-check.timer lattice-weekly-maintenance.timer
END
