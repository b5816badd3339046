//! Effects: what a command reads and writes, from the data about its tool. What is not known reads and writes everything.

use std::collections::BTreeMap;

use dockopt_shell::{Redirect, RedirectKind, Simple};
use dockopt_tools::manifests::{self, Answer, Call, Inputs, Project};
use dockopt_tools::{Arg, Cache, FlagValue, Invocation, Kind, PathRef, Place, Reach, Tool};

use crate::element::Element;
use crate::here::{self, Here, Met};
use crate::region::{Footprint, Region};
use crate::script::Script;
use crate::state::State;
use crate::{Known, path};

/// What a command, or several, read and write.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effects {
    /// What is read.
    pub reads: Footprint,
    /// What is written.
    pub writes: Footprint,
    /// Why everything is assumed, where it is; the first reason.
    pub unclear: Option<Unclear>,
    /// What installs read and write of the project, as far as their manifests tell.
    pub inputs: Vec<Inputs>,
}

/// Why a command's effects are not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclear {
    /// A clause for a person.
    pub reason: String,
}

impl Effects {
    /// Everything is read and written.
    pub fn unknown(reason: impl Into<String>) -> Self {
        let mut effects = Self::default();
        effects.be_unclear(Region::Everything, reason);
        effects
    }

    fn be_unclear(&mut self, region: Region, reason: impl Into<String>) {
        self.reads.add(region.clone());
        self.writes.add(region);
        self.unclear.get_or_insert_with(|| Unclear { reason: reason.into() });
    }

    /// Adds the effects of another command.
    pub fn extend(&mut self, other: Self) {
        self.reads.extend(&other.reads);
        self.writes.extend(&other.writes);
        self.unclear = self.unclear.take().or(other.unclear);
        self.inputs.extend(other.inputs);
    }

    /// Whether a command with these effects can change places with one with `other`.
    pub fn is_independent_of(&self, other: &Self) -> bool {
        !self.writes.meets(&other.reads)
            && !self.reads.meets(&other.writes)
            && !self.writes.meets(&other.writes)
    }
}

/// What is around the commands of a script.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The script.
    pub script: &'a Script<'a>,
    /// What it inherits.
    pub state: &'a State,
    /// The files of the project in the image.
    pub project: &'a dyn Project,
    /// The major versions of tools, as far as they are known.
    pub versions: &'a BTreeMap<String, u32>,
}

impl Surroundings<'_> {
    /// The effects of an element of a script and all in it. It begins `here`, and leaves it where the next element begins.
    pub fn of_element(&self, element: Element<'_>, here: &mut Here) -> Effects {
        let mut effects = Effects::default();
        here::walk(self.script, self.project, element, here, &mut |met, here| {
            let at = At { around: self, here };
            match met {
                Met::Simple(simple) => at.simple(simple, &mut effects),
                Met::Word(word) if word.glob => {
                    effects.be_unclear_reads("a pattern reads the names of a folder");
                }
                Met::Word(_) => {}
                Met::Redirect(redirect) => at.redirect(redirect, &mut effects),
            }
        });
        effects
    }
}

/// A place in a script.
#[derive(Clone, Copy)]
struct At<'w, 'a> {
    around: &'w Surroundings<'a>,
    here: &'w Here,
}

impl At<'_, '_> {
    fn redirect(&self, redirect: &Redirect, effects: &mut Effects) {
        let writes = match redirect.kind {
            RedirectKind::Out | RedirectKind::Append | RedirectKind::Both => true,
            RedirectKind::In => false,
            RedirectKind::ReadWrite => {
                return effects.be_unclear(Region::Everything, "a file is opened for reading and writing");
            }
            RedirectKind::Heredoc | RedirectKind::HereString | RedirectKind::Duplicate => return,
        };
        let target = redirect.target.as_ref().and_then(|word| word.literal.as_deref());
        match target.and_then(|target| self.resolve(target)) {
            Some(path) if path.starts_with("/dev/") => {}
            Some(path) => {
                let region = Region::Path(path);
                if writes {
                    effects.writes.add(region.clone());
                }
                effects.reads.add(region);
            }
            None => effects.be_unclear(Region::Everything, "it is not known which file its output goes to"),
        }
    }

