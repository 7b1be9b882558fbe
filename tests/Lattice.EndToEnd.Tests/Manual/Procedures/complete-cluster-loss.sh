# 1. Restore all nodes from backup
for node in 1 2 3; do
    lattice restore $node /var/backups/latest/node$node.tar.gz
done

# 2. Start nodes
for node in 1 2 3; do
    sudo systemctl start lattice@$node
done

# 3. Verify cluster formation
lattice status

# 4. If nodes don't form cluster, manually trigger election
lattice admin transfer-leadership 1
