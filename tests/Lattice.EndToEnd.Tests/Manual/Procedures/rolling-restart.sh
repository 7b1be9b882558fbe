NODES=(1 2 3)

for node in "${NODES[@]}"; do
    echo "Restarting node $node..."
    
    # 1. Stop node
    sudo systemctl stop lattice@$node
    
    # 2. Wait for re-election
    sleep 60
    
    # 3. Verify quorum maintained
    if ! lattice status | grep -q "Quorum"; then
        echo "ERROR: Lost quorum, aborting"
        sudo systemctl start lattice@$node
        exit 1
    fi
    
    # 4. Start node
    sudo systemctl start lattice@$node
    
    # 5. Wait for sync
    sleep 30
    
    # 6. Verify node healthy
    lattice status $node
    
    echo "Node $node restarted successfully"
done

echo "Rolling restart complete"
