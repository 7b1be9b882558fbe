# 1. Check if node is down
ssh node2
sudo systemctl status lattice@2

# 2. Check logs
journalctl -u lattice@2 -n 100

# 3. Attempt restart
sudo systemctl restart lattice@2

# 4. If restart fails, restore from backup
lattice restore 2 /var/backups/node2-latest.tar.gz
sudo systemctl start lattice@2

# 5. Verify cluster recovered
sleep 30
lattice status
