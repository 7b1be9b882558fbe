# 1. Check disk usage
df -h /var/lib/lattice
du -sh /var/lib/lattice/node-1/*

# 2. Compact WAL immediately
lattice admin compact-log 1 50000

# 3. Create snapshot
lattice admin snapshot 1

# 4. Remove old snapshots
ls -lh /var/lib/lattice/node-1/snapshots/
rm /var/lib/lattice/node-1/snapshots/snapshot-00000100.snap
