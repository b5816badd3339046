#!/usr/bin/env bash
# Runs a command that needs a container engine: with the Docker that answers, or with one that is started for it.
# usage: with-engine.sh COMMAND…
# Where there is neither an engine nor root, the command still runs, and its tests say that they are skipped.
set -euo pipefail
# shellcheck source=tests/engine/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if ! docker_answers; then
    if reason=$(cannot_start); then
        echo "skipped: real builds: $reason"
    elif "$here/up.sh"; then
        # The last one out stops it; each user holds the file open.
        exec 8>"$engine/users"
        flock --shared 8
        # shellcheck disable=SC2317 # the trap calls it
        leave() {
            flock --unlock 8
            if flock --exclusive --nonblock 8 && [ ! -e "$engine/keep" ]; then
                "$here/down.sh"
            fi
        }
        trap leave EXIT
        # shellcheck disable=SC1091 # made by up.sh
        source "$engine/env"
    else
        # A machine that should be able to and is not has a fault that must be seen.
        echo "the engine could not be started; $engine/log tells more" >&2
        exit 1
    fi
fi
"$@" 8>&-
