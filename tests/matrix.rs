//! Each tool with a cache in each form that a RUN can have: what is written, for every tool in one snapshot, and a page for
//! users. The command lines are examples of the tools' data; nothing about a tool is said here but an image that brings it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use dockopt::optimize::Outcome;
use dockopt_tools::schema::{Example, Role, Tool};
use dockopt_transforms::{Builder, Caches};

use crate::documentation::write_if_other;
use crate::support::{self, Project};

/// The passes that are about caches.
const PASSES: [&str; 3] = ["join-package-index", "drop-package-caches", "mount-package-caches"];

/// The forms of a RUN: what stands before the command, and what after it.
pub(crate) const FORMS: [(&str, &str, &str); 7] = [
    ("root", "RUN ", "\n"),
    ("another user", "USER app\nRUN ", "\n"),
    ("heredoc", "RUN <<EOF\nset -e\n", "\nEOF\n"),
    ("comment in the list", "RUN mkdir -p /srv/data \\\n    # brings what is needed\n    && ", "\n"),
    ("ONBUILD", "ONBUILD RUN ", "\n"),
    ("another mount", "RUN --mount=type=secret,id=token,target=/run/token ", "\n"),
    ("SHELL", "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN ", "\n"),
];

/// What the user decided.
const WISHES: [(&str, Caches); 2] = [("drop", Caches::Drop), ("mount", Caches::Mount)];

#[test]
fn tools_in_all_forms() {
    let tools = tools();
    let cases: BTreeSet<String> = tools.iter().map(|tool| tool.name.clone()).collect();
    support::each(tools.iter().map(|tool| (tool.name.clone(), tool)), |name, tool| {
        let mut text = String::new();
        let around = around(tool);
        for (wish, caches) in WISHES {
            for (form, before, after) in FORMS {
                let file =
                    format!("FROM {}{}\n{before}{}{after}{}", image(name), around.0, line(tool), around.1);
                let (file, outcome) = fix(&file, name, caches);
                let _ = writeln!(text, "# {wish}, {form}");
                text.push_str(outcome.text.split_once('\n').map_or("", |(_, rest)| rest));
                if outcome.text == file {
                    text.push_str("(unchanged)\n");
                }
                let reasons: BTreeSet<String> =
                    outcome.declined.iter().map(|note| note.reason.clone()).collect();
                for reason in reasons {
                    let _ = writeln!(text, "left alone: {reason}");
                }
                text.push('\n');
            }
        }
        support::assert_snapshot("matrix", name, &text);
    });
    support::assert_no_orphans("matrix", &cases);
}

#[test]
fn the_page_of_caches_says_what_is_written() {
    let mut page = "# Package caches\n\n<!-- Made by tests/matrix.rs from the data of the tools. -->\n\n\
        What becomes of the cache of each tool, by the setting `caches` in `dockopt.toml`: the RUN as it was, and as it is written for \
        root. Where later commands read what lies in a cache, the RUN stands in a stage from which only a result is copied. With `\"mount\"` the file must be one for a builder that knows cache mounts, as `builder = \"buildkit\"` says.\n"
        .to_owned();
    for tool in tools() {
        let (name, rest) = around(&tool);
        let file = format!("FROM {}{name}\nRUN {}\n{rest}", image(&tool.name), line(&tool));
        let _ = write!(page, "\n## {}\n", tool.title);
        let commands = |text: &str| {
            let own = text.strip_suffix(rest).unwrap_or(text);
            own.split_once('\n').map_or(String::new(), |(_, commands)| commands.to_owned())
        };
        let _ =
            write!(page, "\nBefore, in `{}`:\n\n```dockerfile\n{}```\n", image(&tool.name), commands(&file));
        for (wish, caches) in WISHES {
            let (_, outcome) = fix(&file, &tool.name, caches);
            if outcome.text == file {
                let reason =
                    outcome.declined.first().map_or("no way to do so is known", |note| note.reason.as_str());
                let _ = write!(page, "\n`caches = \"{wish}\"` leaves it as it is: {reason}.\n");
            } else {
                let _ = write!(
                    page,
                    "\n`caches = \"{wish}\"`:\n\n```dockerfile\n{}```\n",
                    commands(&outcome.text)
                );
            }
        }
    }
    let mut stale = Vec::new();
    write_if_other("docs/caches.md", &page, &mut stale);
    assert!(stale.is_empty(), "rewritten, since something else is written now: {}", stale.join(", "));
}

