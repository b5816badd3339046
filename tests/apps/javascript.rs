//! What the generators of workspaces with a package.json share: names and manifests, and nothing of a walk.

use serde_json::{Value, json};

use crate::generate::Random;

/// The folders that members may lie in.
pub(super) const MEMBERS: [&str; 5] =
    ["packages/api", "packages/web", "packages/ui", "apps/admin", "tools/cli"];

/// The last part of a path.
pub(super) fn last(folder: &str) -> &str {
    folder.rsplit('/').next().unwrap_or(folder)
}

/// A manifest as it is written.
pub(super) fn text(manifest: &Value) -> String {
    serde_json::to_string_pretty(manifest).expect("it is JSON")
}

/// Dependencies from the registry.
pub(super) fn external(random: &mut Random, manifest: &mut Value) {
    manifest["dependencies"]["is-number"] = "7.0.0".into();
    if random.once_in(2) {
        manifest["devDependencies"] = json!({ "left-pad": "1.3.0" });
    }
}
