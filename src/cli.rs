//! The command line: what can be asked, and how it is explained. Must not act on it.

use std::ffi::OsString;
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
    /// List all rules: what `check` finds that no pass can mend
    Rules,
    /// Explain a pass or a rule: what it does, why, and when it leaves a file alone
    Explain(Explain),
    /// Show what each step depends on, and why
    Graph(Graph),
    /// Build before and after the rewrites, compare the images, and measure both
    Verify(Verify),
    /// Replay the git history through the build cache: which steps would have run, and why
    Simulate(Simulate),
    /// Pin images to digests, from their registries, and keep them in dockopt.lock
    Pin(Pin),
    /// Open pull requests with the rewrites, and keep them up to date
    Bot(Bot),
}

const BOT: &str = "\
Examples:
  dockopt bot run --repo acme/web --dry-run   what would be done, with the diff and every request
  dockopt bot run --repo acme/web             one pull request, opened, renewed or closed
  dockopt bot run --org acme --shard 0/4      a quarter of an organization's repositories

The token is taken from DOCKOPT_TOKEN, GITHUB_TOKEN or GH_TOKEN. It needs `contents: write` and `pull-requests: write`.
A GitHub App is named by DOCKOPT_APP_ID with DOCKOPT_APP_KEY (its private key) or DOCKOPT_APP_KEY_FILE instead.
Run it from a schedule: what it did before it reads from the forge, and it keeps nothing.";

/// Opens pull requests with the rewrites, and keeps them up to date.
#[derive(Debug, Args)]
pub struct Bot {
    /// What to do
    #[command(subcommand)]
    pub command: BotCommand,
}

/// What the bot does.
#[derive(Debug, Subcommand)]
pub enum BotCommand {
    /// Open, renew or close one pull request for each repository
    Run(BotRun),
}

/// Reads each repository at the head of its base branch, rewrites as `dockopt fix` does, and opens, renews or closes one pull request.
///
/// What a person closed is not proposed again, and a branch to which a person pushed is left alone. Nothing that a repository
/// names is run.
#[derive(Debug, Args)]
#[command(after_help = BOT)]
pub struct BotRun {
    /// A repository; may be given more than once
    #[arg(long = "repo", value_name = "OWNER/NAME", required_unless_present_any = ["owners", "list"])]
    pub repositories: Vec<String>,
    /// All repositories of an organization or a person, archived ones aside; may be given more than once
    #[arg(long = "org", value_name = "OWNER")]
    pub owners: Vec<String>,
    /// The repositories that a file lists, one a line
    #[arg(long, value_name = "FILE")]
    pub list: Option<PathBuf>,
    /// Of --org only those whose name fits this glob
    #[arg(long = "match", value_name = "GLOB", requires = "owners")]
    pub matching: Option<String>,
    /// Of --org also those that are forks
    #[arg(long, requires = "owners")]
    pub forks: bool,
    /// Only one share of them: INDEX/COUNT, the first index being 0
    #[arg(long, value_name = "I/N")]
    pub shard: Option<String>,
    /// Only this one and those after it, by name: goes on where a run stopped
    #[arg(long, value_name = "OWNER/NAME")]
    pub from: Option<String>,
    /// The branch that pull requests go to; the repository's default branch otherwise
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<String>,
    /// The branch that the bot has for itself
    #[arg(long, value_name = "BRANCH", default_value = "dockopt/fix")]
    pub branch: String,
    /// A label for the pull request; may be given more than once
    #[arg(long = "label", value_name = "LABEL")]
    pub labels: Vec<String>,
    /// Open pull requests as drafts
    #[arg(long)]
    pub draft: bool,
    /// Let a repository's own dockopt.toml ask for unsafe rewrites
    #[arg(long = "unsafe")]
    pub allow_unsafe: bool,
    /// So many commits are fetched to say what a rewrite would have saved; 0 for none
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub history: usize,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub forge: ForgeAt,
    /// How to report
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: Format,
}

/// The forge.
#[derive(Debug, Args)]
pub struct ForgeAt {
    /// Where the forge is, if not where `GITHUB_SERVER_URL` says or at github.com
    #[arg(long, value_name = "URL", help_heading = "Forge")]
    pub url: Option<String>,
    /// The most requests of this run
    #[arg(long, value_name = "N", help_heading = "Forge")]
    pub max_calls: Option<usize>,
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
///
/// `dockopt passes` and `dockopt rules` list what is looked for. The names of hadolint's rules and of BuildKit's checks are understood,
/// here and in comments: `--ignore DL3008`, `# hadolint ignore=DL3003`, `# check=skip=StageNameCasing`.
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: Input,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub passes: Passes,
    /// Do not run shellcheck over the scripts of RUN, where it is installed
    #[arg(long)]
    pub no_shellcheck: bool,
    /// How to report
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: Format,
}

