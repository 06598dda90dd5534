#!/bin/sh
# Runs a journald of its own, in the mount namespace that it is called in, and with it the command that is given.
# The kernel's log is read by it, as by any other; what it writes is gone with the namespace.
set -e
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mount -t tmpfs tmpfs /etc/systemd
mkdir -p /run/systemd /run/log/journal
# Audit=: leave the kernel's auditing alone.
printf '[Journal]\nStorage=volatile\nReadKMsg=yes\nAudit=\nRuntimeMaxUse=64M\n' >/etc/systemd/journald.conf
"$JOURNALD" 2>/run/journald.log &
JOURNALD_PID=$!
export JOURNALD_PID
for _ in 1 2 3 4 5 6 7 8 9 10; do
	[ -n "$(find /run/log/journal -name system.journal)" ] && break
	sleep 0.3
done
status=0
"$@" || status=$?
kill "$JOURNALD_PID"
wait "$JOURNALD_PID" || true
exit $status
