//! Packages are installed in whatever version there is.
//!
//! ## What it finds
//!
//! Packages that a package manager is given by name alone: `apt-get install curl`, `apk add curl`, `dnf install curl`, `pip install flask`,
//! `npm install -g pnpm`, `gem install bundler`, `go install example.org/tool@latest`.
//!
//! ## Why
//!
//! Two builds of one file differ by what was published in between. Distributions drop old versions, though, so that a version of a system
//! package breaks the build one day; which of the two is worse is a matter of opinion, so this rule waits to be asked.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! RUN apt-get update && apt-get install -y curl
//! RUN apt-get update && apt-get install -y git=1:2.39.5-0+deb12u1
//! RUN pip install flask
//! ```
//!
//! is found in lines 2, 4.
//!
//! ## Why no rewrite
//!
//! The version that was tested is not written in the file. `dockopt pin` knows those of images.

use dockopt_tools::Role;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "unpinned-packages";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::Runs;
pub(crate) const STARTS: Starts = Starts::OnRequest;
pub(crate) const SUMMARY: &str = "packages without a version";
pub(crate) const ALIASES: &[&str] =
    &["DL3008", "DL3013", "DL3016", "DL3018", "DL3028", "DL3033", "DL3037", "DL3041", "DL3062"];

/// A package manager whose packages can have a version on its command line.
struct Manager {
    tool: &'static str,
    number: &'static str,
    /// Whether a word names a version, or something that has one, such as a file.
    is_fixed: fn(&str) -> bool,
    /// Options with which the versions are written elsewhere.
    elsewhere: &'static [&'static str],
}

const MANAGERS: [Manager; 10] = [
    Manager {
        tool: "apt-get",
        number: "DL3008",
        is_fixed: |word| word.contains(['=', '/']) || is_file(word, &[".deb"]),
        elsewhere: &[],
    },
    Manager { tool: "pip", number: "DL3013", is_fixed: is_fixed_for_pip, elsewhere: &["-r", "--requirement", "-c", "--constraint"] },
    Manager { tool: "npm", number: "DL3016", is_fixed: is_fixed_for_npm, elsewhere: &[] },
    Manager {
        tool: "apk",
        number: "DL3018",
        is_fixed: |word| word.contains(['=', '~', '<', '>']) || is_file(word, &[".apk"]) || word.starts_with('.'),
        elsewhere: &[],
    },
    Manager { tool: "gem", number: "DL3028", is_fixed: |word| word.contains(':') || is_file(word, &[".gem"]), elsewhere: &["-v", "--version"] },
    Manager { tool: "yum", number: "DL3033", is_fixed: is_fixed_for_rpm, elsewhere: &[] },
    Manager { tool: "zypper", number: "DL3037", is_fixed: |word| word.contains(['=', '<', '>']) || is_file(word, &[".rpm"]), elsewhere: &[] },
    Manager { tool: "dnf", number: "DL3041", is_fixed: is_fixed_for_rpm, elsewhere: &[] },
    Manager { tool: "microdnf", number: "DL3041", is_fixed: is_fixed_for_rpm, elsewhere: &[] },
    Manager { tool: "go", number: "DL3062", is_fixed: is_fixed_for_go, elsewhere: &[] },
];

/// Whether a word is a file with one of these endings.
fn is_file(word: &str, endings: &[&str]) -> bool {
    endings.iter().any(|ending| word.ends_with(ending))
}

/// `package-1.2`, `package-1:1.2`, a module `name:stream`, a group `@name`, a file or an address.
fn is_fixed_for_rpm(word: &str) -> bool {
    let has_version = word.match_indices('-').any(|(at, _)| word[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
    has_version || is_file(word, &[".rpm"]) || word.starts_with('@') || word.contains(['/', ':'])
}

/// A comparison, a file, a folder, or something of version control at a revision.
fn is_fixed_for_pip(word: &str) -> bool {
    let is_controlled = ["git+", "hg+", "svn+", "bzr+"].iter().any(|scheme| word.starts_with(scheme));
    let is_local = is_file(word, &[".whl", ".tar.gz", ".zip"]);
    if is_controlled { word.contains('@') } else { is_local || word.contains(['=', '<', '>', '~', '/']) || word.starts_with('.') }
}

/// `name@1.2`, `@scope/name@1.2`, a file, a folder or an address with a revision.
fn is_fixed_for_npm(word: &str) -> bool {
    let name = word.strip_prefix('@').unwrap_or(word);
    let is_local = is_file(name, &[".tgz", ".tar.gz"]) || name.starts_with(['.', '/']) || name.starts_with("file:");
    let has_version = name.split_once('@').is_some_and(|(_, version)| !version.is_empty() && version != "latest");
    is_local || has_version || (name.contains("://") && name.contains('#'))
}

/// A folder of the project, or a module at a version.
fn is_fixed_for_go(word: &str) -> bool {
    word.starts_with(['.', '/']) || word.split_once('@').is_some_and(|(_, version)| !["latest", "none"].contains(&version))
}

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for run in look::runs(cx.model) {
        let Some(invocation) = run.script.recognize(run.simple) else { continue };
        let Some(manager) = MANAGERS.iter().find(|one| one.tool == invocation.tool.name) else { continue };
        let is_install = invocation.action.is_some_and(|action| matches!(action.role, Role::Install | Role::Fetch));
        if !is_install || invocation.has_flag(manager.elsewhere) {
            continue;
        }
        let args = run.script.args(run.simple);
        // What a variable holds may have a version.
        let loose: Vec<&str> =
            invocation.operand_texts(&args).into_iter().flatten().filter(|word| !(manager.is_fixed)(word)).collect();
        if let [first, rest @ ..] = &loose[..] {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            let message = format!("`{first}`{more} may be another version in the next build");
            findings.push(Finding::new(run.place(), message, "write the version that was tested").known_as(&[manager.number]));
        }
    }
    findings
}
