#!/usr/bin/env bash
# Stops what daemons.sh started, by process id, and unmounts what is left. What was made stays for the next time.
set -euo pipefail
# shellcheck source=tests/engine/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

stop() {
    local file=$engine/$1 program=$2 pid
    pid=$(cat "$file" 2>/dev/null) || return 0
    # The number may have gone to another program since.
    if [ "$(readlink "/proc/$pid/exe")" = "$engine/root/usr/$program" ]; then
        kill "$pid"
        for _ in $(seq 200); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -9 "$pid" 2>/dev/null || true
    fi
    rm -f "$file"
}
stop dockerd.pid sbin/dockerd
stop registry.pid bin/docker-registry
# The deepest first.
awk -v folder="$engine/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r | while read -r mounted; do
    umount -l "$mounted" || true
done
rm -f "$engine"/{env,docker.sock}
