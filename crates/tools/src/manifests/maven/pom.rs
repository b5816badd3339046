//! pom.xml: which other files does a model name? It follows parents and modules, and refuses what would run code or cannot be told.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::{Document, Node};

use super::super::paths::{join, parent};
use super::super::sources::Sources;
use super::super::xml::{self, Named, at, children, content, value};
use super::super::{Look, Unclear};
use super::DATA;

/// Reads a POM, its parents and its modules.
pub(super) fn read(sources: &mut Sources<'_>, root: &str) -> Result<(), Unclear> {
    let mut reactor =
        Reactor { sources, seen: BTreeMap::new(), folders: BTreeSet::new(), activations: BTreeSet::new() };
    reactor.project(root)?;
    reactor.activations()?;
    let has_siblings = reactor.folders.len() > 1;
    for folder in &reactor.folders {
        // Artifacts of a sibling may be taken from what an earlier build left, and the plugin looks for its own marks.
        let left = if has_siblings { "target" } else { "target/dependency-maven-plugin-markers" };
        let target = join(folder, left);
        let why = format!("`{target}` is copied too, and Maven may take it for what an earlier build did");
        reactor.sources.not_of_the_project(&target, &why)?;
        reactor.sources.inputs.trees.insert(target);
    }
    Ok(())
}

struct Reactor<'s, 'a> {
    sources: &'s mut Sources<'a>,
    /// POMs that were read, and what project each is.
    seen: BTreeMap<String, Identity>,
    /// The folders of the projects that are built.
    folders: BTreeSet<String>,
    /// Files that activate profiles, as written, and the POM that names them.
    activations: BTreeSet<(String, String)>,
}

/// The elements of a POM by which a child can tell that it is its parent.
#[derive(Clone, Default)]
struct Identity {
    group: Option<String>,
    artifact: Option<String>,
    version: Option<String>,
}

impl Identity {
    fn of(node: Node<'_, '_>) -> Self {
        let own = |name| value(node, name).map(str::to_owned);
        Self { group: own("groupId"), artifact: own("artifactId"), version: own("version") }
    }

    /// Whether a parent that is declared so is this project. What a POM inherits or computes is not compared.
    fn is_declared_as(&self, declared: &Self) -> bool {
        let plain = |own: &Option<String>, other: &Option<String>| {
            own.is_none()
                || own == other
                || [own, other].into_iter().flatten().any(|text| text.contains("${"))
        };
        self.artifact == declared.artifact
            && plain(&self.group, &declared.group)
            && plain(&self.version, &declared.version)
    }
}

impl Reactor<'_, '_> {
    /// A POM that is built: modules count.
    fn project(&mut self, path: &str) -> Result<(), Unclear> {
        if !self.folders.insert(parent(path).to_owned()) {
            return Ok(());
        }
        let text = self.sources.needed(path)?;
        let document = xml::parse(path, &text)?;
        self.model(path, &document)?;
        let project = document.root_element();
        for module in at(project, &["modules", "module"]) {
            let pom = self.module(path, module)?;
            self.project(&pom)?;
        }
        for module in at(project, &["profiles", "profile", "modules", "module"]) {
            let pom = self.module(path, module)?;
            // The profile may be inactive, and then nobody misses the module.
            match self.sources.project.look(&pom) {
                Look::File => self.project(&pom)?,
                _ => self.sources.ambient_unread(&pom),
            }
        }
        Ok(())
    }

    /// The POM of a module.
    fn module(&self, path: &str, module: Node<'_, '_>) -> Result<String, Unclear> {
        let written = content(module).replace('\\', "/");
        if written.is_empty() || written.contains("${") {
            return Err(not_followed(path, module, &written));
        }
        let module = join(parent(path), &written);
        Ok(match self.sources.project.look(&module) {
            Look::File => module,
            _ => join(&module, "pom.xml"),
        })
    }

    /// What a POM names, as a project or as a parent.
    fn model(&mut self, path: &str, document: &Document<'_>) -> Result<(), Unclear> {
        let project = document.root_element();
        if self.seen.insert(path.to_owned(), Identity::of(project)).is_some() {
            return Ok(());
        }
        if !project.has_tag_name_of("project")
            || value(project, "modelVersion").is_some_and(|it| it != "4.0.0")
        {
            return Err(Unclear::at(path, format!("`{path}` is not a POM of model version 4.0.0")));
        }
        // Maven 3 looks for it and warns.
        self.sources.ambient_unread(&join(parent(path), "profiles.xml"));
        self.parent(path, project)?;
        for scope in std::iter::once(project).chain(at(project, &["profiles", "profile"])) {
            extensions(path, scope)?;
            dependency_plugin(path, scope)?;
            self.activation(path, scope)?;
            self.repositories(path, scope)?;
            self.system_scope(path, scope)?;
        }
        Ok(())
    }

    /// The parent: a file where `relativePath` leads, or one from a repository.
    fn parent(&mut self, path: &str, project: Node<'_, '_>) -> Result<(), Unclear> {
        let Some(declared) = children(project, "parent").next() else { return Ok(()) };
        let relative = value(declared, "relativePath").unwrap_or("../pom.xml");
        if relative.contains("${") {
            let line = xml::line(declared);
            return Err(Unclear::at(path, format!("`{path}` names its parent by a property in line {line}")));
        }
        if !relative.is_empty() {
            let mut file = join(parent(path), &relative.replace('\\', "/"));
            if self.sources.project.look(&file) == Look::Directory {
                file = join(&file, "pom.xml");
            }
            if !self.seen.contains_key(&file)
                && let Some(text) = self.sources.optional(&file)?
            {
                let document = xml::parse(&file, &text)?;
                self.model(&file, &document)?;
            }
            // Maven passes over another project that lies there.
            if self.seen.get(&file).is_some_and(|found| found.is_declared_as(&Identity::of(declared))) {
                return Ok(());
            }
        }
        let id = format!(
            "{}:{}",
            value(declared, "groupId").unwrap_or_default(),
            value(declared, "artifactId").unwrap_or_default()
        );
        if DATA.parents.iter().any(|known| **known == *id) {
            return Ok(());
        }
        let reason = format!(
            "the parent of `{path}`, {id}, comes from a repository, and dockopt does not know whether it loads extensions or names files"
        );
        Err(Unclear::at(path, reason))
    }

