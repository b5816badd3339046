#!/usr/bin/env bash
# Starts Docker, a registry as its mirror, and makes the base images, unless they are there. Writes the file `env` that
# lets a shell use them. down.sh stops it all.
# usage: up.sh [--keep]     with --keep it goes on when the command of with-engine.sh has ended
set -euo pipefail
# shellcheck source=tests/engine/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
exec 9>"$engine/lock"
flock 9
if [ "${1:-}" = --keep ]; then
    touch "$engine/keep"
fi
exec 3>&2 >>"$engine/log" 2>&1
tell() { say "$@" >&3; }

"$here/machine.sh" 9>&-
# The base takes the longest, so it begins while the engine is fetched.
"$here/debian.sh" 9>&- 3>&- &
debian=$!
"$here/install.sh" 9>&- 3>&-
tell 'Docker is unpacked'
"$here/daemons.sh" 9>&- 3>&-
cat >"$engine/env" <<END
export DOCKER_HOST=unix://$engine/docker.sock
export DOCKER_CONFIG=$engine/config
export PATH=$engine/root/usr/bin:\$PATH
# The tests write pages of facts and figures for this engine only: others differ.
export DOCKOPT_PINNED_ENGINE=1
END
wait "$debian"
tell 'Docker runs'
"$here/bases.sh" 9>&- 3>&-
tell "Docker $(our_docker version --format '{{.Server.Version}}') is ready"
