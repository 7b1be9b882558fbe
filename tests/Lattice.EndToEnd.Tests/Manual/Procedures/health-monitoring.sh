# Every 5 minutes

STATUS=$(lattice status 2>&1)

if echo "$STATUS" | grep -q "Healthy"; then
    echo "$(date) - Cluster healthy"
else
    echo "$(date) - ALERT: Cluster unhealthy"
    # Send alert
    curl -X POST https://webhook.site/xxx \
      -d "message=Lattice cluster unhealthy"
fi
