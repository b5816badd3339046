//! The passes, and their contract: a pass is a pure function from the model of a file to proposals. It names no other pass,
//! no tool, and never touches the world; what it proposes is checked by whoever runs it.
//!
//! One file per pass. The first lines of each are its documentation, from which the pages and `dockopt explain` are made;
//! the example in it is run by a test.

use std::collections::BTreeSet;

pub use dockopt_model::builder::Builder;
pub use dockopt_model::caches::Caches;
use dockopt_model::{Model, Packages, Pins, Pipes, Setting, layout};
use dockopt_syntax::{Edit, EditError, Edits, Keyword, Span};

/// Declares the passes: each file by its module, in the order of phases.
macro_rules! passes {
    ($($module:ident),* $(,)?) => {
        $(pub mod $module;)*

        /// Every pass, in the order in which they run.
        pub const PASSES: &[Pass] = &[$(Pass {
            name: $module::NAME,
            phase: $module::PHASE,
            class: $module::CLASS,
            summary: $module::SUMMARY,
            aliases: $module::ALIASES,
            expects: $module::EXPECTS,
            source: include_str!(concat!(stringify!($module), ".rs")),
            run: $module::run,
        }),*];
    };
}

passes! {
    rejoin_swallowed_instruction,
    consistent_casing,
    stage_name_casing,
    reserved_stage_names,
    modern_env,
    label_not_maintainer,
    one_cmd,
    quote_exec_json,
    absolute_workdir,
    copy_not_add,
    no_relative_copy_source,
    split_stages,
    copy_manifests_first,
    fetch_dependencies_first,
    join_package_index,
    assume_yes,
    use_apt_get,
    no_sudo,
    skip_recommends,
    skip_dev_dependencies,
    fail_pipes,
    install_from_lockfile,
    drop_package_caches,
    mount_package_caches,
    drop_late_deletes,
    own_copies,
    merge_runs,
    link_copies,
    pin_bases,
    pin_packages,
    exec_form,
    silent_debconf,
    run_as_user,
    ignore_build_noise,
    no_empty_continuations,
}

/// What is true after all passes of it ran. They run in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// What is broken or ambiguous is mended.
    Correct,
    /// Builder and runtime are apart.
    Stages,
    /// Steps stand in the order of how often their inputs change.
    Order,
    /// Each command inside RUN is as it should be.
    Commands,
    /// Caches are mounted.
    Mounts,
    /// Layers are as many as pay.
    Layers,
    /// Bases and packages are pinned.
    Pins,
    /// The image runs with the least privileges.
    Runtime,
    /// The text is tidy.
    Surface,
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Self; 9] = [
        Self::Correct,
        Self::Stages,
        Self::Order,
        Self::Commands,
        Self::Mounts,
        Self::Layers,
        Self::Pins,
        Self::Runtime,
        Self::Surface,
    ];

    /// Whether its passes look at RUN instructions, wherever these stand. What such a pass does for a RUN it does for one that
    /// ONBUILD keeps for a child, too: it sees the triggers of a stage as instructions that follow it (`dockopt_model::Child`).
    pub const fn is_inside_runs(self) -> bool {
        matches!(self, Self::Commands | Self::Mounts | Self::Layers)
    }

    /// Its name, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Stages => "stages",
            Self::Order => "order",
            Self::Commands => "commands",
            Self::Mounts => "mounts",
            Self::Layers => "layers",
            Self::Pins => "pins",
            Self::Runtime => "runtime",
            Self::Surface => "surface",
        }
    }
}

/// What a rewrite promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Every image that built before builds to the same observable image.
    Safe,
    /// The content changes on purpose; the reason says how.
    Unsafe,
    /// Good advice that needs a person; never written.
    Suggest,
}

impl Class {
    /// Its name, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
            Self::Suggest => "suggest",
        }
    }
}

/// A difference between two images that a pass makes on purpose and that takes nothing from whoever runs them. Whoever
/// builds both takes any other difference for a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expected {
    /// Caches of package managers come or go.
    Caches,
    /// Package indexes come or go.
    Indexes,
}

/// A pass.
#[derive(Debug, Clone, Copy)]
pub struct Pass {
    /// Its name: the act, verb first.
    pub name: &'static str,
    /// When it runs.
    pub phase: Phase,
    /// The most that its rewrites promise.
    pub class: Class,
    /// One line for lists.
    pub summary: &'static str,
    /// What other tools call the same matter; their ignore comments are respected.
    pub aliases: &'static [&'static str],
    /// How the files of an image may differ after its safe rewrites, beyond what differs between any two builds.
    pub expects: &'static [Expected],
    source: &'static str,
    run: fn(&Cx<'_>) -> Vec<Proposal>,
}

impl Pass {
    /// The pass of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        PASSES.iter().find(|pass| pass.name == name)
    }

    /// Runs it.
    pub fn run(&self, cx: &Cx<'_>) -> Vec<Proposal> {
        (self.run)(cx)
    }

    /// Its documentation in Markdown: the header of its file.
    pub fn documentation(&self) -> String {
        self.source
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
            .collect()
    }
}

/// What a pass sees.
#[derive(Clone, Copy)]
pub struct Cx<'a> {
    /// The file.
    pub model: &'a Model<'a>,
    /// What the user decided.
    pub options: &'a Options,
}

