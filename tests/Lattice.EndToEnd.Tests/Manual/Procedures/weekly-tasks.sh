# 1. Create snapshots
for node in 1 2 3; do
    lattice admin snapshot $node
done

# 2. Compact WAL
for node in 1 2 3; do
    # Keep last 100k entries
    lattice admin compact-log $node 100000
done

# 3. Backup to offsite storage
for node in 1 2 3; do
    lattice backup $node /var/backups/weekly/node$node-$(date +%Y%m%d).tar.gz
    aws s3 cp /var/backups/weekly/node$node-$(date +%Y%m%d).tar.gz \
      s3://lattice-backups/weekly/
done

# 4. Clean old local backups (keep 30 days)
find /var/backups -name "*.tar.gz" -mtime +30 -delete
