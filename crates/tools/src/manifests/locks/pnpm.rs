//! pnpm-lock.yaml: package.json must ask for what it lists, in the same words. Resolves no version, and compares no workspace.

use std::collections::{BTreeMap, BTreeSet};

use super::Lock;
use crate::manifests::Look;
use crate::manifests::javascript::package::Package;
use crate::manifests::paths::join;
use crate::manifests::pnpm::lock::Lock as PnpmLock;

pub(super) fn compare(lock: &Lock<'_>) -> Result<(), String> {
    for name in ["pnpm-workspace.yaml", ".pnpmfile.cjs"] {
        let path = join(lock.folder, name);
        if lock.project.look(&path) != Look::Absent {
            return Err(format!("`{path}` may change what is asked for, and is not compared with it"));
        }
    }
    let package = Package::parse(&lock.needed("package.json")?).ok_or("package.json is no JSON object")?;
    let listed = PnpmLock::read(lock.text).map_err(|why| format!("it {why}"))?;
    listed.agrees(&BTreeMap::from([(".".to_owned(), package)]), &BTreeSet::new())
}
