//! What the tests of the passes share: build contexts in memory, one call that runs passes, and the text of what came of it.
//! Must not know any pass.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dockopt::findings;
use dockopt::optimize::{Note, Outcome, Request, Selection, optimize};
use dockopt_model::packages::{Built, Found};
use dockopt_model::reference::Reference;
use dockopt_model::{Answer, Context, Entry, EntryKind, Files, Ignore, IgnoreFile, Packages, Pin, Pins};
use dockopt_rules::Settings;
use dockopt_tools::{Database, Toolbox};
use dockopt_transforms::{Builder, Caches, Merge, Options};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use similar::TextDiff;

const IGNORE: &str = ".dockerignore";
/// Files of a fixture that are about it and not in its context.
const ABOUT: [&str; 2] = ["gitignore", "options.toml"];

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A Dockerfile with its build context.
#[derive(Clone)]
pub(crate) struct Project {
    /// The Dockerfile.
    pub(crate) text: String,
    /// The context.
    pub(crate) files: Memory,
    /// Settings of passes.
    pub(crate) options: Options,
    /// Settings of rules.
    pub(crate) rules: Settings,
    /// The tools, where it brings some of its own.
    toolbox: Option<Arc<Toolbox>>,
}

impl Project {
    /// A folder with a `Dockerfile` and, perhaps, a `gitignore` and an `options.toml`.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut files = Memory::default();
        files.load(folder, "");
        let text = files.texts.get("Dockerfile").expect("the folder has a Dockerfile of UTF-8").to_string();
        files.git = files.texts.get("gitignore").map(|lines| {
            let mut builder = GitignoreBuilder::new("");
            for line in lines.lines() {
                builder.add_line(None, line).expect("it is a pattern of git's");
            }
            builder.build().expect("its patterns are valid")
        });
        let (options, toolbox) =
            files.texts.get("options.toml").map_or_else(Default::default, |text| options(text));
        for name in ABOUT {
            files.texts.remove(name);
            files.kinds.remove(name);
        }
        Self { text, files, options, rules: Settings::default(), toolbox }
    }

    /// A Dockerfile and these files, each with its text.
    pub(crate) fn of(text: &str, files: &[(&str, &str)]) -> Self {
        let mut memory = Memory::default();
        for (path, content) in files.iter().chain([&("Dockerfile", text)]) {
            memory.put(path, content);
        }
        Self {
            text: text.to_owned(),
            files: memory,
            options: Options::default(),
            rules: Settings::default(),
            toolbox: None,
        }
    }

    /// The same with images of which it is known what they are.
    pub(crate) fn with_pins(mut self, pins: Pins) -> Self {
        self.options.pins = pins;
        self
    }

    /// The same with packages of which the versions are known.
    pub(crate) fn with_packages(mut self, packages: Packages) -> Self {
        self.options.packages = packages;
        self
    }

    /// The same context with another Dockerfile.
    pub(crate) fn with_text(&self, text: &str) -> Self {
        let mut project = self.clone();
        text.clone_into(&mut project.text);
        project.files.put("Dockerfile", text);
        project
    }

    /// The project after its rewrites.
    pub(crate) fn after(&self, outcome: &Outcome) -> Self {
        let mut project = self.with_text(&outcome.text);
        if let Some(ignore) = &outcome.ignore {
            project.files.put(IGNORE, ignore);
        }
        project
    }

    /// The text of its ignore file.
    pub(crate) fn ignore(&self) -> Option<&str> {
        self.files.texts.get(IGNORE).map(|text| &**text)
    }

    /// Runs these passes, whose unsafe rewrites are wanted then; or all with what they do by default. The messages of the
    /// syntax errors where there are any.
    pub(crate) fn fix(&self, only: Option<&[&str]>) -> Result<Outcome, Vec<String>> {
        self.run(&Selection {
            only: only.map(|names| names.iter().map(|&name| name.to_owned()).collect()),
            include_unsafe: only.is_some(),
            ..Selection::default()
        })
    }

    /// Runs all passes, unsafe rewrites included.
    pub(crate) fn fix_with_unsafe(&self) -> Result<Outcome, Vec<String>> {
        self.run(&Selection { include_unsafe: true, ..Selection::default() })
    }

    /// Its build context.
    pub(crate) fn context(&self) -> Context<'_> {
        let text = self.files.texts.get(IGNORE).cloned();
        let ignore =
            Ignore::parse(text.as_deref().unwrap_or_default()).expect("the ignore file of a test is valid");
        Context { files: &self.files, ignore: IgnoreFile { path: IGNORE.to_owned(), text, ignore } }
    }

    /// What these rules find, where no pass has a word.
    pub(crate) fn found(&self, only: &[&str]) -> Vec<findings::Found> {
        let only = Some(only.iter().map(|&name| name.to_owned()).collect());
        let selection = Selection { only, ..Selection::default() };
        let request = self.request(&selection);
        let tree = dockopt_syntax::parse(&self.text).tree;
        findings::of(&request, &self.rules, &tree, &Outcome::default())
    }

    fn run(&self, selection: &Selection) -> Result<Outcome, Vec<String>> {
        optimize(&self.request(selection))
            .map_err(|errors| errors.into_iter().map(|error| error.message).collect())
    }

    fn request<'a>(&'a self, selection: &'a Selection) -> Request<'a> {
        Request {
            text: &self.text,
            toolbox: self.toolbox.as_deref().unwrap_or_else(|| Toolbox::builtin()),
            context: Some(self.context()),
            options: &self.options,
            selection,
        }
    }

    /// What rewrites do to it, for a reviewer: the differences, then one line for each note.
    pub(crate) fn report(&self, outcome: &Outcome) -> String {
        let mut text = diff("Dockerfile", &self.text, &outcome.text);
        if let Some(ignore) = &outcome.ignore {
            text.push_str(&diff(IGNORE, self.ignore().unwrap_or_default(), ignore));
        }
        if text.is_empty() {
            text.push_str("(unchanged)\n");
        }
        text.push('\n');
        for (what, notes) in
            [("applied", &outcome.applied), ("held", &outcome.held), ("declined", &outcome.declined)]
        {
            for note in notes {
                let _ = writeln!(text, "{what}, {}", line_of(note));
            }
        }
        for bug in &outcome.bugs {
            let _ = writeln!(text, "BUG: {bug}");
        }
        text
    }
}

