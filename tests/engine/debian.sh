#!/usr/bin/env bash
# Makes the file system of a small Debian, which all base images begin with, as a tar file.
set -euo pipefail
# shellcheck source=tests/engine/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mirror=$(debian_mirror)
made=$(key "$mirror" "$0" "$engine"/machine/usr/local/share/ca-certificates/*.crt "$engine/machine/etc/apt/apt.conf.d/90machine")
is_made "$engine/debian.key" "$made" && exit
rm -f "$engine"/debian.{key,tar}
command -v mmdebstrap >/dev/null || apt-get install -y -q --no-install-recommends mmdebstrap || {
    apt-get update -q
    apt-get install -y -q --no-install-recommends mmdebstrap
}

# In memory it takes half the time, if there is enough.
scratch=$engine
if [ "$(df --output=avail -k /dev/shm 2>/dev/null | tail -1)" -gt 2000000 ]; then
    scratch=/dev/shm
fi
# Images of Debian leave documents and translations out, let apt keep no packages, and do without syncs to disk.
TMPDIR=$scratch mmdebstrap --quiet --mode=root --variant=apt --include=ca-certificates \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt=force-unsafe-io \
    --aptopt='Acquire::Languages "none"' --aptopt='APT::AutoRemove::SuggestsImportant "false"' \
    --aptopt='DPkg::Post-Invoke {"rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true";}' \
    --aptopt='Dir::Cache::pkgcache ""' --aptopt='Dir::Cache::srcpkgcache ""' \
    --customize-hook="copy-in '$engine/machine/usr/local/share/ca-certificates' /usr/local/share" \
    --customize-hook="copy-in '$engine/machine/etc/apt/apt.conf.d/90machine' /etc/apt/apt.conf.d" \
    --customize-hook='chroot "$1" update-ca-certificates' \
    bookworm "$engine/debian.tar" "$mirror"
echo "$made" >"$engine/debian.key"
