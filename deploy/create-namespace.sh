#!/bin/sh
# Waits until Temporal answers, then creates the namespace. Safe to repeat.
set -eu

tries=0
until temporal operator cluster health --address "$TEMPORAL_ADDRESS" >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -ge 60 ]; then
    echo "Temporal at $TEMPORAL_ADDRESS did not answer within two minutes" >&2
    exit 1
  fi
  sleep 2
done

if temporal operator namespace describe --namespace "$NAMESPACE" --address "$TEMPORAL_ADDRESS" >/dev/null 2>&1; then
  echo "namespace $NAMESPACE exists"
  exit 0
fi
temporal operator namespace create --namespace "$NAMESPACE" --retention "${RETENTION_DAYS}d" --address "$TEMPORAL_ADDRESS"