/// Prints what is to be known about a pass or a rule.
#[derive(Debug, Args)]
pub struct Explain {
    /// Its name, or what hadolint or BuildKit call it; `dockopt passes` and `dockopt rules` list them
    #[arg(value_name = "NAME")]
    pub name: String,
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

const VERIFY: &str = "\
Examples:
  dockopt verify                              each Dockerfile that has rewrites, with the engine that answers
  dockopt verify api/ --touch src/app.py      rebuild after an edit of this file
  dockopt verify --run 'python -m app --version'
  dockopt verify --format markdown            for a pull request
  dockopt verify api/ -- --build-arg V=1 --secret id=npm,src=.npmrc
  dockopt verify --definition compose.yaml:api
  dockopt verify --images app:1.0 app:1.1     compare two images that are there

Exit codes:  0 the same   1 something differs that should not   2 a build failed, or no engine answers";

/// Builds each Dockerfile as it is and with the rewrites that `fix` would do, compares the two images path by path, and
/// measures size, build and rebuild. Works on copies; removes what it built.
#[derive(Debug, Args)]
#[command(after_help = VERIFY)]
pub struct Verify {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: Input,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub passes: Passes,
    /// The container engine that builds
    #[arg(long, value_enum, default_value_t, value_name = "ENGINE", help_heading = "Build")]
    pub engine: Engine,
    /// Edit this file of the build context for a rebuild; by default one source file and one manifest that change often
    #[arg(long, value_name = "FILE", help_heading = "Build")]
    pub touch: Vec<String>,
    /// Run this in both images, by their shell; by default their health check, if they have one
    #[arg(long, value_name = "COMMAND", help_heading = "Build")]
    pub run: Option<String>,
    /// Take context, Dockerfile, arguments, target and the rest from a Compose or Bake file
    #[arg(long, value_name = "FILE[:NAME]", conflicts_with_all = ["paths", "context"], help_heading = "Build")]
    pub definition: Option<String>,
    /// Build for these platforms, one after the other
    #[arg(long, value_name = "PLATFORM,…", value_delimiter = ',', help_heading = "Build")]
    pub platform: Vec<String>,
    /// Compare two images that are there, or archives of images, and build nothing
    #[arg(long, num_args = 2, value_names = ["BEFORE", "AFTER"], conflicts_with_all = ["paths", "definition", "touch", "run"])]
    pub images: Option<Vec<String>>,
    /// Keep the images that were built
    #[arg(long, help_heading = "Build")]
    pub keep: bool,
    /// Where to write how long each step took; by default into the folder of git, out of the way
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub timings: Option<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: VerifyFormat,
    /// Further arguments of the build, such as `--build-arg` and `--secret`
    #[arg(last = true, value_name = "ARGUMENTS")]
    pub arguments: Vec<OsString>,
}

/// The container engine that builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Engine {
    /// The first of the others that answers
    #[default]
    Auto,
    /// Docker with buildx 0.13 or newer
    Docker,
    /// Podman
    Podman,
    /// Buildah
    Buildah,
}

/// How to report what was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum VerifyFormat {
    /// For people
    #[default]
    Text,
    /// One JSON document on stdout
    Json,
    /// For a pull request
    Markdown,
}

const SIMULATE: &str = "\
Examples:
  dockopt simulate                        each Dockerfile over the last 200 commits
  dockopt simulate api/ --compare         before and after the rewrites of `fix`
  dockopt simulate --since '3 months ago' --compare --format html > report.html
  dockopt simulate --cache last-build     as a CI that keeps the cache of one build";

