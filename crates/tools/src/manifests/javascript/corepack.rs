//! What corepack, which may stand behind the command of another manager, reads and writes of the project.
//!
//! It looks for a package.json with `packageManager` here and above, and for .corepack.env beside it (traced 2026-11-25 with 0.34). Where there is no such key it
//! writes one, unless `COREPACK_ENABLE_AUTO_PIN` is 0 (README of corepack).

use super::super::paths::{above, join};
use super::super::sources::Sources;
use super::super::{Call, Unclear};
use super::package::Package;

/// Notes it, unless the Dockerfile installs the manager by its version, so that corepack does not start it.
pub(in crate::manifests) fn note(
    sources: &mut Sources<'_>,
    call: &Call<'_>,
    root: &str,
    package: &Package,
) -> Result<(), Unclear> {
    if call.tool_version.is_some() {
        return Ok(());
    }
    sources.optional(&join(root, ".corepack.env"))?;
    if package.json.contains_key("packageManager") {
        return Ok(());
    }
    for dir in above(root) {
        sources.ambient_unread(&join(dir, "package.json"));
    }
    if call.env.get("COREPACK_ENABLE_AUTO_PIN").and_then(Option::as_deref) != Some("0") {
        let manifest = join(root, "package.json");
        sources
            .inputs
            .remarks
            .push(format!("corepack, if it starts the install, adds `packageManager` to `{manifest}`"));
        sources.inputs.writes.insert(manifest);
    }
    Ok(())
}