/// Settings that passes ask for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// When RUN instructions are merged.
    pub merge: Merge,
    /// What becomes of package caches.
    pub caches: Caches,
    /// Which builder the file is written for.
    pub builder: Builder,
    /// What names of images stand for, as far as it was found out.
    pub pins: Pins,
    /// The versions of packages, as far as images were built to find them out.
    pub packages: Packages,
}

/// When RUN instructions that follow each other are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Merge {
    /// Where the image gets smaller, or both are small steps of the system.
    #[default]
    WhenItPays,
    /// Wherever it can be proven.
    Always,
    /// Not at all.
    Never,
}

/// What a pass says about a place.
#[derive(Debug, Clone)]
pub enum Proposal {
    /// A change.
    Rewrite(Rewrite),
    /// A change that it saw and leaves, with the reason.
    Declined(Declined),
}

impl Proposal {
    /// The place that it is about.
    pub const fn at(&self) -> Span {
        match self {
            Self::Rewrite(rewrite) => rewrite.at,
            Self::Declined(declined) => declined.at,
        }
    }
}

/// One all-or-nothing set of edits.
#[derive(Debug, Clone)]
pub struct Rewrite {
    /// What is done, as an imperative clause.
    pub title: String,
    /// Why it is good and why it is allowed, for a reviewer.
    pub reason: String,
    /// What it promises.
    pub class: Class,
    /// The place that it is about.
    pub at: Span,
    /// Edits of the Dockerfile.
    pub edits: Edits,
    /// Lines to add to `.dockerignore`.
    pub ignore: Vec<String>,
    /// What is different about the list of commands.
    pub commands: Commands,
    /// What it is held to.
    pub proof: Proof,
    /// Settings of the image that change, of an unsafe rewrite.
    pub settings: Vec<Setting>,
    /// Of a split: the files of the build context that only the builder has.
    pub sources: BTreeSet<String>,
    /// Whether it changes which pipelines fail.
    pub pipes: Pipes,
}

/// What a rewrite is held to, besides that no command and no comment is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Proof {
    /// The digest stays the same.
    #[default]
    Digest,
    /// The original can never build, so there is no image to compare with.
    Mends,
    /// A builder comes before the last stage, which keeps its settings and every file of the build context.
    Split,
}

/// The difference that a rewrite makes to the multiset of commands, each in one spelling.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commands {
    /// Commands that go.
    pub gone: Vec<String>,
    /// Commands that come.
    pub new: Vec<String>,
}

impl Commands {
    /// Notes that a command, in its one spelling, comes back as this text.
    fn respell(&mut self, gone: String, new: &str) {
        self.gone.push(gone);
        self.new.push(canonical(new));
    }
}

impl Rewrite {
    /// A safe rewrite of the Dockerfile alone that keeps every command. Edits that touch are joined in their order.
    pub fn safe(
        title: impl Into<String>,
        reason: impl Into<String>,
        at: Span,
        edits: Vec<Edit>,
    ) -> Result<Self, EditError> {
        Ok(Self {
            title: title.into(),
            reason: reason.into(),
            class: Class::Safe,
            at,
            edits: Edits::joined(edits)?,
            ignore: Vec::new(),
            commands: Commands::default(),
            proof: Proof::Digest,
            settings: Vec::new(),
            sources: BTreeSet::new(),
            pipes: Pipes::AsWritten,
        })
    }

    /// A safe rewrite that takes the RUN `at` away, and lists each of its commands as gone. None where its script is not known.
    fn without_run(cx: &Cx<'_>, at: usize, title: &str, reason: &str) -> Option<Self> {
        let tree = cx.model.tree;
        let script = cx.model.script(at).ok()?;
        let edit = Edit { span: layout::whole(tree, at), text: String::new() };
        let mut rewrite = Self::safe(title, reason, tree.instructions[at].keyword_span, vec![edit]).ok()?;
        dockopt_shell::walk_commands(&script.ast.list, &mut |_, context| {
            rewrite.commands.gone.push(dockopt_shell::canonical(script.text(), context.node));
        });
        Some(rewrite)
    }
}

/// A place where a pass saw work and left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declined {
    /// The place.
    pub at: Span,
    /// Why, as one sentence for the author.
    pub reason: String,
}

impl Declined {
    /// A declined place as a proposal.
    pub fn proposal(at: Span, reason: impl Into<String>) -> Proposal {
        Proposal::Declined(Self { at, reason: reason.into() })
    }
}

/// A keyword in the case of the one in whose place it comes.
pub(crate) fn in_case_of(written: &str, keyword: Keyword) -> String {
    if written.bytes().all(|byte| byte.is_ascii_lowercase()) {
        keyword.name().to_ascii_lowercase()
    } else {
        keyword.name().to_owned()
    }
}

/// The spelling in which [`Commands`] lists a command that a pass writes.
pub(crate) fn canonical(command: &str) -> String {
    dockopt_shell::parse(command, dockopt_shell::Dialect::Posix)
        .ok()
        .and_then(|script| {
            script.list.items.first().map(|item| dockopt_shell::canonical(command, &item.node))
        })
        .unwrap_or_else(|| command.to_owned())
}
