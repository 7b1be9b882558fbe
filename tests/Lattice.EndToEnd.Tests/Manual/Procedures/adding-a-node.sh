# 1. Prepare new server
ssh new-server
sudo mkdir -p /var/lib/lattice/node-4

# 2. Install Lattice
sudo cp lattice /usr/local/bin/

# 3. Generate config
lattice config generate 4 /etc/lattice/node4.toml

# 4. Update cluster config on existing nodes (what an editor does is done by sed; the generated file supposes that node 4 shares a host with node 3)
sed -i -e "s/${NETWORK}3:5002/${NETWORK}4:5001/" -e "s/${NETWORK}3:30002/${NETWORK}4:30001/" /etc/lattice/node4.toml
for node in 1 2 3; do
    cat >> /etc/lattice/node$node.toml << END
[[cluster.peers]]
id = 4
address = "${NETWORK}4:5001"
END
done

# 5. Restart existing nodes (rolling restart)
for node in 1 2 3; do
    sudo systemctl restart lattice@$node
    sleep 30 # Wait for re-election
done

# 6. Start new node (it runs in the foreground: in a terminal of its own)
lattice start 4 /etc/lattice/node4.toml > /var/log/node4.log 2>&1 &
sleep 30

# 7. Verify
lattice status
# Should show 4 nodes
