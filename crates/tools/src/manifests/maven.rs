//! What goals of Maven's dependency plugin read and write of the project. Runs nothing, resolves no version and reads no source.
//!
//! Traced 2026-11-25 (Maven 3.8.7, dependency plugin 3.5.0): `dependency:resolve` opens pom.xml of the project, of every module and of each parent by its relative path, and
//! .mvn/maven.config, jvm.config and extensions.xml; it looks for the files that activate profiles and for profiles.xml. It opens nothing below src/. In each module it looks for target/dependency-maven-plugin-markers.
//! A goal that is called by its name runs alone: no phase, and so no plugin of the project, comes before it.

mod pom;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use super::paths::{above, join, of_file_url};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear, wrapper};

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    if !["go-offline", "resolve"].contains(&call.action) {
        return Err(Unclear::new(format!("Maven's `{}` reads the sources", call.action)));
    }
    let mut sources = Sources::new(project);
    let mut file = None;
    for (flag, value) in call.flags {
        let Some(value) = value.as_deref() else { continue };
        match flag.as_str() {
            "-f" | "--file" => file = Some(join(call.cwd, value)),
            "-s" | "--settings" | "-gs" | "--global-settings" | "-t" | "--toolchains" => {
                settings(&mut sources, &join(call.cwd, value))?;
            }
            _ => {}
        }
    }
    environment(call)?;
    wrapper::java(&mut sources, call);
    let root = match file {
        None => join(call.cwd, "pom.xml"),
        Some(path) if project.look(&path) == Look::Directory => join(&path, "pom.xml"),
        Some(path) => path,
    };
    let base = base_folder(&mut sources, super::paths::parent(&root));
    start_script(&mut sources, call, &base)?;
    core(&mut sources, &base)?;
    pom::read(&mut sources, &root)?;
    Ok(sources.inputs)
}

/// What is known about Maven, from `data/manifests/maven.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Data {
    scripts: Vec<Box<str>>,
    parents: Vec<Box<str>>,
    words: Vec<Box<str>>,
    jvm_words: Vec<Box<str>>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/manifests/maven.toml")).expect("maven.toml is checked by a test")
});

/// Finds a word that tells Maven more than dockopt can follow.
type Finder = fn(&str) -> Option<&str>;

fn is_among(words: &[Box<str>], word: &str) -> bool {
    words.iter().any(|known| match known.strip_suffix('*') {
        Some(start) => word.starts_with(start),
        None => **known == *word,
    })
}

/// The first of these words that may make Maven read or write other files.
fn telling(text: &str) -> Option<&str> {
    text.split_whitespace().find(|word| !is_among(&DATA.words, word))
}

/// The first of these options of Java that may load code or name a file.
fn telling_to_java(text: &str) -> Option<&str> {
    text.split_whitespace().find(|word| !is_among(&DATA.jvm_words, word))
}

fn environment(call: &Call<'_>) -> Result<(), Unclear> {
    let whole: Finder = |value| Some(value);
    let asked: [(&str, Finder); 7] = [
        ("MAVEN_ARGS", telling),
        ("MAVEN_OPTS", telling_to_java),
        ("JAVA_TOOL_OPTIONS", telling_to_java),
        ("JDK_JAVA_OPTIONS", telling_to_java),
        ("MAVEN_USER_HOME", whole),
        ("MAVEN_BASEDIR", whole),
        ("MAVEN_PROJECTBASEDIR", whole),
    ];
    for (name, find) in asked {
        let Some(value) = call.env.get(name) else { continue };
        let value = value.as_deref().ok_or_else(|| {
            Unclear::new(format!("the value of `{name}`, which Maven obeys, is only known when it runs"))
        })?;
        if let Some(word) = find(value).filter(|word| !word.is_empty()) {
            return Err(Unclear::new(format!(
                "`{word}` in `{name}` may make Maven read or write other files"
            )));
        }
    }
    Ok(())
}

