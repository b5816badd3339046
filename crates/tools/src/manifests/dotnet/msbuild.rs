//! Project files: which other files does their evaluation read? It follows references and imports, and refuses what runs during a restore or cannot be told.
//!
//! It evaluates no condition. A file that a condition may leave out is read if it is there.

use std::collections::BTreeSet;

use roxmltree::Node;

use super::super::paths::{above, join, name, parent};
use super::super::sources::Sources;
use super::super::xml::{self, Named};
use super::super::{Look, Unclear};
use super::{DATA, Locked, Options, is_telling_property, upwards};

/// The closure of projects that a restore evaluates.
pub(super) struct Projects<'o> {
    options: &'o Options,
    seen: BTreeSet<String>,
    folders: BTreeSet<String>,
    /// Files that were evaluated, each for the project that imports it.
    evaluated: BTreeSet<(String, String)>,
}

impl<'o> Projects<'o> {
    pub(super) fn new(options: &'o Options) -> Self {
        Self { options, seen: BTreeSet::new(), folders: BTreeSet::new(), evaluated: BTreeSet::new() }
    }

    /// The folders of the projects.
    pub(super) fn folders(&self) -> impl Iterator<Item = &str> {
        self.folders.iter().map(String::as_str)
    }

    /// Adds a project and all that it refers to.
    pub(super) fn add(&mut self, sources: &mut Sources<'_>, path: &str) -> Result<(), Unclear> {
        let mut waiting = vec![path.to_owned()];
        while let Some(path) = waiting.pop() {
            if self.seen.insert(path.clone()) {
                waiting.extend(self.project(sources, &path)?);
            }
        }
        Ok(())
    }

    fn project(&mut self, sources: &mut Sources<'_>, path: &str) -> Result<Vec<String>, Unclear> {
        let folder = parent(path).to_owned();
        self.folders.insert(folder.clone());
        let mut evaluation = Evaluation {
            sources,
            evaluated: &mut self.evaluated,
            project: path,
            references: Vec::new(),
            locks: Locks::default(),
        };
        let text = evaluation.sources.needed(path)?;
        evaluation.file(path, &text)?;
        for written in ["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"] {
            if let Some(found) = upwards(evaluation.sources, &folder, &[written])? {
                let text = evaluation.sources.needed(&found)?;
                evaluation.file(&found, &text)?;
            }
        }
        let user = format!("{path}.user");
        if let Some(text) = evaluation.sources.optional(&user)? {
            evaluation.file(&user, &text)?;
        }
        let (references, locks) = (evaluation.references, evaluation.locks);
        for dir in std::iter::once(folder.as_str()).chain(above(&folder)) {
            sources.not_of_the_project(
                &join(dir, "Directory.Build.rsp"),
                "it holds further options for MSBuild",
            )?;
        }
        sources.not_of_the_project(
            &join(&folder, "packages.config"),
            &format!("`{folder}` has a packages.config, which `dotnet restore` treats in its own way"),
        )?;
        self.lock_files(sources, path, &folder, locks);
        sources.inputs.write_trees.insert(join(&folder, "obj"));
        Ok(references)
    }

    /// Lock files: read, and brought up to date unless that is forbidden.
    fn lock_files(&self, sources: &mut Sources<'_>, path: &str, folder: &str, locks: Locks) {
        let stem = name(path).rsplit_once('.').map_or(name(path), |(stem, _)| stem).replace(' ', "_");
        let places = ["packages.lock.json".to_owned(), format!("packages.{stem}.lock.json")];
        let locked = self.options.locked == Locked::Yes;
        let mut has_one = false;
        for place in places.map(|place| join(folder, &place)) {
            sources.ambient_unread(&place);
            if sources.project.look(&place) == Look::File {
                has_one = true;
                if !locked {
                    sources.inputs.remarks.push(format!(
                        "`dotnet restore` may bring `{place}` up to date without `--locked-mode`"
                    ));
                    sources.inputs.writes.insert(place);
                }
            }
        }
        if locks == Locks::Wanted && !has_one && !locked {
            let place = join(folder, "packages.lock.json");
            sources.inputs.remarks.push(format!("`dotnet restore` makes `{place}`"));
            sources.inputs.writes.insert(place);
        }
    }
}

/// Whether a project asks for a lock file.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Locks {
    #[default]
    NotAsked,
    Wanted,
}

/// The evaluation of one project with all its imports.
struct Evaluation<'e, 'a> {
    sources: &'e mut Sources<'a>,
    evaluated: &'e mut BTreeSet<(String, String)>,
    project: &'e str,
    references: Vec<String>,
    locks: Locks,
}