    /// A profile may be active because of a file.
    fn activation(&mut self, path: &str, scope: Node<'_, '_>) -> Result<(), Unclear> {
        for file in at(scope, &["activation", "file"]).into_iter().flat_map(|file| file.children()) {
            if !file.is_element() {
                continue;
            }
            let written = content(file);
            let rest = within_base(written).unwrap_or(written);
            if rest.contains("${") {
                return Err(not_followed(path, file, written));
            }
            self.activations.insert((rest.to_owned(), path.to_owned()));
        }
        Ok(())
    }

    /// Each project that inherits a profile looks in its own folder for the file that activates it.
    fn activations(&mut self) -> Result<(), Unclear> {
        for (written, path) in &self.activations {
            for folder in self.folders.iter().map(String::as_str).chain([parent(path)]) {
                let place = join(folder, written);
                if self.sources.project.look(&place) == Look::Directory {
                    let reason = format!("`{path}` activates a profile by the folder `{place}`");
                    return Err(Unclear::at(path, reason));
                }
                self.sources.ambient_unread(&place);
            }
        }
        Ok(())
    }

    /// Repositories may be folders of the project.
    fn repositories(&mut self, path: &str, scope: Node<'_, '_>) -> Result<(), Unclear> {
        let plain = at(scope, &["repositories", "repository", "url"]);
        for url in plain.into_iter().chain(at(scope, &["pluginRepositories", "pluginRepository", "url"])) {
            let address = content(url);
            if let Some(folder) = address.strip_prefix("file:") {
                let folder = own_place(path, url, folder)?;
                self.sources.tree(&folder)?;
            } else if !address.starts_with("http") {
                return Err(not_followed(path, url, address));
            }
        }
        Ok(())
    }

    /// Dependencies that are files.
    fn system_scope(&mut self, path: &str, scope: Node<'_, '_>) -> Result<(), Unclear> {
        let plain = at(scope, &["dependencies", "dependency", "systemPath"]);
        let managed = at(scope, &["dependencyManagement", "dependencies", "dependency", "systemPath"]);
        for file in plain.into_iter().chain(managed) {
            let place = own_place(path, file, content(file))?;
            self.sources.ambient_unread(&place);
        }
        Ok(())
    }
}

/// What follows the property for the folder of the POM.
fn within_base(written: &str) -> Option<&str> {
    ["${project.basedir}", "${basedir}", "${pom.basedir}"]
        .iter()
        .find_map(|property| written.strip_prefix(property))
        .map(|rest| rest.trim_start_matches('/'))
}

/// A path in the folder of a POM, or an absolute one.
fn own_place(path: &str, node: Node<'_, '_>, written: &str) -> Result<String, Unclear> {
    let inner = within_base(written.trim_start_matches('/'));
    // In a parent, the property is the folder of each child.
    let is_parent = !at(node.document().root_element(), &["modules"]).is_empty();
    match inner {
        Some(rest) if !rest.contains("${") && !is_parent => Ok(join(parent(path), rest)),
        None if written.starts_with('/') && !written.contains("${") => Ok(join("/", written)),
        _ => Err(not_followed(path, node, written)),
    }
}

fn not_followed(path: &str, node: Node<'_, '_>, written: &str) -> Unclear {
    let line = xml::line(node);
    Unclear::at(path, format!("`{path}` names `{written}` in line {line}, which dockopt cannot follow"))
}

/// Extensions are code that runs before any goal.
fn extensions(path: &str, scope: Node<'_, '_>) -> Result<(), Unclear> {
    let named = at(scope, &["build", "extensions", "extension"]);
    let plugins = plugins(scope).into_iter().filter(|plugin| value(*plugin, "extensions") == Some("true"));
    if let Some(node) = named.into_iter().chain(plugins).next() {
        let artifact = value(node, "artifactId").unwrap_or("?");
        let line = xml::line(node);
        let reason = format!(
            "`{path}` loads the extension {artifact} in line {line}, which may read any file of the project"
        );
        return Err(Unclear::at(path, reason));
    }
    Ok(())
}

/// Settings of the plugin whose goals are called may name files.
fn dependency_plugin(path: &str, scope: Node<'_, '_>) -> Result<(), Unclear> {
    for plugin in plugins(scope) {
        let is_it = value(plugin, "artifactId") == Some("maven-dependency-plugin");
        let by_default = at(plugin, &["executions", "execution"])
            .into_iter()
            .any(|execution| value(execution, "id") == Some("default-cli"));
        if is_it && (by_default || children(plugin, "configuration").next().is_some()) {
            let line = xml::line(plugin);
            let reason = format!(
                "`{path}` configures the dependency plugin in line {line}, and dockopt does not follow these settings"
            );
            return Err(Unclear::at(path, reason));
        }
    }
    Ok(())
}

fn plugins<'a, 't>(scope: Node<'a, 't>) -> Vec<Node<'a, 't>> {
    let mut plugins = at(scope, &["build", "plugins", "plugin"]);
    plugins.extend(at(scope, &["build", "pluginManagement", "plugins", "plugin"]));
    plugins
}