fn line_of(note: &Note) -> String {
    let title = if note.title.is_empty() { String::new() } else { format!("{}: ", note.title) };
    format!("line {}: {title}{}", note.line, note.reason)
}

/// Settings as in `dockopt.toml`, as far as tests need them: those of passes, and tools of one's own.
fn options(text: &str) -> (Options, Option<Arc<Toolbox>>) {
    let table: toml::Table = text.parse().expect("it is TOML");
    let (mut options, mut toolbox) = (Options::default(), None);
    for (key, value) in &table {
        match (key.as_str(), value.as_str()) {
            ("merge-runs", Some("when-it-pays")) => options.merge = Merge::WhenItPays,
            ("merge-runs", Some("always")) => options.merge = Merge::Always,
            ("merge-runs", Some("never")) => options.merge = Merge::Never,
            ("caches", Some("drop")) => options.caches = Caches::Drop,
            ("caches", Some("mount")) => options.caches = Caches::Mount,
            ("builder", Some("buildkit")) => options.builder = Builder::BuildKit,
            ("builder", Some("buildah")) => options.builder = Builder::Buildah,
            ("builder", Some("kaniko")) => options.builder = Builder::Kaniko,
            ("pins", None) => options.pins = pins(value),
            ("packages", None) => options.packages = packages(value),
            ("tools", None) => {
                let tools = value.clone().try_into().expect("its tools keep the schema");
                let own = Toolbox::builtin().with_user_tools(tools).expect("its tools can be used");
                toolbox = Some(Arc::new(own));
            }
            _ => panic!("`{key}` is no option that tests know"),
        }
    }
    (options, toolbox)
}

/// A table of names of images with what they stand for: a digest, a tag and a digest, or a reason to leave them.
pub(crate) fn pins(table: &toml::Value) -> Pins {
    let pin = |name: &String, value: &toml::Value| {
        let reference = Reference::parse(name).expect("it is a name");
        let text = value.as_str().expect("it is a text");
        let tag = reference.effective_tag().expect("it has a tag").to_owned();
        let answer = match text.split_once('@') {
            Some((tag, digest)) => Answer::Pin(Pin { tag: tag.to_owned(), digest: digest.to_owned() }),
            None if text.starts_with("sha256:") => Answer::Pin(Pin { tag, digest: text.to_owned() }),
            None => Answer::Left(text.to_owned()),
        };
        (reference, answer)
    };
    table.as_table().expect("it is a table").iter().map(|(name, value)| pin(name, value)).collect()
}

/// A table of stages, each with the image that it was built from and, by database, what is known of packages: a version, `OLD -> NEW`
/// for one that is to be replaced, or a reason to leave it.
fn packages(table: &toml::Value) -> Packages {
    let found = |text: &str| match text.split_once(" -> ") {
        Some((old, new)) => Found::Version { now: new.to_owned(), before: Some(old.to_owned()) },
        None if text.contains(' ') => Found::Left(text.to_owned()),
        None => Found::Version { now: text.to_owned(), before: None },
    };
    let table = table.as_table().expect("it is a table of stages");
    table
        .iter()
        .map(|(stage, value)| {
            let from = value["from"].as_str().expect("it is a text").to_owned();
            let mut built = Built { from, packages: BTreeMap::new() };
            for database in Database::ALL {
                let own = value.get(database.name()).and_then(toml::Value::as_table).into_iter().flatten();
                let known = |(name, value): (&String, &toml::Value)| {
                    ((database, name.clone()), found(value.as_str().expect("it is a text")))
                };
                built.packages.extend(own.map(known));
            }
            (stage.clone(), built)
        })
        .collect()
}

