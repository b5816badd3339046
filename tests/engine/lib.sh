# What the scripts of this folder share: where things are, and whether an engine is there. To be sourced.
# shellcheck shell=bash disable=SC2034

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Everything that is made lies below this folder, and nothing else is written to.
engine=${DOCKOPT_ENGINE_DIR:-${CARGO_TARGET_DIR:-$here/../../target}/engine}
mkdir -p "$engine"
engine=$(cd "$engine" && pwd)

# Docker's client, with the socket that up.sh makes.
our_docker() {
    DOCKER_HOST="unix://$engine/docker.sock" DOCKER_CONFIG="$engine/config" "$engine/root/usr/bin/docker" "$@"
}

# Whether the user has a Docker that can be used.
docker_answers() {
    docker version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1
}

# Prints why no engine can be started here; fails if one can.
cannot_start() {
    if [ "$(uname -s)" != Linux ]; then
        echo 'no container engine answers, and one can be started on Linux only'
    elif [ "$(id -u)" != 0 ]; then
        echo 'no container engine answers, and only root can start one'
    elif [ -z "$(debian_mirror)" ]; then
        echo 'no container engine answers, and apt knows no Debian mirror to fetch one from (DOCKOPT_DEBIAN_MIRROR names one)'
    else
        return 1
    fi
}

# Where this machine gets Debian packages from.
debian_mirror() {
    # Without `head`: apt-get must not write to a closed pipe.
    echo "${DOCKOPT_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' 2>/dev/null | awk 'NR == 1')}"
}

# The text of files and words as a short key: what was made from the same is not made again.
key() {
    { cat -- /dev/null "${@:2}"; printf '%s' "$1"; } | sha256sum | cut -c1-16
}

# Whether FILE holds KEY, which says what was made is up to date.
is_made() {
    [ -e "$1" ] && [ "$(cat "$1")" = "$2" ]
}

# A line with the seconds that have passed, for whoever waits.
say() {
    printf 'engine: %3d s: %s\n' "$SECONDS" "$*"
}
