# 1. Run full benchmark (of 300 s; the length is shortened here)
lattice benchmark ${BENCHMARK_SECONDS:-3}

# 4. Security audit
# Review access logs
journalctl -u lattice@1 | grep -i "denied\|unauthorized"
