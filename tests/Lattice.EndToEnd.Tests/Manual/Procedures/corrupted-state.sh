# 1. Stop affected node
sudo systemctl stop lattice@2

# 2. Clear corrupted data
rm -rf /var/lib/lattice/node-2/wal/*
rm -rf /var/lib/lattice/node-2/snapshots/*

# 3. Restore from healthy node
scp node1:/var/lib/lattice/node-1/snapshots/latest.snap \
    /var/lib/lattice/node-2/snapshots/

# 4. Start node
sudo systemctl start lattice@2

# 5. Verify sync
lattice status 2 --verbose
