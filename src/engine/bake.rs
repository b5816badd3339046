//! Compose and Bake files as builds: buildx reads both, and prints one form. Must not build.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::process::{self, Failure};

/// A build that a Compose or Bake file defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its name there.
    pub name: String,
    /// The Dockerfile.
    pub dockerfile: PathBuf,
    /// The build context.
    pub context: PathBuf,
    /// The platforms; the engine's own where there are none.
    pub platforms: Vec<String>,
    /// The rest as arguments of a build.
    pub arguments: Vec<OsString>,
}

/// The builds of `file`: that of `name`, or all that it builds by default.
pub fn definitions(file: &Path, name: Option<&str>) -> Result<Vec<Definition>, Failure> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut command = Command::new("docker");
    // Paths in the file start at its folder.
    command
        .current_dir(folder)
        .args(["buildx", "bake", "--print", "--file"])
        .arg(file.file_name().unwrap_or_default());
    command.args(name);
    let output = process::output(&mut command)?;
    read(&String::from_utf8_lossy(&output), folder)
}

/// What `bake --print` prints.
#[derive(Deserialize)]
struct Printed {
    #[serde(default)]
    target: BTreeMap<String, Target>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Target {
    #[serde(default)]
    context: Option<String>,
    #[serde(default)]
    dockerfile: Option<String>,
    #[serde(default)]
    dockerfile_inline: Option<String>,
    #[serde(default)]
    contexts: BTreeMap<String, String>,
    #[serde(default)]
    args: BTreeMap<String, Option<String>>,
    #[serde(default)]
    labels: BTreeMap<String, Option<String>>,
    #[serde(default, rename = "target")]
    stage: Option<String>,
    #[serde(default)]
    platforms: Vec<String>,
    #[serde(default)]
    secret: Vec<Mount>,
    #[serde(default)]
    ssh: Vec<Mount>,
    #[serde(default)]
    network: Option<String>,
    #[serde(default)]
    shm_size: Option<String>,
    #[serde(default)]
    ulimits: Vec<String>,
    #[serde(default)]
    extra_hosts: BTreeMap<String, Option<String>>,
}

/// A secret or an agent: a text of options in older versions of buildx, a table in newer ones.
#[derive(Deserialize)]
#[serde(untagged)]
enum Mount {
    Text(String),
    Table(BTreeMap<String, serde_json::Value>),
}

fn read(text: &str, folder: &Path) -> Result<Vec<Definition>, Failure> {
    let printed: Printed = serde_json::from_str(text).map_err(|error| {
        Failure::Unreadable(format!("what `docker buildx bake --print` prints cannot be read: {error}"))
    })?;
    printed.target.into_iter().map(|(name, target)| target.definition(name, folder)).collect()
}

impl Target {
    fn definition(self, name: String, folder: &Path) -> Result<Definition, Failure> {
        let refuse =
            |what: &str| Err(Failure::Unreadable(format!("`{name}` {what}, which `verify` cannot work on")));
        if self.dockerfile_inline.is_some() {
            return refuse("has its Dockerfile inside the definition");
        }
        let context = self.context.unwrap_or_else(|| ".".to_owned());
        if context.contains("://") || context.starts_with("git@") || context.starts_with("target:") {
            return refuse("takes its build context from elsewhere");
        }
        let context = folder.join(context);
        let dockerfile = context.join(self.dockerfile.as_deref().unwrap_or("Dockerfile"));
        let mut arguments: Vec<OsString> = Vec::new();
        let mut add = |option: &str, value: String| arguments.extend([option.into(), value.into()]);
        for (option, table) in [("--build-arg", self.args), ("--label", self.labels)] {
            for (key, value) in table {
                add(option, value.map_or_else(|| key.clone(), |value| format!("{key}={value}")));
            }
        }
        for (key, value) in self.contexts {
            let is_folder = !value.contains(':') && !value.starts_with('/');
            let value = if is_folder { folder.join(value).display().to_string() } else { value };
            add("--build-context", format!("{key}={value}"));
        }
        for (option, mounts) in [("--secret", self.secret), ("--ssh", self.ssh)] {
            for mount in mounts {
                add(option, mount.text(option, folder));
            }
        }
        for (option, value) in
            [("--target", self.stage), ("--network", self.network), ("--shm-size", self.shm_size)]
        {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                add(option, value);
            }
        }
        self.ulimits.into_iter().for_each(|limit| add("--ulimit", limit));
        for (host, address) in self.extra_hosts {
            add("--add-host", format!("{host}={}", address.unwrap_or_default()));
        }
        Ok(Definition { name, dockerfile, context, platforms: self.platforms, arguments })
    }
}

