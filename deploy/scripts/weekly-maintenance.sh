#!/bin/bash
# Snapshots, compaction and backups of all nodes, copied away and rotated. For a timer, once a week.
set -uo pipefail

usage() {
    cat <<'END'
Usage: weekly-maintenance.sh [--keep-entries COUNT] [--backups DIR] [--keep-days DAYS] [--bucket S3-URL] [--dry-run] [NODE ...]

For each node, those that are named or all members: writes a snapshot, compacts the log, makes a backup and checks it, links
it as DIR/latest/nodeN.tar.gz, and copies it to the bucket. Backups older than DAYS are then removed, but never the last one
of a node, and none at all when a new one could not be made.

  --keep-entries COUNT   entries of each group that stay in the log (default 100000)
  --backups DIR          where backups go (default /var/backups)
  --keep-days DAYS       age at which backups are removed (default 30)
  --bucket S3-URL        for example s3://lattice-backups/weekly (default: $LATTICE_BACKUP_BUCKET; without one they stay here)
  --dry-run              says what would be done

Exit code 0: all was done; 1: something was not, the rest was done all the same; 64: the command line cannot be understood.
END
}

keep_entries=100000
backups=/var/backups
keep_days=30
bucket=${LATTICE_BACKUP_BUCKET:-}
dry_run=false
nodes=()

while (($#)); do
    case $1 in
        --keep-entries) keep_entries=${2:?--keep-entries needs a number}; shift ;;
        --backups) backups=${2:?--backups needs a folder}; shift ;;
        --keep-days) keep_days=${2:?--keep-days needs a number}; shift ;;
        --bucket) bucket=${2:?--bucket needs an address}; shift ;;
        --dry-run) dry_run=true ;;
        --help | -h) usage; exit 0 ;;
        *)
            [[ $1 =~ ^[0-9]+$ ]] || { echo "weekly-maintenance: '$1' is not a node id; --help shows the usage" >&2; exit 64; }
            nodes+=("$1")
            ;;
    esac
    shift
done

if ((${#nodes[@]} == 0)); then
    mapfile -t nodes < <(lattice status | sed -nE 's/^Node ([0-9]+):.*/\1/p')
fi
((${#nodes[@]} > 0)) || { echo "weekly-maintenance: the cluster does not answer, so its nodes are not known; nothing was done" >&2; exit 1; }

failed=0
run() {
    if $dry_run; then
        echo "Would run: $*"
        return 0
    fi
    "$@" && return 0
    echo "weekly-maintenance: failed: $*" >&2
    failed=1
    return 1
}

umask 077
day=$(date +%Y%m%d)
$dry_run || mkdir -p "$backups/weekly" "$backups/latest"
for node in "${nodes[@]}"; do
    run lattice admin snapshot "$node"
done
for node in "${nodes[@]}"; do
    run lattice admin compact-log "$node" "$keep_entries"
done
for node in "${nodes[@]}"; do
    file=$backups/weekly/node$node-$day.tar.gz
    run lattice backup "$node" "$file" && run lattice backup verify "$file" && {
        run ln -sfn "../weekly/${file##*/}" "$backups/latest/node$node.tar.gz"
        [[ -z $bucket ]] || run aws s3 cp "$file" "$bucket/"
    }
done

if ((failed)); then
    echo "weekly-maintenance: not everything was done, so no old backup was removed" >&2
    exit 1
fi

while IFS= read -r -d '' old; do
    name=${old##*/}
    newest=$(find "$backups" -type f -name "${name%%-*}-*.tar.gz" -newer "$old" -print -quit)
    [[ -n $newest ]] && run rm -- "$old"
done < <(find "$backups" -type f -name 'node*-*.tar.gz' -mtime "+$keep_days" -print0)
exit "$failed"
