#!/usr/bin/env bash
# Fetches Docker and a registry from Debian and unpacks them into the engine's folder. Nothing is installed on this machine.
set -euo pipefail
# shellcheck source=tests/engine/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Docker of trixie needs glibc 2.34. Its runc needs 2.38 and would break every RUN elsewhere, so runc is that of bookworm.
docker=(docker.io docker-cli docker-buildx containerd)
others=(runc docker-registry busybox-static)
mirror=$(debian_mirror)
made=$(key "$mirror ${docker[*]} ${others[*]}")
is_made "$engine/root.key" "$made" && exit
rm -rf "$engine"/{root,root.key,debs}
mkdir -p "$engine"/{root,debs}

# An apt of our own: other releases must not become known to that of this machine.
fetch() {
    local suite=$1 apt=$engine/apt/$1
    shift
    mkdir -p "$apt"/{lists/partial,cache/archives/partial}
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$apt/sources.list"
    local options=(
        -q
        -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o Dir::State::lists="$apt/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$apt/cache"
        -o APT::Sandbox::User=root -o Acquire::Languages=none
        -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
        -o Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled=false
        -o Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled=false
        -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false
    )
    apt-get "${options[@]}" update
    (cd "$engine/debs" && apt-get "${options[@]}" download "$@")
}
[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || apt-get install -y -q debian-archive-keyring
fetch bookworm "${others[@]}" &
bookworm=$!
fetch trixie "${docker[@]}"
wait "$bookworm"
for package in "$engine"/debs/*.deb; do
    dpkg -x "$package" "$engine/root"
done
rm -rf "$engine"/{debs,apt}
# daemons look for their helpers in one folder
ln -sf ../sbin/runc "$engine/root/usr/bin/runc"
mkdir -p "$engine/config/cli-plugins"
ln -sf "$engine/root/usr/libexec/docker/cli-plugins/docker-buildx" "$engine/config/cli-plugins/docker-buildx"
echo "$made" >"$engine/root.key"
