//! The rules, and their contract: a rule is a pure function from the model of a file to findings, places that a person should look
//! at because no machine can mend them. It proposes nothing, names no pass, and never touches the world.
//!
//! One file per rule. The first lines of each are its documentation, from which the pages and `dockopt explain` are made; the example in
//! it is run by a test. Where a pass does what a rule asks for, both have the same alias: whoever runs both shows the rewrite there.

use dockopt_model::Model;
use dockopt_syntax::Span;

mod labels;
mod look;
mod settings;
mod variables;

pub use settings::{LabelKind, Others, Settings};

/// Declares the rules: each file by its module, in the order of their names.
macro_rules! rules {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*

        /// Every rule.
        pub const RULES: &[Rule] = &[$(Rule {
            name: $module::NAME,
            severity: $module::SEVERITY,
            scope: $module::SCOPE,
            starts: $module::STARTS,
            summary: $module::SUMMARY,
            aliases: $module::ALIASES,
            source: include_str!(concat!(stringify!($module), ".rs")),
            run: $module::run,
        }),*];
    };
}

rules! {
    add_of_plain_files,
    archive_to_unpack,
    cd_in_run,
    command_without_machine,
    constant_platform,
    copy_from_itself,
    distribution_upgrade,
    duplicate_stage_name,
    empty_continuation,
    from_as_casing,
    ignored_copy_source,
    inline_pragma,
    invalid_default_argument,
    invalid_label_key,
    invalid_port,
    label_schema,
    large_user_number,
    legacy_key_value,
    maintainer,
    many_files_to_one,
    mismatched_platform,
    misplaced_description,
    missing_healthcheck,
    mixed_instruction_casing,
    port_mapping,
    progress_bar,
    protocol_casing,
    redundant_platform,
    relative_destination,
    relative_workdir,
    relinked_shell,
    repeated_instruction,
    reserved_stage_name,
    root_user,
    secret_variable,
    self_referencing_env,
    shell_form_command,
    stage_name_casing,
    sudo_in_run,
    unanswered_question,
    undeclared_base_argument,
    undefined_variable,
    unknown_copy_source,
    unpinned_image,
    unpinned_packages,
    untrusted_registry,
    user_by_name,
    wget_and_curl,
    whole_image_copy,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The build fails, or the image is not what the file says.
    Error,
    /// It works, and has cost or will cost somebody an afternoon.
    Warning,
    /// There is a better way.
    Advice,
}

impl Severity {
    /// Its name, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Advice => "advice",
        }
    }
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The file as it is written.
    File,
    /// The RUNs. It also sees the file as the child of a stage with ONBUILD finds it (`dockopt_model::Child`).
    Runs,
}

/// When a rule runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Starts {
    /// Unless it is left out.
    ByItself,
    /// When it is asked for by name: projects differ about the matter, and most want to hear nothing of it.
    OnRequest,
}

/// A rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name: what it finds.
    pub name: &'static str,
    /// How bad its findings are.
    pub severity: Severity,
    /// What it looks at.
    pub scope: Scope,
    /// When it runs.
    pub starts: Starts,
    /// One line for lists.
    pub summary: &'static str,
    /// What other tools call the same matter; their ignore comments are respected.
    pub aliases: &'static [&'static str],
    source: &'static str,
    run: fn(&Cx<'_>) -> Vec<Finding>,
}

impl Rule {
    /// The rule of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.name == name)
    }

    /// Runs it.
    pub fn run(&self, cx: &Cx<'_>) -> Vec<Finding> {
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

/// What a rule sees.
#[derive(Clone, Copy)]
pub struct Cx<'a> {
    /// The file.
    pub model: &'a Model<'a>,
    /// What the project decided.
    pub settings: &'a Settings,
}

/// A place that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The place.
    pub at: Span,
    /// Those of the aliases of its rule that are about it, where not all are.
    pub aliases: Option<Vec<&'static str>>,
    /// What is there and why that is bad, as one clause.
    pub message: String,
    /// What to do about it, as an imperative clause.
    pub help: String,
}

impl Finding {
    fn new(at: Span, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { at, aliases: None, message: message.into(), help: help.into() }
    }

    /// The same under some of the aliases of its rule.
    fn known_as(mut self, aliases: &[&'static str]) -> Self {
        self.aliases = Some(aliases.to_vec());
        self
    }
}
