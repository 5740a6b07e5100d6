#!/bin/sh
# Starts the relay of /etc/ohmq/relay.yaml. It writes below /run/ohmq and /var/lib/ohmq only, so the root file system can be read-only.
set -eu

# What is made here, the socket included, is for this user only.
umask 077

# -f, because a restart finds those of before, which cannot be written to. A Secret that another user than root can read is readable for a group, too, and the relay refuses secret keys that others can read.
mkdir -p "${OHMQ_KEYS:=/run/ohmq/keys}"
cp -Lf "${OHMQ_SECRET:=/etc/ohmq/secret}"/* "$OHMQ_KEYS/"

# With a store that is gone with the pod, sinks that fail get the time of the drain, too. With one that stays, they would only hold up each restart.
if [ "${OHMQ_DRAIN_FAILING:-}" = 1 ]; then set -- "$@" --drain-failing; fi

exec node "${OHMQ_COMMAND:=/app/node_modules/ohmq/dist/cli/main.js}" relay run "${OHMQ_CONFIG:=/etc/ohmq/relay.yaml}" --drain "${OHMQ_DRAIN:=20s}" "$@"
