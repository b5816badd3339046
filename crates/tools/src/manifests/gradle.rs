//! What `gradle dependencies` reads and writes of the project. Runs nothing; it follows only build scripts that are no more than lists.
//!
//! Build scripts are programs, and all of them run before any task. One is understood only if each of its names, and each plugin, is known to read no file.
//! A current Gradle could not be run where this was written; which files it looks for is what its user manual says.

mod script;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::paths::{above, join};
use super::sources::Sources;
use super::{Call, Inputs, Project, Unclear, wrapper};
use script::Token;

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    if call.action != "dependencies" {
        return Err(Unclear::new(format!("Gradle's `{}` reads the sources", call.action)));
    }
    let mut sources = Sources::new(project);
    if let Some(name) = call.env.keys().find(|name| name.starts_with("ORG_GRADLE_PROJECT_")) {
        return Err(Unclear::new(format!("`{name}` is a property that build scripts may obey")));
    }
    for name in ["GRADLE_OPTS", "JAVA_OPTS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "GRADLE_USER_HOME"] {
        if call
            .env
            .get(name)
            .is_some_and(|value| value.as_deref().is_none_or(|value| value.contains(['/', '@'])))
        {
            return Err(Unclear::new(format!("`{name}` may make Gradle read or write other files")));
        }
    }
    let root = call.cwd;
    wrapper::java(&mut sources, call);
    start_script(&mut sources, call)?;
    let projects = settings(&mut sources, root)?;
    for folder in ["buildSrc", "build-logic"] {
        let path = join(root, folder);
        let why = format!("`{path}` is a build of its own, whose code every build script may use");
        sources.not_of_the_project(&path, &why)?;
    }
    // The version catalog, the wrapper, checksums of dependencies.
    let settings = join(root, "gradle");
    for name in OTHERS {
        sources.ambient_unread(&join(&settings, name));
    }
    let catalog = catalog(&mut sources, &join(&settings, "libs.versions.toml"))?;
    for folder in std::iter::once(root.to_owned()).chain(projects) {
        build(&mut sources, root, &folder, &catalog)?;
    }
    for name in ["settings-gradle.lockfile", "gradlew.bat"] {
        sources.ambient_unread(&join(root, name));
    }
    for folder in [".gradle", "build"] {
        sources.inputs.write_trees.insert(join(root, folder));
    }
    Ok(sources.inputs)
}

/// What Gradle reads in its folder of settings, besides the version catalog.
const OTHERS: [&str; 6] = [
    "gradle-daemon-jvm.properties",
    "verification-keyring.gpg",
    "verification-keyring.keys",
    "verification-metadata.xml",
    "wrapper/gradle-wrapper.jar",
    "wrapper/gradle-wrapper.properties",
];

/// What is known about Gradle, from `data/manifests/gradle.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    scripts: Vec<Box<str>>,
    plugins: BTreeSet<String>,
    words: BTreeSet<String>,
    properties: BTreeSet<String>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/manifests/gradle.toml"))
        .expect("gradle.toml is checked by a test")
});

fn start_script(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    if wrapper::script(call, "gradlew").is_none() {
        return Ok(());
    }
    wrapper::check(sources, call, "gradlew", &DATA.scripts)?;
    sources.needed_unread(&join(call.cwd, "gradle/wrapper/gradle-wrapper.jar"))?;
    let path = join(call.cwd, "gradle/wrapper/gradle-wrapper.properties");
    let text = sources.needed(&path)?;
    let of_project = |line: &&str| {
        let value = line.split_once('=').map_or("", |(_, value)| value.trim());
        (line.starts_with("distributionUrl") && !value.starts_with("http")) || value == "PROJECT"
    };
    if let Some(line) = text.lines().map(str::trim).find(of_project) {
        return Err(Unclear::at(&path, format!("`{line}` in `{path}` keeps Gradle in the project")));
    }
    Ok(())
}

/// A script in Groovy or Kotlin, where there is one: its path and text.
fn either(sources: &mut Sources<'_>, stem: &str) -> Result<Option<(String, String)>, Unclear> {
    for path in [stem.to_owned(), format!("{stem}.kts")] {
        if let Some(text) = sources.optional(&path)? {
            return Ok(Some((path, text)));
        }
    }
    // A language that Gradle has since 8.8.
    sources.absent(&format!("{stem}.dcl"), "a declarative build script is not followed")?;
    Ok(None)
}

