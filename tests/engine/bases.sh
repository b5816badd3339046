#!/usr/bin/env bash
# Makes the base images that examples and fixtures ask for under those names. They look
# like the official images where it matters for builds, and are not those: no figure measured on them is a figure of theirs.
set -euo pipefail
# shellcheck source=tests/engine/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

registry=$(cat "$engine/registry.address")
mkdir -p "$engine/bases"

# The names that an image gets, by its name here.
names() {
    sed -n "s/^$1: *//p" "$here/bases/names"
}

# Gives an image its names. Only the small ones go to the registry, where a digest can be asked for: packing the others
# would take longer than making them.
publish() {
    local base=$1 name
    for name in $(names "$base"); do
        our_docker tag "dockopt-base:$base" "$name"
        case $base in debian | busybox) ;; *) continue ;; esac
        our_docker tag "$name" "$registry/library/$name"
        our_docker push --quiet "$registry/library/$name"
        our_docker image rm "$registry/library/$name" >/dev/null
    done
}

# Builds an image from its Dockerfile, with a folder as context.
build() {
    local base=$1 context=$2 made
    made=$(key "$(cat "$engine/bases/debian" 2>/dev/null)" "$here/bases/$base.Dockerfile" "$here/bases/names" \
        "$engine"/machine/{etc/pip.conf,usr/local/etc/*,usr/local/cargo/config.toml})
    if is_made "$engine/bases/$base" "$made" && our_docker image inspect "dockopt-base:$base" >/dev/null 2>&1; then
        return
    fi
    our_docker buildx build --quiet --network host --build-context "toolchain=$(rustc --print sysroot)" \
        --file "$here/bases/$base.Dockerfile" --tag "dockopt-base:$base" "$context"
    publish "$base"
    echo "$made" >"$engine/bases/$base"
    say "$base is made"
}

made=$(key "$(cat "$engine/debian.key")" "$here/bases/names")
if ! is_made "$engine/bases/debian" "$made" || ! our_docker image inspect dockopt-base:debian >/dev/null 2>&1; then
    our_docker import --change 'CMD ["bash"]' \
        --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        "$engine/debian.tar" dockopt-base:debian
    publish debian
    echo "$made" >"$engine/bases/debian"
fi

jobs=()
build busybox "$engine/root/bin" &
jobs+=($!)
for base in $(sed -n 's/^\([a-z]*\):.*/\1/p' "$here/bases/names"); do
    case $base in debian | busybox) continue ;; esac
    build "$base" "$engine/machine" &
    jobs+=($!)
done
for job in "${jobs[@]}"; do
    wait "$job"
done
