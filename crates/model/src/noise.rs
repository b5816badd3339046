//! What copies carry into the image and nothing there needs, and what speaks against leaving it out. An analysis: what is
//! done with the answer is decided in a pass.

mod uses;

use std::collections::BTreeMap;

use dockopt_tools::noise::{self, Kind, Noise, Where};

use crate::atom::AtomKind;
use crate::context::{Context, EntryKind};
use crate::{Ignore, Known, Model, copy, gopath, path};

/// Something that need not be sent.
#[derive(Debug)]
pub struct Found {
    /// What it is.
    pub noise: &'static Noise,
    /// The line for the ignore file.
    pub line: String,
    /// The first COPY that carries it.
    pub copy: usize,
    /// Whether it lies in the context now. If not, `.gitignore` says that it comes.
    pub is_here: bool,
    /// Why it may not be left out, as a clause.
    pub obstacle: Option<String>,
}

/// A COPY of a whole folder.
#[derive(Debug)]
struct Carrier {
    stage: usize,
    instruction: usize,
    /// The context folder.
    from: String,
    /// Where it comes to lie.
    to: String,
}

/// What the copies of a file carry for nothing, in the order of the data.
pub fn of(model: &Model<'_>) -> Vec<Found> {
    let Some(context) = model.context else { return Vec::new() };
    let carriers = carriers(model);
    let Ok(sent) = context.walk("") else { return Vec::new() };
    if carriers.is_empty() {
        return Vec::new();
    }
    let look = Look { model, context, sent: &sent, carriers: &carriers };
    noise::names().iter().flat_map(|noise| look.at(noise)).collect()
}

fn carriers(model: &Model<'_>) -> Vec<Carrier> {
    let mut found = Vec::new();
    for (stage, trace) in model.traces().iter().enumerate() {
        for atom in &trace.atoms {
            // A copy that chooses by patterns brings what it was told to.
            let instruction = &model.tree.instructions[atom.instruction];
            let chooses = copy::has_switch(instruction, "parents") || instruction.flag("exclude").is_some();
            if let AtomKind::Rest { path, from } = &atom.kind
                && !chooses
            {
                let (from, to) = (from.clone(), path.clone());
                found.push(Carrier { stage, instruction: atom.instruction, from, to });
            }
        }
    }
    found
}

impl Carrier {
    /// Where a path of the context comes to lie.
    fn image_path(&self, place: &str) -> Option<String> {
        let inner = if self.from.is_empty() { Some(place) } else { path::relative(place, &self.from) };
        inner.map(|inner| path::resolve(&self.to, inner))
    }
}

struct Look<'l, 'a> {
    model: &'l Model<'a>,
    context: &'l Context<'a>,
    /// What is sent now.
    sent: &'l BTreeMap<String, EntryKind>,
    carriers: &'l [Carrier],
}

impl Look<'_, '_> {
    fn at(&self, noise: &'static Noise) -> Vec<Found> {
        let mut places = self.places(noise);
        places.retain(|place, _| self.carriers_of(place).next().is_some());
        let sets: Vec<(String, BTreeMap<String, bool>)> = match noise.place {
            _ if places.is_empty() => Vec::new(),
            Where::Anywhere => vec![(line(noise, &places), places)],
            // A line for each, since the name may mean something else elsewhere.
            _ => places
                .into_iter()
                .map(|(place, here)| (place.clone(), BTreeMap::from([(place, here)])))
                .collect(),
        };
        let found = sets.into_iter().filter_map(|(line, places)| {
            let first =
                places.keys().flat_map(|place| self.carriers_of(place)).map(|one| one.instruction).min()?;
            let is_here = places.values().any(|here| *here);
            let obstacle = self.check(noise, &line, &places).err();
            Some(Found { noise, line, copy: first, is_here, obstacle })
        });
        found.collect()
    }

