# 1. DO NOT restart node yet
# Review divergence details
journalctl -u lattice@1 | grep -A 50 "DIVERGENCE"

# 2. Examine AI analysis
cat /var/lib/lattice/node-1/divergence-report.json

# 5. Restore from last known good state
lattice restore 1 /var/backups/node1-pre-divergence.tar.gz

# 6. Restart node
sudo systemctl start lattice@1

# 7. Monitor closely
watch -n 1 'lattice status 1 --verbose'

# 8. Document incident
echo "$(date) - Divergence incident - Cause: XYZ - Fix: ABC" \
  >> /var/log/lattice/incidents.log
