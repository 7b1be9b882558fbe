# 1. Test new version in staging
./run-integration-tests.sh

# 2. Rolling upgrade
for node in 1 2 3; do
    # Stop node
    sudo systemctl stop lattice@$node
    
    # Update binary
    sudo cp lattice-v2.0 /usr/local/bin/lattice
    
    # Start node
    sudo systemctl start lattice@$node
    
    # Verify
    lattice status $node
    
    # Wait before next
    sleep 60
done

# 3. Verify cluster
lattice status