    fn resolve(&self, text: &str) -> Option<String> {
        if text.starts_with('/') {
            return Some(path::resolve("/", text));
        }
        self.here.cwd.get().map(|cwd| path::resolve(cwd, text))
    }

    fn simple(&self, simple: &Simple, effects: &mut Effects) {
        if simple.words.is_empty() || is_of_the_shell(simple) {
            return;
        }
        let args = self.around.script.args(simple);
        let Some(invocation) = self.around.script.recognize(simple) else {
            let name = simple.name().unwrap_or("a command that is only known when it runs");
            effects.be_unclear(Region::Everything, format!("`{name}` may read and write anything"));
            return;
        };
        self.invocation(simple, &args, &invocation, effects);
    }

    fn invocation(
        &self,
        simple: &Simple,
        args: &[Arg<'_>],
        invocation: &Invocation<'_>,
        effects: &mut Effects,
    ) {
        let inputs = self.inputs(simple, args, invocation);
        for (reaches, is_write) in [(invocation.reads(args), false), (invocation.writes(args), true)] {
            let is_told = !is_write && matches!(inputs, Some(Answer::Reads(_)));
            for reach in reaches {
                match reach {
                    Reach::Place(place) => {
                        self.place(place, is_write, args, invocation, inputs.as_ref(), effects);
                    }
                    Reach::Path(named) | Reach::Tree(named) => {
                        let region = match self.operand(args, named) {
                            Some(Operand::Exact(path)) if matches!(reach, Reach::Path(_)) => {
                                Region::Path(path)
                            }
                            Some(Operand::Exact(path) | Operand::Below(path)) => Region::Tree(path),
                            None => {
                                let reason = format!("it is not known which paths `{}` names", first(args));
                                effects.be_unclear(Region::Everything, reason);
                                continue;
                            }
                        };
                        // What an install is told to read is among what its manifest reader names.
                        let region = match region {
                            Region::Path(place) if is_told => Region::Project(place),
                            Region::Tree(place) if is_told => Region::NamedTree(place),
                            other => other,
                        };
                        let side = if is_write { &mut effects.writes } else { &mut effects.reads };
                        side.add(region);
                    }
                }
            }
        }
        if let Some(Answer::Reads(inputs)) = inputs {
            effects.inputs.push(inputs);
        }
    }

    /// What the manifest reader of an install says.
    fn inputs(&self, simple: &Simple, args: &[Arg<'_>], invocation: &Invocation<'_>) -> Option<Answer> {
        let action = invocation.action?;
        if !action.names_project_files() {
            return None;
        }
        let unclear = |reason: String| Some(Answer::Unclear { reason, path: None });
        let Known::Is(cwd) = &self.here.cwd else {
            return unclear(match self.around.state.cwd {
                Known::Unknown => "the working directory of the base image is not known".to_owned(),
                Known::Is(_) => format!("it is not known in which folder `{}` runs", first(args)),
            });
        };
        if let Some(wrapper) = invocation.wrappers.first() {
            return unclear(format!("it runs under `{}`", wrapper.tool.name));
        }
        let env = self.environment(simple);
        if let Some(name) =
            env.keys().find(|name| self.is_set_here(simple, name) && moves(invocation.tool, name))
        {
            return unclear(format!(
                "`{name}` is set for this command, and it may read and write other files by that"
            ));
        }
        let mut complete = invocation.complete;
        let flags: Vec<(String, Option<String>)> = invocation
            .flags
            .iter()
            .map(|flag| {
                let value = flag.value.as_ref().map(|value| value.text(args).map(str::to_owned));
                complete &= !matches!(value, Some(None));
                (flag.name.clone(), value.flatten())
            })
            .collect();
        let texts = invocation.operand_texts(args);
        complete &= texts.iter().all(Option::is_some);
        let operands: Vec<String> = texts.into_iter().flatten().map(str::to_owned).collect();
        let command: Vec<&str> =
            args[invocation.command.clone()].iter().filter_map(|word| word.literal()).collect();
        let call = Call {
            action: &action.name,
            flags: &flags,
            operands: &operands,
            complete,
            cwd,
            env: &env,
            command: &command.join(" "),
            tool_version: self.around.versions.get(&invocation.tool.name).copied(),
        };
        manifests::inputs(action, &call, self.around.project)
    }

    /// What a command sees of the variables that the file sets: by ENV and ARG, earlier in its script, and before its name.
    fn environment(&self, simple: &Simple) -> BTreeMap<String, Option<String>> {
        let inherited = self.around.state.variables.iter();
        let mut env: BTreeMap<String, Option<String>> =
            inherited.map(|(name, variable)| (name.clone(), variable.value.get().cloned())).collect();
        env.extend(self.here.variables.clone());
        for own in &simple.assignments {
            let value = match &own.value {
                None => Some(String::new()),
                Some(word) => word.literal.clone(),
            };
            env.insert(own.name.clone(), value.filter(|_| !own.append));
        }
        env
    }

    fn is_set_here(&self, simple: &Simple, name: &str) -> bool {
        self.here.variables.contains_key(name) || simple.assignments.iter().any(|own| own.name == name)
    }

    fn place(
        &self,
        place: &Place,
        is_write: bool,
        args: &[Arg<'_>],
        invocation: &Invocation<'_>,
        inputs: Option<&Answer>,
        effects: &mut Effects,
    ) {
        let tool = invocation.tool;
        let mut add =
            |region: Region| if is_write { effects.writes.add(region) } else { effects.reads.add(region) };
        match place {
            Place::System => {
                // Packages of a distribution may own folders anywhere in the hierarchy, the working directory not spared, except
                // where it is a folder of its own in /opt, /usr/src or /home.
                let own = |cwd: &&String| {
                    tool.kind != Kind::System
                        || ["/opt/", "/usr/src/", "/home/"].iter().any(|top| cwd.starts_with(top))
                };
                let project = self.here.cwd.get().filter(own).cloned().unwrap_or_else(|| "/".to_owned());
                add(Region::System { project, accounts: tool.kind != Kind::Language });
            }
            Place::Index => {
                for path in tool.index.iter().flat_map(|index| &index.paths) {
                    add(index_region(tool, path));
                }
            }
            Place::Cache => {
                for (cache, path) in
                    tool.caches.iter().flat_map(|cache| cache.paths.iter().map(move |path| (cache, path)))
                {
                    add(cache_region(tool, cache, path));
                }
            }
            // `Invocation::reads` and `writes` resolve these.
            Place::Operands | Place::OperandTrees | Place::LastOperand => {}
            Place::Project => match inputs {
                Some(Answer::Reads(inputs)) if is_write => {
                    for path in &inputs.writes {
                        add(Region::Path(path.clone()));
                    }
                    for path in &inputs.write_trees {
                        add(Region::Filled(path.clone()));
                    }
                }
                Some(Answer::Reads(inputs)) => {
                    for path in inputs.files.iter().chain(&inputs.probes) {
                        add(Region::Project(path.clone()));
                    }
                    for path in &inputs.trees {
                        add(Region::NamedTree(path.clone()));
                    }
                }
                Some(Answer::Unclear { reason, .. }) => {
                    effects.be_unclear(Region::AnythingButIndexes, reason.clone());
                }
                None => effects.be_unclear(
                    Region::AnythingButIndexes,
                    format!("it is not known which files of the project `{}` reads", first(args)),
                ),
            },
            Place::Cwd | Place::CwdTree(_) | Place::CwdNamed(_) => {
                let Known::Is(cwd) = &self.here.cwd else {
                    effects.be_unclear(
                        Region::AnythingButIndexes,
                        "the working directory of the base image is not known",
                    );
                    return;
                };
                add(match place {
                    Place::CwdTree(tree) => Region::Tree(path::resolve(cwd, tree)),
                    Place::CwdNamed(name) => Region::Named { below: cwd.clone(), name: name.clone() },
                    _ => Region::Tree(cwd.clone()),
                });
            }
            Place::Tree(path) => add(Region::Tree(path.clone())),
            Place::HomeTree(path) => add(Region::Home(path.clone())),
            Place::Network => {}
            Place::AnythingButIndexes => {
                effects.be_unclear(
                    Region::AnythingButIndexes,
                    format!("`{}` may read and write any file", first(args)),
                );
            }
            Place::Everything => {
                effects
                    .be_unclear(Region::Everything, format!("`{}` may read and write anything", first(args)));
            }
        }
    }

    fn operand(&self, args: &[Arg<'_>], named: PathRef<'_>) -> Option<Operand> {
        let word = match named {
            PathRef::Word(index) => args[index],
            PathRef::Value(FlagValue::Word(index)) => args[*index],
            PathRef::Value(FlagValue::Inline(text)) => return self.resolve(text).map(Operand::Exact),
            PathRef::Value(FlagValue::InlinePrefix(_)) => return None,
        };
        match word {
            // A URL, or `user:group` of chown, resolves to a path that nothing else names.
            Arg::Literal(text) => self.resolve(text).map(Operand::Exact),
            Arg::Glob(text) if !text.starts_with('~') => {
                let fixed = text.find(['*', '?', '[']).map_or(text, |at| &text[..at]);
                let folder = fixed.rfind('/').map_or("", |at| &fixed[..=at]);
                self.resolve(if folder.is_empty() { "." } else { folder }).map(Operand::Below)
            }
            _ => None,
        }
    }
}

enum Operand {
    /// This path.
    Exact(String),
    /// Something below this folder.
    Below(String),
}

impl Effects {
    fn be_unclear_reads(&mut self, reason: &str) {
        self.reads.add(Region::AnythingButIndexes);
        self.unclear.get_or_insert_with(|| Unclear { reason: reason.to_owned() });
    }
}

/// The region of a package index: one that installs need, or one that they fetch when they miss it.
pub fn index_region(tool: &Tool, place: &str) -> Region {
    if tool.needs_index() { Region::Index(place.to_owned()) } else { Region::Cache(place.to_owned()) }
}

/// The region of a cache: an index, a store that later commands read, or a cache that nobody else needs.
pub fn cache_region(tool: &Tool, cache: &Cache, place: &str) -> Region {
    if cache.is_index {
        index_region(tool, place)
    } else if !cache.is_store {
        Region::Cache(place.to_owned())
    } else if let Some(rest) = place.strip_prefix("~/") {
        Region::Home(rest.to_owned())
    } else {
        Region::Tree(place.to_owned())
    }
}

/// Whether the environment variable `name` can change what `tool` does.
pub fn is_read_by(tool: &Tool, name: &str) -> bool {
    /// What every program or its libraries may read (reference: POSIX, ld.so(8), locale(7), curl(1)).
    const COMMON: [&str; 20] = [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "LANGUAGE",
        "LC_*",
        "TZ",
        "TERM",
        "TMPDIR",
        "LD_*",
        "*_PROXY",
        "*_proxy",
        "SSL_CERT_*",
        "CURL_CA_BUNDLE",
        "REQUESTS_CA_BUNDLE",
        "SOURCE_DATE_EPOCH",
        "XDG_*",
        "CI",
    ];
    COMMON
        .iter()
        .copied()
        .chain(tool.environment.iter().map(String::as_str))
        .any(|pattern| wildcard(pattern, name))
}

/// Whether a variable, set for one command alone, may lead it to other places than those that are known of its tool.
fn moves(tool: &Tool, name: &str) -> bool {
    const PLACES: [&str; 7] = ["HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "LD_*", "XDG_*"];
    PLACES.iter().any(|pattern| wildcard(pattern, name))
        || tool.caches.iter().any(|cache| cache.moved_by_env.iter().any(|pattern| wildcard(pattern, name)))
}

pub(crate) fn wildcard(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => {
            name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
        }
    }
}

fn first<'a>(args: &[Arg<'a>]) -> &'a str {
    args.first().and_then(|word| word.literal()).unwrap_or("a command")
}

/// Commands that change the shell and nothing else; `changes_state` has the rest of the story.
pub(crate) fn is_of_the_shell(simple: &Simple) -> bool {
    matches!(
        simple.name(),
        Some(
            "cd" | "export"
                | "set"
                | "unset"
                | "umask"
                | "readonly"
                | "exit"
                | "shopt"
                | "ulimit"
                | "local"
                | "return"
        )
    )
}
