# Transfer leadership from node 1 to node 2
lattice admin transfer-leadership 2

# Verify
lattice status
# Should show: Node 2: ✅ Leader
