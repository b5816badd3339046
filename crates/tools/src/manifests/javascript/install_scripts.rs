//! Install scripts of packages from the network: may one read or write the project? Only the data says what they do. Which packages
//! have one is not known here.

use super::super::paths::{above, join};
use super::super::sources::Sources;
use super::super::{Call, Look, Unclear};
use super::prisma::{self, Missing};
use super::scripts::{Class, DATA};

/// A package whose install script runs.
pub(in crate::manifests) struct Dependency<'a> {
    pub(in crate::manifests) name: &'a str,
    /// Where it comes from; missing if that is a registry.
    pub(in crate::manifests) address: Option<&'a str>,
    /// The folder above the `node_modules` in which it is put.
    pub(in crate::manifests) base: String,
}

/// Is the script of this package one of those that are known?
pub(in crate::manifests) fn judge(
    sources: &mut Sources<'_>,
    call: &Call<'_>,
    dependency: &Dependency<'_>,
) -> Result<(), Unclear> {
    let name = dependency.name;
    let refused = |more: &str| {
        Unclear::new(format!("`{name}`{more} runs an install script, which may read files of the project"))
    };
    let known = DATA.install_scripts.iter().find(|(_, names)| names.contains(name));
    let (class, _) = known.ok_or_else(|| refused(""))?;
    // A fork under the same name may do anything.
    let from_registry = dependency.address.is_none_or(|address| {
        let address = address.to_ascii_lowercase().replace("%2f", "/");
        let on_the_network = address.starts_with("https://") || address.starts_with("http://");
        on_the_network && address.contains(&format!("/{name}/-/"))
    });
    if !from_registry {
        return Err(refused(", which does not come from a registry,"));
    }
    let own = join(call.cwd, "package.json");
    match class {
        Class::Message | Class::Own => {}
        Class::Caller => {
            sources.ambient_unread(&own);
            if sources.project.look(&own) != Look::Absent {
                sources.inputs.write_trees.insert(join(call.cwd, "node_modules"));
            }
        }
        Class::Schema => {
            let told = |(name, value): &(&String, &Option<String>)| {
                name.starts_with("PRISMA_") && value.as_deref().is_none_or(|value| !is_number(value))
            };
            if let Some((variable, _)) = call.env.iter().find(told) {
                return Err(refused(&format!(", told by `{variable}`,")));
            }
            if dependency.base != call.cwd {
                return Err(refused(&format!(" in `{}`", dependency.base)));
            }
            prisma::generate(sources, call.cwd, &[], Missing::Passes)?;
        }
        Class::Native | Class::Download => {
            let told = |variable: &&String| {
                let value = call.env.get(*variable);
                value.is_some_and(|value| value.as_deref().is_none_or(|value| !is_number(value)))
            };
            if let Some(variable) = DATA.script_variables.iter().find(told) {
                return Err(refused(&format!(", told by `{variable}`,")));
            }
            // prebuild-install looks for its settings in every folder above the package.
            let base = dependency.base.as_str();
            for dir in std::iter::once(base).chain(above(base)) {
                let settings = join(dir, ".prebuild-installrc");
                let why = format!("the install script of `{name}` may read `{settings}`");
                sources.not_of_the_project(&settings, &why)?;
            }
        }
    }
    Ok(())
}

/// A version, or a switch.
fn is_number(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_digit() || c == '.') && !value.contains("..") && value != "."
        || ["true", "false"].contains(&value)
}