/// A unified diff, in which carriage returns can be seen; empty where nothing differs.
fn diff(name: &str, old: &str, new: &str) -> String {
    let (old, new) = (old.replace('\r', "␍"), new.replace('\r', "␍"));
    TextDiff::from_lines(&old, &new).unified_diff().header(name, name).to_string()
}

/// A folder of files in memory.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    kinds: BTreeMap<String, EntryKind>,
    /// Files that can be run; git keeps no other modes.
    programs: BTreeSet<String>,
    texts: BTreeMap<String, Arc<str>>,
    git: Option<Gitignore>,
}

impl Memory {
    /// Adds a file and the folders above it.
    pub(crate) fn put(&mut self, path: &str, content: &str) {
        let folders = path.match_indices('/').map(|(at, _)| path[..at].to_owned());
        self.kinds.extend(folders.map(|folder| (folder, EntryKind::Folder)));
        self.kinds.insert(path.to_owned(), EntryKind::File);
        self.texts.insert(path.to_owned(), content.into());
    }

    fn load(&mut self, folder: &Path, prefix: &str) {
        for entry in fs::read_dir(folder).expect("the folder exists") {
            let entry = entry.expect("the folder can be listed");
            let name = entry.file_name();
            let name = name.to_str().expect("names are UTF-8");
            // Git would not keep a folder of its own name.
            let path = format!("{prefix}{}", if name == "dot-git" { ".git" } else { name });
            let kind = entry.file_type().expect("the folder can be listed");
            if kind.is_symlink() {
                self.kinds.insert(path, EntryKind::Link);
            } else if kind.is_dir() {
                self.load(&entry.path(), &format!("{path}/"));
                self.kinds.insert(path, EntryKind::Folder);
            } else {
                if let Ok(text) = fs::read_to_string(entry.path()) {
                    self.texts.insert(path.clone(), text.into());
                }
                #[cfg(unix)]
                if entry.metadata().is_ok_and(|found| found.permissions().mode() & 0o100 != 0) {
                    self.programs.insert(path.clone());
                }
                self.kinds.insert(path, EntryKind::File);
            }
        }
    }
}

impl Files for Memory {
    fn entries(&self, folder: &str) -> Option<Arc<[Entry]>> {
        if !folder.is_empty() && self.kinds.get(folder) != Some(&EntryKind::Folder) {
            return None;
        }
        let parent = |path: &str| path.rsplit_once('/').map_or("", |(parent, _)| parent).len();
        let inside = |path: &&String| {
            let length = parent(path);
            length == folder.len() && path.starts_with(folder)
        };
        let mut entries: Vec<Entry> = self
            .kinds
            .keys()
            .filter(inside)
            .map(|path| Entry {
                name: path.rsplit('/').next().unwrap_or(path).to_owned(),
                kind: self.kinds[path],
            })
            .collect();
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Some(entries.into())
    }

    fn read(&self, path: &str) -> Option<Arc<str>> {
        self.texts.get(path).cloned()
    }

    fn mode(&self, path: &str) -> Option<u32> {
        let is_file = self.kinds.get(path) == Some(&EntryKind::File);
        is_file.then(|| if self.programs.contains(path) { 0o755 } else { 0o644 })
    }

    fn is_git_ignored(&self, path: &str) -> Option<bool> {
        let is_folder = self.kinds.get(path).is_none_or(|kind| *kind == EntryKind::Folder);
        Some(self.git.as_ref()?.matched_path_or_any_parents(path, is_folder).is_ignore())
    }
}

/// The folders directly in a folder, sorted; none if it is not there.
pub(crate) fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// The last part of a path.
pub(crate) fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("names are UTF-8")
}

/// Compares with `snapshots/<folder>/<name>.snap`.
pub(crate) fn assert_snapshot(folder: &str, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("../snapshots/{folder}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Runs every case, also after a failure, and fails with the names of those that did.
pub(crate) fn each<T>(cases: impl IntoIterator<Item = (String, T)>, test: impl Fn(&str, T)) {
    let mut failed = Vec::new();
    for (name, case) in cases {
        let run = std::panic::AssertUnwindSafe(|| test(&name, case));
        if std::panic::catch_unwind(run).is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "{} cases failed: {}", failed.len(), failed.join(", "));
}

/// Fails if a folder of snapshots holds one that no case has.
pub(crate) fn assert_no_orphans(folder: &str, cases: &BTreeSet<String>) {
    for entry in fs::read_dir(root().join("snapshots").join(folder)).into_iter().flatten().flatten() {
        let path = entry.path();
        let known = name(&path).strip_suffix(".snap").is_none_or(|case| cases.contains(case));
        assert!(known, "{} belongs to no case", path.display());
    }
}
