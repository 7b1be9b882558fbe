# 1. Check current latency
curl http://localhost:9001/metrics | grep latency

# 2. Check system resources
top
iostat -x 1 10

# 3. Check network
iftop

# 4. Check if verification is bottleneck
journalctl -u lattice@1 | grep "verification took"

# 5. Tune configuration
edit /etc/lattice/node1.toml performance.batch_size=200 performance.cache_size=20000

# 6. Restart with new config
sudo systemctl restart lattice@1
