#!/bin/sh
# Downloads every URL given, unpacks it and prints one line of JSON for each.
set -eu

inbox=/var/lib/fetcher/inbox
outbox=/var/lib/fetcher/outbox

if [ "$#" -eq 0 ]; then
    echo "usage: fetch.sh URL..." >&2
    exit 64
fi

for url in "$@"; do
    name=$(basename "$url")
    curl --fail --silent --show-error --location --output "$inbox/$name" "$url"
    target="$outbox/${name%%.*}"
    mkdir -p "$target"
    case "$name" in
        *.zip) unzip -q -o "$inbox/$name" -d "$target" ;;
        *.tar.xz) tar -xJf "$inbox/$name" -C "$target" ;;
        *) cp "$inbox/$name" "$target/" ;;
    esac
    files=$(find "$target" -type f | wc -l)
    jq --null-input --compact-output --arg url "$url" --argjson files "$files" '{url: $url, files: $files}'
done