/// The settings script: the folders of the subprojects.
fn settings(sources: &mut Sources<'_>, root: &str) -> Result<BTreeSet<String>, Unclear> {
    let Some((path, text)) = either(sources, &join(root, "settings.gradle"))? else {
        for dir in above(root) {
            for name in ["settings.gradle", "settings.gradle.kts"] {
                let path = join(dir, name);
                sources.not_of_the_project(&path, &format!("`{path}` makes this a part of another build"))?;
            }
        }
        return Ok(BTreeSet::new());
    };
    let tokens = understood(&path, &text, &BTreeSet::new())?;
    let mut projects = BTreeSet::new();
    let mut including = None;
    for (line, token) in tokens {
        match token {
            Token::Name(name) if name == "include" => including = Some(line),
            Token::Text(name) if including.is_some() => {
                let mut folder = root.to_owned();
                for part in name.split(':').filter(|part| !part.is_empty()) {
                    folder = join(&folder, part);
                    projects.insert(folder.clone());
                }
            }
            Token::Sign('(' | ',') => {}
            Token::Name(_) | Token::Text(_) | Token::Sign(_) => including = None,
        }
    }
    Ok(projects)
}

/// The plugins of the version catalog. Its names are known words after `libs`.
fn catalog(sources: &mut Sources<'_>, path: &str) -> Result<BTreeSet<String>, Unclear> {
    let Some(text) = sources.optional(path)? else { return Ok(BTreeSet::new()) };
    let table: toml::Table = toml::from_str(&text)
        .map_err(|fault| Unclear::at(path, format!("`{path}` cannot be read: {}", fault.message())))?;
    let tables = ["versions", "libraries", "bundles", "plugins"];
    let mut names: BTreeSet<String> = tables.iter().map(|&name| name.to_owned()).collect();
    for (table, entries) in tables.iter().filter_map(|name| Some((name, table.get(*name)?.as_table()?))) {
        for (key, value) in entries {
            names.extend(key.split(['-', '_', '.']).map(str::to_owned));
            if *table == "plugins" {
                let id = value.get("id").or(Some(value)).and_then(toml::Value::as_str).unwrap_or("?");
                known_plugin(path, id.split(':').next().unwrap_or(id), None)?;
            }
        }
    }
    Ok(names)
}

fn build(
    sources: &mut Sources<'_>,
    root: &str,
    folder: &str,
    catalog: &BTreeSet<String>,
) -> Result<(), Unclear> {
    let script = either(sources, &join(folder, "build.gradle"))?;
    if script.is_none() && folder != root {
        return Err(Unclear::at(
            folder,
            format!("the subproject `{folder}` has no build script, so nothing would make its folder"),
        ));
    }
    if let Some((path, text)) = script {
        understood(&path, &text, catalog)?;
    }
    let properties = join(folder, "gradle.properties");
    if let Some(text) = sources.optional(&properties)? {
        let telling =
            text.lines().map(|line| line.split(['=', ':']).next().unwrap_or(line).trim()).find(|key| {
                ["org.gradle.", "systemProp."].iter().any(|start| key.starts_with(start))
                    && !DATA.properties.contains(*key)
            });
        if let Some(key) = telling {
            return Err(Unclear::at(
                &properties,
                format!("`{key}` in `{properties}` is not known to name no file"),
            ));
        }
    }
    for name in ["gradle.lockfile", "buildscript-gradle.lockfile"] {
        sources.ambient_unread(&join(folder, name));
    }
    // Locks as Gradle before 7 kept them, a file for each configuration.
    let locks = join(folder, "gradle/dependency-locks");
    sources.not_of_the_project(&locks, &format!("`{locks}` holds a lock file for each configuration"))
}

/// The tokens of a script, if each name and each plugin in it is known.
fn understood(path: &str, text: &str, catalog: &BTreeSet<String>) -> Result<Vec<(usize, Token)>, Unclear> {
    let tokens = script::tokens(text)
        .map_err(|line| Unclear::at(path, format!("line {line} of `{path}` is more than a list")))?;
    let mut own: BTreeSet<&str> = BTreeSet::new();
    let mut before: [&str; 2] = ["", ""];
    for (line, token) in &tokens {
        match token {
            Token::Name(name) => {
                let is_own = ["def", "val"].contains(&before[1]);
                if is_own {
                    own.insert(name);
                }
                let known = DATA.words.contains(name)
                    || DATA.plugins.contains(name)
                    || own.contains(name.as_str())
                    || catalog.contains(name);
                if !known {
                    return Err(Unclear::at(
                        path,
                        format!("`{name}` in line {line} of `{path}` may make Gradle read other files"),
                    ));
                }
                before = [before[1], name];
            }
            Token::Text(text) => {
                if before[1] == "id" || before == ["apply", "plugin"] || before[1] == "plugin" {
                    known_plugin(path, text, Some(*line))?;
                }
                if ["url", "uri", "maven"].contains(&before[1]) && !text.starts_with("http") {
                    return Err(Unclear::at(
                        path,
                        format!("`{text}` in line {line} of `{path}` is no address of the network"),
                    ));
                }
            }
            Token::Sign(_) => {}
        }
    }
    Ok(tokens)
}

fn known_plugin(path: &str, id: &str, line: Option<usize>) -> Result<(), Unclear> {
    if DATA.plugins.contains(id) {
        return Ok(());
    }
    let place = line.map_or_else(String::new, |line| format!(" in line {line}"));
    Err(Unclear::at(path, format!("the plugin {id}{place} of `{path}` may read any file of the project")))
}
