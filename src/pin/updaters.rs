//! Who keeps pins fresh in a repository: what the settings of Renovate and Dependabot say of images. Must not change them.

use std::fs;
use std::path::Path;

use dockopt_tools::yaml;
use serde_json::Value;

/// Where Renovate looks for its settings, in its order; in `package.json` they are a key.
const RENOVATE: [&str; 10] = [
    "renovate.json",
    "renovate.json5",
    ".github/renovate.json",
    ".github/renovate.json5",
    ".gitlab/renovate.json",
    ".gitlab/renovate.json5",
    ".renovaterc",
    ".renovaterc.json",
    ".renovaterc.json5",
    "package.json",
];
const DEPENDABOT: [&str; 2] = [".github/dependabot.yml", ".github/dependabot.yaml"];
/// Larger files are no settings.
const MOST_BYTES: u64 = 1 << 20;

/// One line for each that is set up in a repository, or one that says that nobody is.
pub fn remarks(root: &Path) -> Vec<String> {
    let mut remarks: Vec<String> = renovate(root).into_iter().chain(dependabot(root)).collect();
    if remarks.is_empty() {
        remarks.push(
            "nothing here updates the pins: run `dockopt pin --update` now and then, or `--check` in CI"
                .to_owned(),
        );
    }
    remarks
}

fn renovate(root: &Path) -> Option<String> {
    let (name, text) = RENOVATE.iter().find_map(|name| {
        let text = read(root, name)?;
        (*name != "package.json" || has_key(&text)).then_some((name, text))
    })?;
    let value: Option<Value> = serde_json::from_str(&text).ok();
    let own = value
        .as_ref()
        .and_then(|value| if *name == "package.json" { value.get("renovate") } else { Some(value) });
    let is_off = own.is_some_and(|own| {
        let is_false =
            |value: Option<&Value>| value.and_then(|value| value.get("enabled")) == Some(&Value::Bool(false));
        let managers = own.get("enabledManagers").and_then(Value::as_array);
        is_false(Some(own))
            || is_false(own.get("docker"))
            || is_false(own.get("dockerfile"))
            || managers.is_some_and(|names| !names.iter().any(|name| name == "dockerfile"))
    });
    Some(if is_off {
        format!("Renovate is set up in {name}, but leaves Dockerfiles alone: nothing updates the pins there")
    } else {
        format!("Renovate is set up in {name}: it updates tags and digests of pinned images by itself")
    })
}

fn has_key(package: &str) -> bool {
    serde_json::from_str::<Value>(package).is_ok_and(|value| value.get("renovate").is_some())
}

fn dependabot(root: &Path) -> Option<String> {
    let (name, text) = DEPENDABOT.iter().find_map(|name| Some((name, read(root, name)?)))?;
    let Ok(value) = yaml::read(&text, yaml::Aliases::Followed) else {
        return Some(format!("Dependabot is set up in {name}, which cannot be read here"));
    };
    let updates = value.get("updates").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let of_images = updates
        .iter()
        .filter(|update| update.get("package-ecosystem").and_then(Value::as_str) == Some("docker"));
    let mut folders: Vec<&str> = of_images
        .flat_map(|update| {
            let one = update.get("directory").into_iter();
            let many = update.get("directories").and_then(Value::as_array).into_iter().flatten();
            one.chain(many).filter_map(Value::as_str)
        })
        .collect();
    folders.sort_unstable();
    folders.dedup();
    Some(if folders.is_empty() {
        format!("Dependabot is set up in {name}, but not for `docker`: nothing updates the pins there")
    } else {
        format!(
            "Dependabot is set up in {name}: it updates pinned images of Dockerfiles in {}",
            folders.join(", ")
        )
    })
}

fn read(root: &Path, name: &str) -> Option<String> {
    let path = root.join(name);
    let is_small = fs::metadata(&path).is_ok_and(|file| file.is_file() && file.len() <= MOST_BYTES);
    if is_small { fs::read_to_string(path).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        remarks(folder.path())
    }

    #[test]
    fn whoever_updates_is_named() {
        let starts = |files: &[(&str, &str)], words: &str| {
            let said = said(files);
            assert!(said.len() == 1 && said[0].contains(words), "{said:?}");
        };
        starts(&[], "nothing here updates");
        starts(&[("package.json", "{}")], "nothing here updates");
        starts(&[("package.json", r#"{"renovate": {}}"#)], "Renovate is set up in package.json: it updates");
        starts(
            &[(".github/renovate.json5", "{ // all\n}")],
            "Renovate is set up in .github/renovate.json5: it",
        );
        starts(&[("renovate.json", r#"{"docker": {"enabled": false}}"#)], "leaves Dockerfiles alone");
        starts(&[("renovate.json", r#"{"enabledManagers": ["npm"]}"#)], "leaves Dockerfiles alone");
        let docker = "version: 2\nupdates:\n  - package-ecosystem: docker\n    directory: /api\n  - package-ecosystem: docker\n    directories: [/, /web]\n";
        starts(&[(".github/dependabot.yml", docker)], "Dockerfiles in /, /api, /web");
        let npm = "version: 2\nupdates:\n  - package-ecosystem: npm\n    directory: /\n";
        starts(&[(".github/dependabot.yaml", npm)], "not for `docker`");
        starts(&[(".github/dependabot.yml", "updates: [")], "cannot be read");
    }
}
