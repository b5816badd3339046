#!/usr/bin/env bash
# Collects what a package manager needs on this machine (further certificate authorities, indexes, proxies) into a folder
# that becomes a part of the base images. None of it may ever be committed.
set -euo pipefail
# shellcheck source=tests/engine/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

into=$engine/machine
settings=$(env | grep -iE '^(pip_|npm_|cargo_|go|https?_proxy|no_proxy)' | sort)
made=$(key "$settings" "$0" $(find /usr/local/share/ca-certificates ~/.npmrc ~/.config/pip /etc/pip.conf -type f 2>/dev/null))
is_made "$engine/machine.key" "$made" && exit
rm -rf "$into" "$engine/machine.key"
mkdir -p "$into"/{usr/local/share/ca-certificates,etc/apt/apt.conf.d,usr/local/etc,usr/local/cargo}
bundle=/etc/ssl/certs/ca-certificates.crt

find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$into/usr/local/share/ca-certificates" \; 2>/dev/null || true
apt-config dump 2>/dev/null | grep -E '^Acquire::https?::Proxy' >"$into/etc/apt/apt.conf.d/90machine" || true

# Each of these is asked for its settings in its own words; one that is not there has none.
{
    printf '[global]\ncert = %s\nroot-user-action = ignore\ndisable-pip-version-check = true\n' "$bundle"
    (cd / && python3 -m pip config list 2>/dev/null) |
        sed -nE "s/^(global|:env:)\.(index-url|extra-index-url|trusted-host)='(.*)'$/\2 = \3/p"
} >"$into/etc/pip.conf"
{
    printf 'cafile=%s\naudit=false\nfund=false\nupdate-notifier=false\n' "$bundle"
    registry=$(cd / && npm config get registry 2>/dev/null) && echo "registry=$registry"
} >"$into/usr/local/etc/npmrc" || true
{
    printf '[http]\ncainfo = "%s"\n' "$bundle"
    sed -n '/^\[\(source\|registries\|registry\)/,$p' "${CARGO_HOME:-$HOME/.cargo}/config.toml" 2>/dev/null
} >"$into/usr/local/cargo/config.toml" || true
printf 'GOPROXY=%s\n' "$(cd / && go env GOPROXY 2>/dev/null || echo "${GOPROXY:-}")" >"$into/usr/local/etc/go.env"

# Node and npm of this machine, where it has them: Debian's npm is four hundred packages.
if node=$(command -v node) && npm=$(cd / && npm root --global 2>/dev/null)/npm && [ -e "$npm/bin/npm-cli.js" ]; then
    mkdir -p "$into"/node/{bin,lib/node_modules}
    cp -L "$(readlink -f "$node")" "$into/node/bin/node"
    cp -R "$npm" "$into/node/lib/node_modules/npm"
    ln -s ../lib/node_modules/npm/bin/npm-cli.js "$into/node/bin/npm"
    ln -s ../lib/node_modules/npm/bin/npx-cli.js "$into/node/bin/npx"
fi

# The client hands proxies to every RUN, and keeps them out of the image.
mkdir -p "$engine/config"
python3 - >"$engine/config/config.json" <<'END'
import json, os
names = {"httpProxy": "http_proxy", "httpsProxy": "https_proxy", "noProxy": "no_proxy"}
values = {key: os.environ.get(name) or os.environ.get(name.upper()) for key, name in names.items()}
values = {key: value for key, value in values.items() if value}
print(json.dumps({"proxies": {"default": values}} if values else {}))
END
echo "$made" >"$engine/machine.key"