/// What comes of a file, which is also the last word: a second run changes nothing.
fn fix(file: &str, tool: &str, caches: Caches) -> (String, Outcome) {
    let file = file.replace("USER app\n", &format!("USER {}\n", user(tool)));
    let mut project = Project::of(&file, &[]);
    project.options.caches = caches;
    project.options.builder = Builder::BuildKit;
    let outcome = project.fix(Some(&PASSES)).expect("it is a valid Dockerfile");
    assert_eq!(outcome.bugs, [""; 0]);
    let again = project.after(&outcome).fix(Some(&PASSES)).expect("the result is valid");
    assert_eq!(again.text, outcome.text, "a second run changes nothing");
    (file, outcome)
}

/// What stands behind the name of the image and at the end of the file: a store can be mounted only in a stage from which just a
/// result is taken.
fn around(tool: &Tool) -> (&'static str, &'static str) {
    let is_store = tool.caches.iter().any(|cache| cache.is_store && cache.mount.is_some());
    if is_store { (" AS build", "FROM scratch\nCOPY --from=build /srv/app /app\n") } else { ("", "") }
}

/// The tools that have a cache about which something can be done.
fn tools() -> Vec<Tool> {
    let has_cache =
        |tool: &Tool| tool.caches.iter().any(|cache| cache.drop.is_some() || cache.mount.is_some());
    all_tools().into_iter().filter(has_cache).collect()
}

/// All tools with their examples, by name.
pub(crate) fn all_tools() -> Vec<Tool> {
    let mut tools: Vec<Tool> = Vec::new();
    for entry in fs::read_dir(support::root().join("crates/tools/data")).expect("the data is there").flatten()
    {
        if entry.path().extension().is_some_and(|ending| ending == "toml") {
            let text = fs::read_to_string(entry.path()).expect("it can be read");
            tools.push(toml::from_str(&text).expect("it keeps the schema"));
        }
    }
    for tool in &mut tools {
        if tool.title.is_empty() {
            tool.title.clone_from(&tool.name);
        }
    }
    tools.sort_by(|one, other| one.name.cmp(&other.name));
    tools
}

/// A command that fills the caches of a tool: its first example that does, behind the refresh of its index where it needs one.
fn line(tool: &Tool) -> String {
    let find = |fits: &dyn Fn(&Example, Role) -> bool| {
        tool.examples.iter().find(|example| {
            let action = example.action.as_deref().and_then(|name| tool.action(name));
            !example.incomplete && action.is_some_and(|action| fits(example, action.role))
        })
    };
    let fills = |example: &Example| {
        let of = |cache: &dockopt_tools::Cache| {
            (cache.drop.is_some() || cache.mount.is_some())
                && !example
                    .flags
                    .iter()
                    .any(|flag| cache.off_by_flags.contains(flag) || cache.moved_by_flags.contains(flag))
        };
        let mut caches = tool.caches.iter().filter(|cache| of(cache));
        caches.any(|cache| {
            cache.is_index || example.action.as_ref().is_some_and(|action| cache.filled_by.contains(action))
        })
    };
    let is_install = |role| !matches!(role, Role::Refresh | Role::Clean | Role::Query);
    let mounted = tool.caches.iter().filter(|cache| cache.mount.is_some() && !cache.is_index);
    let fills_all = |example: &Example| {
        let action = example.action.as_ref();
        mounted.clone().all(|cache| action.is_some_and(|action| cache.filled_by.contains(action)))
    };
    let install = find(&|example, role| is_install(role) && fills(example) && fills_all(example))
        .or_else(|| find(&|example, role| is_install(role) && fills(example)));
    let install =
        &install.unwrap_or_else(|| panic!("`{}` needs an example that fills its cache", tool.name)).line;
    match find(&|example, role| role == Role::Refresh && example.operands.is_empty())
        .filter(|_| tool.needs_index())
    {
        Some(refresh) => format!("{} && {install}", refresh.line),
        None => install.clone(),
    }
}

/// An image that brings a tool.
pub(crate) fn image(tool: &str) -> &'static str {
    match tool {
        "apk" => "alpine:3.20",
        "apt-get" => "debian:12",
        "composer" => "composer:2",
        "conda" => "continuumio/miniconda3",
        "dnf" => "fedora:41",
        "microdnf" => "registry.access.redhat.com/ubi9/ubi-minimal",
        "pacman" => "archlinux:latest",
        "tdnf" => "photon:5.0",
        "yum" => "centos:7",
        "zypper" => "opensuse/leap:15.6",
        "go" => "golang:1.22",
        "cargo" => "rust:1.80",
        "dotnet" => "mcr.microsoft.com/dotnet/sdk:8.0",
        "maven" => "maven:3.9",
        "gradle" => "gradle:8",
        "gem" | "bundler" => "ruby:3.3",
        "npm" | "pnpm" | "yarn" => "node:20",
        "bun" => "oven/bun:1",
        _ => "python:3.12",
    }
}

/// A user of that image besides root.
pub(crate) fn user(tool: &str) -> &'static str {
    if image(tool).starts_with("node") { "node" } else { "app" }
}
