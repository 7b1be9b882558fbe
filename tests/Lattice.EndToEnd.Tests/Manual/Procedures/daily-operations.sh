# Morning checklist

# 1. Check cluster health
lattice status

# 2. Check metrics
curl http://localhost:9001/metrics | grep -E "(errors|latency|throughput)"

# 3. Review logs
journalctl -u lattice@1 --since "24 hours ago" | grep -E "(ERROR|WARN|CRITICAL)"

# 4. Verify backups
ls -lh /var/backups/ | tail -5

# 5. Check disk space
df -h /var/lib/lattice
