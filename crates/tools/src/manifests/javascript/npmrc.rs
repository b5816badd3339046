//! The lines of .npmrc, which npm and pnpm read, and where they look for it. Must not judge what a setting means.

use super::super::Call;
use super::super::paths::{above, join};

/// Keys and values of an .npmrc; a key alone is `true`.
pub(in crate::manifests) fn settings(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with([';', '#', '['])).map(|line| {
        let (key, value) = line.split_once('=').unwrap_or((line, "true"));
        let key = key.trim().trim_end_matches("[]").trim_matches(['"', '\'']);
        (key, value.trim().trim_matches(['"', '\'']))
    })
}

/// The .npmrc of the user, whose home may be a folder above the project, and of the system.
pub(in crate::manifests) fn of_the_user(call: &Call<'_>) -> Vec<String> {
    let mut paths: Vec<String> =
        vec!["/usr/local/etc/npmrc".into(), "/root/.npmrc".into(), "/home/node/.npmrc".into()];
    paths.extend(above(call.cwd).map(|dir| join(dir, ".npmrc")));
    if let Some(Some(home)) = call.env.get("HOME") {
        paths.push(join(home, ".npmrc"));
    }
    paths
}

/// `//host/:_authToken`, `_auth` and the like.
pub(in crate::manifests) fn is_login(key: &str) -> bool {
    key.starts_with("//") || key.starts_with('_') || key == "always-auth" || key == "email"
}
