//! One package.json: its dependencies, scripts and programs, and what a dependency's specifier means. Looks at no file.

use serde_json::{Map, Value};

/// A package.json that is an object.
#[derive(Debug, Clone)]
pub(in crate::manifests) struct Package {
    pub(in crate::manifests) json: Map<String, Value>,
}

/// Where a dependency comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::manifests) enum Origin {
    /// The network.
    Remote,
    /// A file or folder, by a path relative to the package.
    Local(String),
    /// Something that npm does not install, or that is not known.
    Unknown,
}

/// Scripts that npm runs for the project itself and for packages of the project, in any version. The last three are those of npm 5 and 6.
pub(in crate::manifests) const EVENTS: [&str; 13] = [
    "preinstall",
    "install",
    "postinstall",
    "prepublish",
    "preprepare",
    "prepare",
    "postprepare",
    "predependencies",
    "dependencies",
    "postdependencies",
    "preshrinkwrap",
    "shrinkwrap",
    "postshrinkwrap",
];

/// Scripts that npm runs besides when it packs a folder in order to install it.
const PACKING: [&str; 2] = ["prepack", "postpack"];

const DEPENDENCIES: [&str; 4] =
    ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

impl Package {
    /// `None` if it is no JSON object.
    pub(in crate::manifests) fn parse(text: &str) -> Option<Self> {
        match serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).ok()? {
            Value::Object(json) => Some(Self { json }),
            _ => None,
        }
    }

    /// Scripts that run at an install, with their text. `None` if `scripts` is not a table of texts.
    pub(in crate::manifests) fn life_cycle<'a>(
        &'a self,
        events: &'a [&'static str],
        packed: Packed,
    ) -> Option<Vec<(&'a str, &'a str)>> {
        let scripts = match self.json.get("scripts") {
            None | Some(Value::Null) => return Some(vec![]),
            Some(scripts) => scripts.as_object()?,
        };
        let packing = if packed == Packed::Perhaps { &PACKING[..] } else { &[] };
        let mut found = vec![];
        for event in events.iter().chain(packing) {
            if let Some(script) = scripts.get(*event) {
                found.push((*event, script.as_str()?));
            }
        }
        Some(found)
    }

    /// A binding.gyp beside it is compiled, unless a script says otherwise.
    pub(in crate::manifests) fn may_compile(&self) -> bool {
        let scripted = |event| self.json.get("scripts").and_then(|scripts| scripts.get(event)).is_some();
        !scripted("install")
            && !scripted("preinstall")
            && self.json.get("gypfile") != Some(&Value::Bool(false))
    }

    /// Names and specifiers of all dependencies, those of `overrides` as well. `None` if one is not text.
    pub(in crate::manifests) fn dependencies(&self) -> Option<Vec<(String, String)>> {
        let mut found = vec![];
        for section in DEPENDENCIES {
            match self.json.get(section) {
                None | Some(Value::Null) => {}
                Some(Value::Object(table)) => {
                    for (name, spec) in table {
                        found.push((name.clone(), spec.as_str()?.to_owned()));
                    }
                }
                Some(_) => return None,
            }
        }
        if let Some(overrides) = self.json.get("overrides") {
            overridden(overrides, "overrides", &mut found)?;
        }
        Some(found)
    }

    /// The workspaces' patterns. `None` if they are of an unknown form.
    pub(in crate::manifests) fn workspaces(&self) -> Option<Vec<&str>> {
        let list = match self.json.get("workspaces") {
            None | Some(Value::Null) => return Some(vec![]),
            Some(Value::Object(table)) => table.get("packages")?,
            Some(list) => list,
        };
        list.as_array()?.iter().map(Value::as_str).collect()
    }

    /// The programs that npm links for a package of the project, as paths. `None` if they are of an unknown form.
    pub(in crate::manifests) fn programs(&self) -> Option<Vec<&str>> {
        if self.json.get("directories").and_then(|dirs| dirs.get("bin")).is_some() {
            return None;
        }
        match self.json.get("bin") {
            None | Some(Value::Null) => Some(vec![]),
            Some(Value::String(path)) => Some(vec![path]),
            Some(Value::Object(table)) => table.values().map(Value::as_str).collect(),
            Some(_) => None,
        }
    }
}