/// The nearest folder with a .mvn, from here upwards; here if there is none.
fn base_folder(sources: &mut Sources<'_>, from: &str) -> String {
    for dir in std::iter::once(from).chain(above(from)) {
        let settings = join(dir, ".mvn");
        match sources.project.look(&settings) {
            Look::Directory => return dir.to_owned(),
            Look::Absent => {
                sources.inputs.probes.insert(settings);
            }
            Look::File | Look::Unknown => {}
        }
    }
    from.to_owned()
}

fn start_script(sources: &mut Sources<'_>, call: &Call<'_>, base: &str) -> Result<(), Unclear> {
    if wrapper::script(call, "mvnw").is_none() {
        return Ok(());
    }
    let text = wrapper::check(sources, call, "mvnw", &DATA.scripts)?;
    if call.env.contains_key("MAVEN_CONFIG") {
        return Err(Unclear::new("mvnw takes the words in `MAVEN_CONFIG` for arguments"));
    }
    if base != call.cwd {
        return Err(Unclear::new(format!(
            "mvnw is in `{}` and its settings are in `{}`",
            call.cwd,
            join(base, ".mvn")
        )));
    }
    let properties = join(base, ".mvn/wrapper/maven-wrapper.properties");
    let settings = sources.needed(&properties)?;
    let local = settings
        .lines()
        .filter_map(|line| line.split_once('='))
        .find(|(key, value)| key.trim().ends_with("Url") && !value.trim().starts_with("http"));
    if let Some((key, _)) = local {
        return Err(Unclear::at(
            &properties,
            format!("`{}` in `{properties}` is no address of the network", key.trim()),
        ));
    }
    let jar = join(base, ".mvn/wrapper/maven-wrapper.jar");
    if text.contains("maven-wrapper.jar") && sources.project.look(&jar) != Look::File {
        let downloader = join(base, ".mvn/wrapper/MavenWrapperDownloader.java");
        sources.absent(&downloader, "mvnw may compile and run MavenWrapperDownloader.java")?;
        // It is downloaded to this place, where a later copy could put another one.
        sources.inputs.write_trees.insert(jar);
    }
    Ok(())
}

/// What Maven itself reads below .mvn.
fn core(sources: &mut Sources<'_>, base: &str) -> Result<(), Unclear> {
    let folder = join(base, ".mvn");
    if sources.project.look(&folder) != Look::Directory {
        return Ok(());
    }
    let extensions = join(&folder, "extensions.xml");
    sources.not_of_the_project(
        &extensions,
        &format!("`{extensions}` loads extensions, which may read any file of the project"),
    )?;
    let files: [(&str, Finder); 2] = [("maven.config", telling), ("jvm.config", telling_to_java)];
    for (name, find) in files {
        let path = join(&folder, name);
        if let Some(text) = sources.optional(&path)?
            && let Some(word) = find(&text)
        {
            let reason = format!("`{word}` in `{path}` may make Maven read or write other files");
            return Err(Unclear::at(&path, reason));
        }
    }
    for name in OTHERS {
        sources.ambient_unread(&join(&folder, name));
    }
    Ok(())
}

/// What Maven 4 and the wrapper read below .mvn, besides.
const OTHERS: [&str; 8] = [
    "maven.properties",
    "maven-project.properties",
    "maven-system.properties",
    "maven-user.properties",
    "settings.xml",
    "toolchains.xml",
    "wrapper/maven-wrapper.jar",
    "wrapper/maven-wrapper.properties",
];

/// A settings.xml may move the store, or name a store of the project.
fn settings(sources: &mut Sources<'_>, path: &str) -> Result<(), Unclear> {
    let text = sources.needed(path)?;
    let document = super::xml::parse(path, &text)?;
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let (name, value) = (node.tag_name().name(), super::xml::content(node));
        let local = name == "localRepository" || (name == "url" && of_file_url(value).is_some());
        if local {
            let line = super::xml::line(node);
            return Err(Unclear::at(path, format!("`{path}` names a folder, `{value}`, in line {line}")));
        }
    }
    Ok(())
}
