#!/usr/bin/env bash
# Starts the registry and Docker, each as a daemon with its process id in a file, unless they run.
set -euo pipefail
# shellcheck source=tests/engine/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

our_docker version >/dev/null 2>&1 && exit
"$here/down.sh" # what a killed run has left
mkdir -p "$engine"/{data,exec,registry}

# Loopback ports are tried until the registry answers on one.
for port in $(seq 5050 5099); do
    (exec 7<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
    sed -e "s|@PORT@|$port|" -e "s|@FOLDER@|$engine/registry|" "$here/registry.yml" >"$engine/registry.yml"
    setsid "$engine/root/usr/bin/docker-registry" serve "$engine/registry.yml" >>"$engine/registry.log" 2>&1 </dev/null &
    registry=$!
    for _ in $(seq 100); do
        (exec 7<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
        sleep 0.1
    done
    # Another program may have taken the port in the meantime.
    sleep 0.1
    kill -0 "$registry" 2>/dev/null && break
done
echo "$registry" >"$engine/registry.pid"
echo "127.0.0.1:$port" >"$engine/registry.address"

# No network of its own: every build and run uses that of the machine (`--network host`), so no firewall is touched.
PATH=$engine/root/usr/bin:$engine/root/usr/sbin:$PATH setsid "$engine/root/usr/sbin/dockerd" \
    --data-root "$engine/data" --exec-root "$engine/exec" --pidfile "$engine/dockerd.pid" --host "unix://$engine/docker.sock" \
    --bridge=none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \
    --registry-mirror "http://127.0.0.1:$port" >"$engine/dockerd.log" 2>&1 </dev/null &
docker=$!
for _ in $(seq 300); do
    our_docker version >/dev/null 2>&1 && exit
    kill -0 "$docker" || break
    sleep 0.1
done
tail -5 "$engine/dockerd.log"
exit 1
