# 1. Test in development
lattice config validate /tmp/new-config.toml

# 2. Backup current config
cp /etc/lattice/node1.toml /etc/lattice/node1.toml.backup

# 3. Apply new config
cp /tmp/new-config.toml /etc/lattice/node1.toml

# 4. Rolling restart
./rolling-restart.sh

# 5. Monitor for issues
watch -n 5 'lattice status --verbose'

# 6. Rollback if needed
cp /etc/lattice/node1.toml.backup /etc/lattice/node1.toml
./rolling-restart.sh