    /// The context paths of that name that would be sent, and whether they are there now.
    fn places(&self, noise: &Noise) -> BTreeMap<String, bool> {
        let is_kind = |kind: EntryKind| match noise.kind {
            // The history of a worktree or submodule is a file.
            Kind::Folder => kind == EntryKind::Folder || noise.place == Where::Root,
            Kind::File => kind == EntryKind::File,
        };
        let mut places = BTreeMap::new();
        for (file, kind) in self.sent {
            let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
            if folder.split('/').any(is_noise_folder) {
                continue;
            }
            if noise.place != Where::Beside
                && noise.is(name)
                && is_kind(*kind)
                && (folder.is_empty() || noise.place == Where::Anywhere)
            {
                places.insert(file.clone(), true);
            }
            if *kind == EntryKind::File && noise.is_beside(name) {
                let place =
                    if folder.is_empty() { noise.name.clone() } else { format!("{folder}/{}", noise.name) };
                let comes = || {
                    self.context.raw_kind(&place).is_none()
                        && self.context.files.is_git_ignored(&place) == Some(true)
                };
                let is_here = match self.sent.get(&place) {
                    Some(kind) => is_kind(*kind).then_some(true),
                    None => (!self.context.ignore.ignore.excludes(&place) && comes()).then_some(false),
                };
                places.extend(is_here.map(|is_here| (place, is_here)));
            }
        }
        places
    }

    fn carriers_of<'s>(&'s self, place: &'s str) -> impl Iterator<Item = &'s Carrier> {
        self.carriers.iter().filter(move |carrier| carrier.image_path(place).is_some())
    }

    /// `Err` says why the places may not be left out.
    fn check(&self, noise: &Noise, line: &str, places: &BTreeMap<String, bool>) -> Result<(), String> {
        if !noise.in_every_clone {
            for place in places.keys() {
                match self.context.files.is_git_ignored(place) {
                    Some(true) => {}
                    Some(false) => {
                        return Err(format!(
                            "`{place}` is not in `.gitignore`, so it may be meant to be in the image"
                        ));
                    }
                    None => {
                        return Err(format!("it is not known whether `{place}` is part of the repository"));
                    }
                }
            }
        }
        let after = self.with_line(line, places)?;
        self.is_copied_by_name(&after)?;
        self.is_read_by_an_install(&after)?;
        self.is_told(noise)?;
        for place in places.keys() {
            for carrier in self.carriers_of(place) {
                let image = carrier.image_path(place).unwrap_or_default();
                let use_of = uses::Uses { model: self.model, noise, image: &image };
                use_of.from(carrier.stage, carrier.instruction + 1)?;
            }
        }
        Ok(())
    }

    /// The ignore file with the line at its end, if that leaves out the places and all below them.
    fn with_line(&self, line: &str, places: &BTreeMap<String, bool>) -> Result<Ignore, String> {
        let text = format!("{}\n{line}\n", self.context.ignore.text.as_deref().unwrap_or_default());
        let after = Ignore::parse(&text).map_err(|error| error.to_string())?;
        let stays = |place: &&String| {
            !after.excludes(place) || after.disputed(place) || after.may_include_below(place)
        };
        if let Some(place) = places.keys().find(stays) {
            return Err(format!("the ignore file takes a part of `{place}` in again"));
        }
        for pattern in self.context.ignore.ignore.patterns().iter().filter(|pattern| pattern.negated) {
            let alone = Ignore::parse(&pattern.text).map_err(|error| error.to_string())?;
            if let Some(place) = places.keys().find(|place| alone.excludes(place)) {
                return Err(format!("`!{}` of the ignore file takes `{place}` in on purpose", pattern.text));
            }
        }
        Ok(after)
    }