impl Mount {
    /// As an option's value; the path of a file starts at the folder of the definition.
    fn text(self, option: &str, folder: &Path) -> String {
        let at = |path: &str| {
            if path.starts_with('/') { path.to_owned() } else { folder.join(path).display().to_string() }
        };
        let pairs: Vec<(String, String)> = match self {
            Self::Text(text) if option == "--ssh" => return text,
            Self::Text(text) => {
                let pair =
                    |part: &str| part.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
                text.split(',').filter_map(pair).collect()
            }
            Self::Table(table) if option == "--ssh" => {
                let word = |key: &str| {
                    table.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
                };
                return match table.get("paths").and_then(serde_json::Value::as_array) {
                    Some(paths) => {
                        let paths: Vec<String> =
                            paths.iter().filter_map(|path| path.as_str().map(at)).collect();
                        format!("{}={}", word("id"), paths.join(","))
                    }
                    None => word("id"),
                };
            }
            Self::Table(table) => {
                table.into_iter().filter_map(|(key, value)| Some((key, value.as_str()?.to_owned()))).collect()
            }
        };
        let pair = |(key, value): (String, String)| {
            let value = if key == "src" || key == "source" { at(&value) } else { value };
            format!("{key}={value}")
        };
        pairs.into_iter().map(pair).collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(definition: &Definition) -> Vec<&str> {
        definition.arguments.iter().map(|word| word.to_str().unwrap()).collect()
    }

    #[test]
    fn a_target_becomes_arguments() {
        let text = r#"{"group": {"default": {"targets": ["api"]}}, "target": {"api": {
            "context": "services/api", "dockerfile": "docker/Dockerfile", "args": {"V": "1", "FROM_ENV": null},
            "contexts": {"assets": "web/dist", "base": "docker-image://alpine:3"}, "target": "run",
            "secret": [{"id": "npm", "src": ".npmrc"}, "id=key,src=/run/key"], "platforms": ["linux/amd64"]}}}"#;
        let found = read(text, Path::new("/p")).unwrap();
        let [api] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((api.name.as_str(), api.context.as_path()), ("api", Path::new("/p/services/api")));
        assert_eq!(api.dockerfile, Path::new("/p/services/api/docker/Dockerfile"));
        assert_eq!(api.platforms, ["linux/amd64"]);
        let expected = [
            "--build-arg",
            "FROM_ENV",
            "--build-arg",
            "V=1",
            "--build-context",
            "assets=/p/web/dist",
            "--build-context",
            "base=docker-image://alpine:3",
            "--secret",
            "id=npm,src=/p/.npmrc",
            "--secret",
            "id=key,src=/run/key",
            "--target",
            "run",
        ];
        assert_eq!(words(api), expected);
    }

    #[test]
    fn what_is_not_on_disk_is_refused() {
        for target in [r#"{"context": "https://example.org/a.git"}"#, r#"{"dockerfile-inline": "FROM a"}"#] {
            let text = format!(r#"{{"target": {{"api": {target}}}}}"#);
            let failure = read(&text, Path::new(".")).unwrap_err().to_string();
            assert!(failure.starts_with("`api` "), "{failure}");
        }
        assert!(read("ERROR: no such target", Path::new(".")).is_err());
    }
}