impl Evaluation<'_, '_> {
    fn file(&mut self, path: &str, text: &str) -> Result<(), Unclear> {
        if !self.evaluated.insert((self.project.to_owned(), path.to_owned())) {
            return Ok(());
        }
        let document = xml::parse(path, text)?;
        let root = document.root_element();
        if !root.has_tag_name_of("Project") {
            return Err(Unclear::at(path, format!("`{path}` is no MSBuild project")));
        }
        for node in document.descendants().filter(Node::is_element) {
            self.element(path, node)?;
        }
        Ok(())
    }

    fn element(&mut self, path: &str, node: Node<'_, '_>) -> Result<(), Unclear> {
        let inside_target = node.ancestors().skip(1).any(|above| above.has_tag_name_of("Target"));
        if inside_target {
            return Ok(());
        }
        let name = node.tag_name().name();
        self.conditions(path, node)?;
        match name {
            "Project" => {
                if node.attribute("InitialTargets").is_some() {
                    return Err(blame(path, node, "runs targets before anything else"));
                }
                Self::sdks(path, node, node.attribute("Sdk"))?;
            }
            "Sdk" => Self::sdks(path, node, node.attribute("Name"))?,
            "Import" => self.import(path, node)?,
            "Target" => quiet(path, node)?,
            "ProjectReference" => self.reference(path, node)?,
            _ if node.parent_element().is_some_and(|group| group.has_tag_name_of("PropertyGroup")) => {
                self.property(path, node)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// What attributes and texts look at while they are evaluated.
    fn conditions(&mut self, path: &str, node: Node<'_, '_>) -> Result<(), Unclear> {
        let own = node.children().filter(Node::is_text).filter_map(|text| text.text());
        for text in node.attributes().map(|attribute| attribute.value()).chain(own) {
            if node.has_tag_name_of("Import") && Some(text) == node.attribute("Project") {
                continue;
            }
            let reads =
                ["[System.IO", "OfFileAbove", "::Registry", "GetRegistryValue", "[System.Diagnostics"];
            if let Some(call) = reads.iter().find(|call| text.contains(*call)) {
                let call = call.trim_start_matches(['[', ':']);
                return Err(blame(path, node, &format!("looks at files itself (`{call}…`)")));
            }
            self.exists(path, node, text)?;
        }
        Ok(())
    }

    /// `Exists('…')`
    fn exists(&mut self, path: &str, node: Node<'_, '_>, condition: &str) -> Result<(), Unclear> {
        let lower = condition.to_ascii_lowercase();
        let mut from = 0;
        while let Some(found) = lower[from..].find("exists") {
            from += found + "exists".len();
            let Some(rest) = condition[from..].trim_start().strip_prefix('(') else { continue };
            let quoted = rest.trim_start().strip_prefix('\'').and_then(|rest| rest.split_once('\''));
            let place = quoted.and_then(|(written, _)| self.expand(path, written));
            match place {
                Some(place) if self.sources.project.look(&place) != Look::Directory => {
                    self.sources.ambient_unread(&place);
                }
                _ => return Err(blame(path, node, "asks whether something exists that dockopt cannot name")),
            }
        }
        Ok(())
    }

    fn sdks(path: &str, node: Node<'_, '_>, named: Option<&str>) -> Result<(), Unclear> {
        for sdk in named.unwrap_or_default().split(';').map(str::trim).filter(|sdk| !sdk.is_empty()) {
            if !DATA.sdks.contains(sdk) {
                return Err(blame(
                    path,
                    node,
                    &format!("uses the SDK {sdk}, whose rules dockopt does not know"),
                ));
            }
        }
        Ok(())
    }

    fn property(&mut self, path: &str, node: Node<'_, '_>) -> Result<(), Unclear> {
        let name = node.tag_name().name();
        if is_telling_property(name) {
            return Err(blame(
                path,
                node,
                &format!("sets {name}, which moves what a restore reads or writes"),
            ));
        }
        let lower = name.to_ascii_lowercase();
        if lower.ends_with("dependson")
            && ["restore", "collect", "_"].iter().any(|start| lower.starts_with(start))
        {
            return Err(blame(path, node, &format!("adds steps to a restore by {name}")));
        }
        if name.eq_ignore_ascii_case("RestorePackagesWithLockFile")
            && !xml::content(node).eq_ignore_ascii_case("false")
        {
            self.locks = Locks::Wanted;
        }
        Ok(())
    }

    fn import(&mut self, path: &str, node: Node<'_, '_>) -> Result<(), Unclear> {
        if node.attribute("Sdk").is_some() {
            return Self::sdks(path, node, node.attribute("Sdk"));
        }
        let written = node.attribute("Project").unwrap_or_default();
        let is_optional = node.attribute("Condition").is_some()
            || node.parent_element().is_some_and(|group| group.attribute("Condition").is_some());
        let place = match self.above(path, written)? {
            Above::Found(place) => place,
            Above::Nothing => return Ok(()),
            Above::Other => {
                self.expand(path, written).filter(|place| !place.contains(['*', '?'])).ok_or_else(|| {
                    blame(path, node, &format!("imports `{written}`, which dockopt cannot follow"))
                })?
            }
        };
        let text =
            if is_optional { self.sources.optional(&place)? } else { Some(self.sources.needed(&place)?) };
        text.map_or(Ok(()), |text| self.file(&place, &text))
    }

    /// `$([MSBuild]::GetPathOfFileAbove('NAME', '$(MSBuildThisFileDirectory)../'))`
    fn above(&mut self, path: &str, written: &str) -> Result<Above, Unclear> {
        let Some(arguments) =
            written.strip_prefix("$([MSBuild]::GetPathOfFileAbove(").and_then(|rest| rest.strip_suffix("))"))
        else {
            return Ok(Above::Other);
        };
        let arguments: Vec<&str> =
            arguments.split(',').map(|argument| argument.trim().trim_matches(['\'', '"'])).collect();
        let start = match arguments.as_slice() {
            [_] => Some(parent(path).to_owned()),
            [_, start] => self.expand(path, start),
            _ => None,
        };
        let (Some(start), Some(name)) =
            (start, arguments.first().filter(|name| !name.contains(['$', '/', '\\'])))
        else {
            return Ok(Above::Other);
        };
        Ok(upwards(self.sources, &start, &[name])?.map_or(Above::Nothing, Above::Found))
    }

    fn reference(&mut self, path: &str, node: Node<'_, '_>) -> Result<(), Unclear> {
        // An item of a definition group, or one that takes a reference away.
        let Some(include) = node.attribute("Include") else { return Ok(()) };
        for written in include.split(';').map(str::trim).filter(|written| !written.is_empty()) {
            // Items are relative to the project, wherever they are written.
            let place = self
                .expand_from(parent(self.project), path, written)
                .filter(|place| !place.contains(['*', '?', '@']))
                .ok_or_else(|| {
                    blame(path, node, &format!("refers to `{written}`, which dockopt cannot follow"))
                })?;
            let is_conditional = node.ancestors().any(|above| above.attribute("Condition").is_some());
            if is_conditional && self.sources.project.look(&place) == Look::Absent {
                self.sources.ambient_unread(&place);
            } else {
                self.references.push(place);
            }
        }
        Ok(())
    }

    /// A path in a file; of the properties, only those for folders are followed.
    fn expand(&self, path: &str, written: &str) -> Option<String> {
        self.expand_from(parent(path), path, written)
    }

    fn expand_from(&self, base: &str, path: &str, written: &str) -> Option<String> {
        let (own, project) = (format!("{}/", parent(path)), parent(self.project));
        let text = written
            .replace('\\', "/")
            .replace("$(MSBuildThisFileDirectory)", &own)
            .replace("$(MSBuildProjectDirectory)", project)
            .replace("$(MSBuildThisFile)", name(path))
            .replace("$(MSBuildProjectFile)", name(self.project));
        (!text.contains(['$', '%', '@']) && !text.trim().is_empty()).then(|| join(base, text.trim()))
    }
}

/// Where an import by `GetPathOfFileAbove` leads.
enum Above {
    Found(String),
    Nothing,
    /// It is another import.
    Other,
}

/// A target is quiet during a restore if it hooks into steps of the build only and has a name of its own.
fn quiet(path: &str, target: Node<'_, '_>) -> Result<(), Unclear> {
    let hooks = ["BeforeTargets", "AfterTargets"].into_iter().filter_map(|name| target.attribute(name));
    for hook in hooks.flat_map(|hooks| hooks.split(';')).map(str::trim).filter(|hook| !hook.is_empty()) {
        if !DATA.build_targets.iter().any(|known| known.eq_ignore_ascii_case(hook)) {
            return Err(blame(
                path,
                target,
                &format!("runs a target of its own at `{hook}`, perhaps during a restore"),
            ));
        }
    }
    let name = target.attribute("Name").unwrap_or_default();
    let of_restore = ["restore", "collect", "_generate", "_get", "getreference", "_is", "checkfor"];
    if of_restore.iter().any(|start| name.to_ascii_lowercase().starts_with(start)) {
        return Err(blame(
            path,
            target,
            &format!("has a target `{name}` of its own, perhaps in place of one of the restore"),
        ));
    }
    Ok(())
}

fn blame(path: &str, node: Node<'_, '_>, what: &str) -> Unclear {
    Unclear::at(path, format!("`{path}` {what} (line {})", xml::line(node)))
}
