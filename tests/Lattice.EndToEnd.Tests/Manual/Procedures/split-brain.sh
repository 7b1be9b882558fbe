# 1. Identify partition
lattice status --verbose
# Look for network issues

# 2. Verify network connectivity
for node in 1 2 3; do
    ping -c 3 10.0.1.1$node
done

# 3. If network is fine, force re-election
# Stop minority partition
ssh node3
sudo systemctl stop lattice@3

# 4. Wait for majority to stabilize
sleep 60

# 5. Restart minority nodes
sudo systemctl start lattice@3

# 6. Verify single leader
lattice status
