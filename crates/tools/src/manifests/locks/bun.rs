//! bun.lock: it repeats the ranges of each package.json of the project. Resolves no version.

use std::collections::BTreeMap;

use super::Lock;
use super::package_json::Manifest;
use crate::manifests::bun::Lock as BunLock;
use crate::manifests::javascript::package::Package;

pub(super) fn compare(lock: &Lock<'_>) -> Result<(), String> {
    let manifest = Manifest::read(lock)?;
    let listed = BunLock::read(lock.text).map_err(|why| format!("it {why}"))?;
    let below = |folder: &str| if folder == "." { String::new() } else { folder.to_owned() };
    let packages = manifest.all().map(|(folder, own)| (below(folder), Package { json: own.clone() }));
    listed.agrees(&packages.collect::<BTreeMap<_, _>>())
}
