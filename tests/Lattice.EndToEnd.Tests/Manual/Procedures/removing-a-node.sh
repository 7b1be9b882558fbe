# 1. Remove from cluster config
lattice admin remove-node 3

# 2. Stop node
ssh node3
sudo systemctl stop lattice@3

# 3. Update configs on remaining nodes (what an editor does is done by sed)
for node in 1 2; do
    sed -i '/^\[\[cluster.peers\]\]/ { N; /id = 3$/ { N; N; d } }' /etc/lattice/node$node.toml
done

# 4. Restart remaining nodes
for node in 1 2; do
    sudo systemctl restart lattice@$node
    sleep 30
done

# 5. Verify
lattice status
# Should show 2 nodes