/// Whether npm may pack a package before it installs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::manifests) enum Packed {
    Never,
    Perhaps,
}

fn overridden(value: &Value, name: &str, found: &mut Vec<(String, String)>) -> Option<()> {
    match value {
        Value::Object(table) => table.iter().try_for_each(|(name, value)| overridden(value, name, found)),
        // `$name` is the version of a direct dependency.
        Value::String(spec) if spec.starts_with('$') => Some(()),
        Value::String(spec) => {
            found.push((name.to_owned(), spec.clone()));
            Some(())
        }
        _ => None,
    }
}

/// What a specifier means; follows npm-package-arg, `npa.js`.
pub(in crate::manifests) fn origin(spec: &str) -> Origin {
    let spec = spec.trim();
    if let Some(path) = super::super::paths::of_file_url(spec) {
        return Origin::Local(path.to_owned());
    }
    if spec.starts_with(['.', '/']) || spec.starts_with("~/") {
        return Origin::Local(spec.to_owned());
    }
    if let Some((scheme, _)) = spec.split_once(':')
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+')
    {
        let remote = [
            "npm",
            "http",
            "https",
            "git",
            "ssh",
            "github",
            "gitlab",
            "bitbucket",
            "gist",
            "git+ssh",
            "git+https",
            "git+http",
        ];
        let known = remote.contains(&scheme.to_ascii_lowercase().as_str());
        return if known { Origin::Remote } else { Origin::Unknown };
    }
    let lower = spec.to_ascii_lowercase();
    let tarball = [".tgz", ".tar.gz", ".tar"].iter().any(|suffix| lower.ends_with(suffix));
    let path = spec.split('#').next().unwrap_or_default();
    match path.matches('/').count() {
        0 if tarball => Origin::Local(spec.to_owned()),
        0 => Origin::Remote,
        // `user/repository`, or a folder: npm takes the former.
        1 if !tarball => Origin::Remote,
        _ if path.contains('@') => Origin::Unknown,
        _ => Origin::Local(spec.to_owned()),
    }
}

/// What an operand of `npm install` means: `name`, `name@spec`, `@scope/name@spec`, or a specifier alone.
pub(in crate::manifests) fn operand_origin(operand: &str) -> Origin {
    let scoped = operand.strip_prefix('@');
    let rest = scoped.unwrap_or(operand);
    match (scoped, rest.split_once('@')) {
        (None, Some((name, spec))) if !name.contains(['/', ':']) => origin(spec),
        (Some(_), Some((_, spec))) => origin(spec),
        (Some(name), None) if name.matches('/').count() == 1 => Origin::Remote,
        _ => origin(operand),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        let local = |path: &str| Origin::Local(path.to_owned());
        for (spec, expected) in [
            ("^1.2.3", Origin::Remote),
            ("", Origin::Remote),
            ("latest", Origin::Remote),
            ("file:../lib", local("../lib")),
            ("file:lib.tgz", local("lib.tgz")),
            ("./lib", local("./lib")),
            ("/opt/lib", local("/opt/lib")),
            ("lib.tgz", local("lib.tgz")),
            ("vendor/lib.tgz", local("vendor/lib.tgz")),
            ("user/repo", Origin::Remote),
            ("user/repo#feature/x", Origin::Remote),
            ("a/b/c", local("a/b/c")),
            ("npm:other@1", Origin::Remote),
            ("git+ssh://git@example.org/a.git", Origin::Remote),
            ("git+file:///a", Origin::Unknown),
            ("https://example.org/a.tgz", Origin::Remote),
            ("link:../a", Origin::Unknown),
            ("workspace:*", Origin::Unknown),
            ("catalog:", Origin::Unknown),
        ] {
            assert_eq!(origin(spec), expected, "{spec}");
        }
        for (operand, expected) in [
            ("express", Origin::Remote),
            ("express@4", Origin::Remote),
            ("@angular/cli@12", Origin::Remote),
            ("@angular/cli", Origin::Remote),
            ("./local", local("./local")),
            ("a@file:lib", local("lib")),
            (".", local(".")),
            ("git@example.org:a/b.git", Origin::Remote),
        ] {
            assert_eq!(operand_origin(operand), expected, "{operand}");
        }
    }
}