    /// Whether a COPY, ADD or mount names what the ignore file newly leaves out.
    fn is_copied_by_name(&self, after: &Ignore) -> Result<(), String> {
        let tree = self.model.tree;
        for (index, stage) in self.model.stages.iter().enumerate() {
            for at in stage.instructions.clone() {
                let instruction = &tree.instructions[at];
                let mut sources: Vec<String> = Vec::new();
                if let Some(copy) = instruction.body.as_copy().filter(|_| instruction.flag("from").is_none())
                {
                    let heredoc =
                        |text: &str| instruction.heredocs.iter().any(|heredoc| heredoc.word == text);
                    let own = copy.sources.iter().map(|source| &source.text).filter(|text| !heredoc(text));
                    sources.extend(own.filter(|text| !copy::is_remote(text)).cloned());
                }
                for mount in instruction.mounts() {
                    if mount.kind() == "bind" && mount.option(&["from"]).is_none() {
                        let source = mount.option(&["source", "src"]).unwrap_or(".");
                        if self.sent.keys().any(|file| {
                            after.excludes(file) && path::within(&format!("/{file}"), &rooted(source))
                        }) {
                            return Err(format!(
                                "{} mounts the folder that it lies in",
                                place_of(self.model, at)
                            ));
                        }
                        sources.push(source.to_owned());
                    }
                }
                for source in sources {
                    let Known::Is(text) = self.model.stages[index].state(at).expand(&source, tree.escape)
                    else {
                        return Err(format!("it is not known what {} copies", place_of(self.model, at)));
                    };
                    let name = rooted(&text);
                    let name = name.trim_start_matches('/').trim_end_matches('*');
                    if !name.is_empty() && after.excludes(name) && !self.context.ignore.ignore.excludes(name)
                    {
                        return Err(format!("{} names `{text}`", place_of(self.model, at)));
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether a manifest reader says that an install reads what is newly left out.
    fn is_read_by_an_install(&self, after: &Ignore) -> Result<(), String> {
        for trace in self.model.traces() {
            let mut files: BTreeMap<&str, &str> = BTreeMap::new();
            for atom in &trace.atoms {
                if let AtomKind::Write { path, from: Some(from) } = &atom.kind {
                    files.insert(path, from);
                }
                let named =
                    atom.effects.inputs.iter().flat_map(|inputs| inputs.files.iter().chain(&inputs.trees));
                let lost =
                    named.filter_map(|path| files.get(path.as_str())).find(|from| after.excludes(from));
                if let Some(lost) = lost {
                    return Err(format!("{} reads `{lost}`", place_of(self.model, atom.instruction)));
                }
            }
        }
        Ok(())
    }

    /// Whether a file of the project says that it is needed.
    fn is_told(&self, noise: &Noise) -> Result<(), String> {
        if noise.told_in.is_empty() {
            return Ok(());
        }
        let is_asked = |file: &str| noise.asks(path::name(file)) && !file.split('/').any(is_noise_folder);
        for (file, _) in self.sent.iter().filter(|(file, kind)| **kind == EntryKind::File && is_asked(file)) {
            let Some(text) = self.context.files.read(file) else {
                return Err(format!("`{file}` may need it and cannot be read"));
            };
            if let Some(words) = noise.told(&text) {
                return Err(format!("`{file}` says `{}`", words.trim()));
            }
        }
        Ok(())
    }
}

/// The line that leaves all of these out.
fn line(noise: &Noise, places: &BTreeMap<String, bool>) -> String {
    let at_root = !noise.name.contains('*') && places.keys().all(|place| !place.contains('/'));
    if at_root { noise.name.clone() } else { format!("**/{}", noise.name) }
}

fn is_noise_folder(name: &str) -> bool {
    noise::names()
        .iter()
        .any(|noise| noise.kind == Kind::Folder && noise.place != Where::Beside && noise.is(name))
}

fn rooted(source: &str) -> String {
    gopath::clean(&format!("/{source}"))
}

fn place_of(model: &Model<'_>, at: usize) -> String {
    let tree = model.tree;
    let line = dockopt_syntax::LineIndex::new(&tree.text).line(tree.instructions[at].keyword_span.start);
    format!("line {line} ({})", tree.instructions[at].keyword.name())
}