/// Says of each step how often it would have run, and which files made it, had every commit been built.
///
/// The Dockerfile is the one that is there now; the files of the build context and the ignore file are those of each commit. Nothing is
/// built.
#[derive(Debug, Args)]
#[command(after_help = SIMULATE)]
pub struct Simulate {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: Input,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub passes: Passes,
    /// Also replay the Dockerfile with the rewrites that `fix` would do
    #[arg(long)]
    pub compare: bool,
    /// The last so many commits, along first parents
    #[arg(long, value_name = "N", default_value_t = 200, help_heading = "History")]
    pub commits: usize,
    /// Only commits since a date, as git understands it
    #[arg(long, value_name = "DATE", help_heading = "History")]
    pub since: Option<String>,
    /// Only commits of a range, as git understands it
    #[arg(long, value_name = "RANGE", help_heading = "History")]
    pub range: Option<String>,
    /// Whose rules of caching hold
    #[arg(long, value_enum, default_value_t, value_name = "BUILDER", help_heading = "Cache")]
    pub builder: Builder,
    /// What the builder keeps from one build to the next
    #[arg(long, value_enum, default_value_t, value_name = "KEPT", help_heading = "Cache")]
    pub cache: Cache,
    /// A build argument of every build, as NAME=VALUE
    #[arg(long = "build-arg", value_name = "NAME=VALUE", help_heading = "Cache")]
    pub build_arguments: Vec<String>,
    /// Step times from this file; by default those that `verify` kept
    #[arg(long, value_name = "FILE", help_heading = "Cache")]
    pub timings: Option<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: SimulateFormat,
}

/// Whose rules of caching hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Builder {
    /// BuildKit: buildx, and Docker since version 23
    #[default]
    Buildkit,
    /// Docker's BuildKit with Docker's own image store, which takes `COPY --link` for COPY
    Docker,
    /// Docker's builder before BuildKit
    Classic,
    /// Buildah and Podman
    Buildah,
    /// Kaniko
    Kaniko,
}

/// What the builder keeps from one build to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Cache {
    /// Everything: one builder that keeps its disk
    #[default]
    Persistent,
    /// All steps of the last build (`--cache-to mode=max`)
    LastBuild,
    /// The layers of the last image alone (`--cache-to mode=min`, inline)
    LastImage,
    /// Nothing
    None,
}

/// How to report a simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum SimulateFormat {
    /// For people
    #[default]
    Text,
    /// One JSON document on stdout
    Json,
    /// One page that needs nothing else
    Html,
}

const PIN: &str = "\
Examples:
  dockopt pin                    pin all images; write the Dockerfiles and dockopt.lock
  dockopt pin --dry-run          show what it would write, as a patch
  dockopt pin --update           the same tags, with the digests that they have now
  dockopt pin --update --minor   also newer tags: 3.11.4 becomes 3.12.1, but not 4.0.0
  dockopt pin --check            for CI: what is not pinned, and which tags moved on
  dockopt pin --locked           without network, from dockopt.lock alone
  dockopt pin --packages         build, and pin packages to the versions that they have then

Exit codes:  0 done   1 --check found something   2 some image or file could not be looked at or written";

/// Asks registries for the digest of each image that Dockerfiles name (FROM, COPY --from, mounts, # syntax), writes them there, and
/// keeps them in dockopt.lock.
///
/// Registries are asked with the logins that Docker and Podman keep; an answer counts for an hour. `fix` uses dockopt.lock and never the
/// network.
#[derive(Debug, Args)]
#[command(after_help = PIN)]
pub struct Pin {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub input: Input,
    /// Ask again about images that are pinned: the same tags
    #[arg(long, conflicts_with_all = ["check", "locked"])]
    pub update: bool,
    /// With --update: also take tags that differ in the last of three numbers
    #[arg(long, requires = "update")]
    pub patch: bool,
    /// With --update: also take tags of which only the first number is the same
    #[arg(long, requires = "update", conflicts_with = "patch")]
    pub minor: bool,
    /// Write nothing; list what is not pinned and which tags moved on, and exit 1 if there are any
    #[arg(long)]
    pub check: bool,
    /// Use dockopt.lock alone, and fail where it does not have an image
    #[arg(long, visible_alias = "offline")]
    pub locked: bool,
    /// Show what would be written, as a patch
    #[arg(long, conflicts_with = "check")]
    pub dry_run: bool,
    /// Pin packages of installs instead of images: build the steps that install them, and take the versions that they have then
    #[arg(long, conflicts_with_all = ["check", "patch", "minor"], help_heading = "Packages")]
    pub packages: bool,
    /// With --packages: the container engine that builds
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "ENGINE",
        requires = "packages",
        help_heading = "Packages"
    )]
    pub engine: Engine,
    /// How to report
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: Format,
    /// With --packages: further arguments of the build, such as `--build-arg` and `--secret`
    #[arg(last = true, value_name = "ARGUMENTS", requires = "packages")]
    pub arguments: Vec<OsString>,
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

/// Which passes and rules run.
#[derive(Debug, Clone, Args)]
pub struct Passes {
    /// Run these passes and rules only
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', help_heading = "Passes")]
    pub select: Option<Vec<String>>,
    /// Do not run these
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', help_heading = "Passes")]
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
