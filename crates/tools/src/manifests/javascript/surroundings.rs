//! What is around a call of a manager: where its program comes from, and what node is told to load. Reads no manifest.

use super::super::paths::join;
use super::super::sources::Sources;
use super::super::{Call, Unclear};

/// The program must not come from the project, nor be told to load code from it.
pub(in crate::manifests) fn check(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    let program = call.command.split_whitespace().next().unwrap_or_default();
    let mut places = vec![];
    if program.contains('/') {
        places.push(join(call.cwd, program));
    } else if let Some(Some(path)) = call.env.get("PATH") {
        for dir in path.split(':') {
            places.extend([program, "node"].map(|name| join(&join(call.cwd, dir), name)));
        }
    }
    for place in places {
        sources.not_of_the_project(&place, &format!("`{place}` comes from the project"))?;
    }
    match call.env.get("NODE_OPTIONS") {
        None => {}
        Some(Some(options)) if options.split_whitespace().all(harmless_node_option) => {}
        Some(_) => return Err(Unclear::new("`NODE_OPTIONS` may make node load files of the project")),
    }
    for variable in ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "GIT_SSL_CAINFO", "GIT_CONFIG_GLOBAL"] {
        match call.env.get(variable) {
            None => {}
            Some(Some(path)) => sources.ambient_unread(&join(call.cwd, path)),
            Some(None) => {
                return Err(Unclear::new(format!(
                    "the value of `{variable}` is not known, and it names a file"
                )));
            }
        }
    }
    Ok(())
}

fn harmless_node_option(option: &str) -> bool {
    const HARMLESS: [&str; 9] = [
        "--max-old-space-size",
        "--max_old_space_size",
        "--max-semi-space-size",
        "--no-warnings",
        "--no-deprecation",
        "--openssl-legacy-provider",
        "--dns-result-order",
        "--max-http-header-size",
        "--unhandled-rejections",
    ];
    HARMLESS.contains(&option.split('=').next().unwrap_or_default())
        || option.chars().all(|c| c.is_ascii_digit())
}
