//! The command line: what can be asked, and how it is explained. Must not act on it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const FRONT: &str = "\
Examples:
  dockopt fix                       show what would change, as a patch that `git apply` takes
  dockopt fix --write services/     rewrite every Dockerfile in a folder
  dockopt check                     for CI: list findings, exit 1 if there are any
  dockopt explain merge-runs        what a pass does, why, and when it leaves a file alone

Exit codes:  0 done   1 a check found something   2 some file could not be read or written";

/// Rewrites Dockerfiles so that they rebuild faster and make smaller images.
///
/// dockopt reads what every instruction does, and the files that it copies, and writes back the smallest change. Without
/// --write it changes nothing. What it writes by default builds to the same image; what would change the image
/// needs --unsafe; what it does not understand it leaves alone.
#[derive(Debug, Parser)]
#[command(name = "dockopt", version, after_help = FRONT, max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = "Output")]
    pub color: Color,
    /// Say nothing on stderr but errors
    #[arg(long, short, global = true, help_heading = "Output")]
    pub quiet: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show or write the rewrites of Dockerfiles
    Fix(Fix),
    /// List what could be better; exit 1 if anything could
    Check(Check),
    /// List all passes
    Passes,
    /// Explain a pass: what it does, why, and when it leaves a file alone
    Explain(Explain),
    /// Show what each step depends on, and why
    Graph(Graph),
}

const FIX: &str = "\
Examples:
  dockopt fix | git apply           the same as `dockopt fix --write`, inside a repository
  dockopt fix --check               for CI: exit 1 if anything would change
  dockopt fix --explain api/        also say what was left alone, and why
  dockopt fix --select merge-runs   this pass only
  dockopt fix - < Dockerfile        a filter: the rewritten file on stdout";

/// Shows the rewrites as a patch on stdout, and one line for each with its reason on stderr.
///
/// With --write they are written: all changes of a Dockerfile and its .dockerignore, or none.
#[derive(Debug, Args)]
#[command(after_help = FIX)]
pub struct Fix {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: Input,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub passes: Passes,
    /// Write the changes
    #[arg(long, short, conflicts_with = "check")]
    pub write: bool,
    /// Exit 1 if anything would change
    #[arg(long)]
    pub check: bool,
    /// Also say what was left alone, and why
    #[arg(long)]
    pub explain: bool,
    /// How to report
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: Format,
}

/// Lists what `fix` would do, and what needs a person. Exits 1 if there is anything.
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: Input,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub passes: Passes,
    /// How to report
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: Format,
}

/// Prints what is to be known about a pass.
#[derive(Debug, Args)]
pub struct Explain {
    /// Its name; `dockopt passes` lists them
    #[arg(value_name = "PASS")]
    pub pass: String,
}

/// Shows the steps of each stage and what they need: files of the build context, other stages, images, earlier steps.
#[derive(Debug, Args)]
pub struct Graph {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: Input,
    /// How to print it
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: GraphFormat,
}

/// Where Dockerfiles are.
#[derive(Debug, Clone, Args)]
pub struct Input {
    /// Dockerfiles, or folders to search by .gitignore; `-` is stdin
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// The build context of all of them; otherwise the folder of each, or the repository's root if its COPY lines fit only there
    #[arg(long, value_name = "DIR")]
    pub context: Option<PathBuf>,
}

/// Which passes run.
#[derive(Debug, Clone, Args)]
pub struct Passes {
    /// Run these passes only
    #[arg(long, value_name = "PASS,…", value_delimiter = ',', help_heading = "Passes")]
    pub select: Option<Vec<String>>,
    /// Do not run these
    #[arg(long, value_name = "PASS,…", value_delimiter = ',', help_heading = "Passes")]
    pub ignore: Option<Vec<String>>,
    /// Include rewrites that change the image on purpose
    #[arg(long = "unsafe", help_heading = "Passes")]
    pub include_unsafe: bool,
}

/// How to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON document on stdout
    Json,
}

/// How to print a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum GraphFormat {
    /// For people
    #[default]
    Text,
    /// For Graphviz: `dockopt graph --format dot | dot -Tsvg`
    Dot,
    /// One JSON document
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }
}
