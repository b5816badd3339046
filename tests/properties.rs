//! What holds for every Dockerfile, whatever the passes do: over fixtures, examples, seeds, mutations of them and generated
//! files. The checks read texts and trees only; they must not trust what the passes declare.

use std::collections::{BTreeMap, BTreeSet};

use dockopt::optimize::Outcome;
use dockopt_model::packages::Found;
use dockopt_syntax::{Body, Instruction, Keyword, Tree, parse};
use dockopt_transforms::{Class, PASSES, Pass, Phase};
use proptest::prelude::*;
use rayon::prelude::*;

use crate::generate;
use crate::reading::{self, RESPELLING};
use crate::split::split;
use crate::support::{self, Project};

/// Words that a pass may add to RUNs or take from them: of commands and flags that only empty caches, or refresh an index.
pub(crate) const CLEANUP: [&str; 67] = [
    "UV_LINK_MODE=copy",
    // Set for one command, where a variable of the image turns its cache off.
    "UV_NO_CACHE=false",
    "PIP_NO_CACHE_DIR=",
    // Options of a script that are on already when another one joins it.
    "set",
    "-e",
    "-x",
    "-u",
    "-ex",
    "-eu",
    "-eux",
    "-exu",
    "-euo",
    "-o",
    "pipefail",
    "--",
    "rm",
    "-r",
    "-f",
    "-rf",
    "-fr",
    "-Rf",
    "/var/lib/apt/lists/*",
    "/var/lib/apt/lists/",
    "/var/lib/apt/lists",
    "/var/cache/apt/*",
    "/var/cache/apk/*",
    "/var/cache/yum",
    "/var/cache/dnf",
    "apt-get",
    "apt",
    "autoclean",
    "clean",
    "apk",
    "update",
    "--no-cache",
    "--update",
    "--update-cache",
    "-U",
    "--no-cache-dir",
    "npm",
    "yarn",
    "pnpm",
    "cache",
    "--force",
    "dnf",
    "yum",
    "microdnf",
    "zypper",
    "all",
    "--all",
    "-a",
    "purge",
    "prune",
    "store",
    "pip",
    "composer",
    "clear-cache",
    "conda",
    "--tarballs",
    "--index-cache",
    "--yes",
    "~/.cache/pypoetry/cache",
    "~/.cache/pypoetry/artifacts",
    "~/.cache/pipenv",
    "~/.bun/install/cache",
    "/var/cache/pacman/pkg/*",
    "tdnf",
];

/// Words that a pass may add to RUNs and never takes away: options of installs.
const ADDED: [&str; 6] = ["-y", "--noconfirm", "--with-new-pkgs", "set", "-o", "pipefail"];

/// Lines that an unsafe pass may write around RUNs with pipes.
const SHELLS: [&str; 4] = [
    r#"SHELL ["/bin/bash", "-o", "pipefail", "-c"]"#,
    r#"SHELL ["/bin/sh", "-c"]"#,
    r#"ONBUILD SHELL ["/bin/bash", "-o", "pipefail", "-c"]"#,
    r#"ONBUILD SHELL ["/bin/sh", "-c"]"#,
];

/// Words that an unsafe pass may add to RUNs or take from them: those in which an install and its frozen or lean
/// form differ, and those of steps that fetch.
const UNSAFE: [&str; 25] = [
    "--omit=dev",
    "--prod",
    "--production",
    "--no-dev",
    "--only",
    "main",
    "--no-install-recommends",
    "--no-recommends",
    "--setopt=install_weak_deps=False",
    "--setopt=install_weak_deps=0",
    "install",
    "i",
    "ci",
    "--frozen-lockfile",
    "--immutable",
    "--locked",
    "--check-locked",
    "--deploy",
    "--locked-mode",
    "BUNDLE_FROZEN=true",
    "go",
    "cargo",
    "mod",
    "download",
    "fetch",
];

/// Words of commands that an unsafe pass puts before a build, with options of the build.
const FETCHES: [&str; 2] = ["restore", "dependency:go-offline"];

/// Fixtures, examples and seeds with their contexts, then mutations of them with the context of what they come from.
fn projects(n: usize) -> Vec<(String, Project)> {
    let sources = generate::sources().len();
    let contexts: BTreeMap<String, Project> = generate::sources()
        .into_iter()
        .filter_map(|(path, _)| {
            let folder = path.strip_suffix("/Dockerfile")?;
            Some((folder.to_owned(), Project::read(&support::root().join(folder))))
        })
        .collect();
    let small = small_context();
    let project = |name: &str, text: &str| {
        let path = name.split(" mutated").next().unwrap_or(name);
        let own = path.strip_suffix("/Dockerfile").and_then(|folder| contexts.get(folder));
        own.unwrap_or(&small).with_text(text)
    };
    let cases = generate::cases(sources + n);
    cases.iter().map(|(name, text)| (name.clone(), project(name, text))).collect()
}

/// A context in which generated installs find what they look for.
fn small_context() -> Project {
    let package = r#"{ "name": "own", "version": "1.0.0", "scripts": { "build": "node build.js" } }"#;
    let lock = r#"{ "name": "own", "version": "1.0.0", "lockfileVersion": 3, "packages": { "": { "name": "own", "version": "1.0.0" } } }"#;
    Project::of(
        "",
        &[
            ("requirements.txt", "flask==3.0.3\n"),
            ("requirements/base.txt", "django\n"),
            ("requirements/dev.txt", "-r base.txt\npytest\n"),
            ("package.json", package),
            ("package-lock.json", lock),
            ("app.py", "import flask\n"),
            ("build.js", "console.log(1);\n"),
            ("setup.sh", "#!/bin/sh\n"),
            ("src/main.c", "int main(void) { return 0; }\n"),
            ("src/index.js", "console.log(1);\n"),
        ],
    )
}

/// Every property of one file, with the safe rewrites and with all. `Err` says which does not hold.
fn check(project: &Project) -> Result<(), String> {
    check_by(project, Class::Safe, &|project| project.fix(None))?;
    check_by(project, Class::Unsafe, &Project::fix_with_unsafe)
        .map_err(|what| format!("with unsafe rewrites: {what}"))
}

type Fix = dyn Fn(&Project) -> Result<Outcome, Vec<String>>;

fn check_by(project: &Project, class: Class, fix: &Fix) -> Result<(), String> {
    let accepted = parse(&project.text).errors.is_empty();
    let outcome = match fix(project) {
        Ok(outcome) if accepted => outcome,
        Err(_) if !accepted => return Ok(()),
        _ => return Err("the optimizer and the parser disagree about syntax errors".to_owned()),
    };
    let fail = |what: &str| Err(format!("{what}\n--- after\n{}", outcome.text));
    if !outcome.bugs.is_empty() {
        return fail(&format!("bugs: {:?}", outcome.bugs));
    }
    let after = parse(&outcome.text);
    if let Some(error) = after.errors.first() {
        return fail(&format!("the result has a syntax error: {}", error.message));
    }
    let again = fix(&project.after(&outcome)).map_err(|errors| format!("{errors:?}"))?;
    if again.text != outcome.text || again.ignore.is_some() {
        return Err(format!("a second run changes\n{}\nto\n{}", outcome.text, again.text));
    }
    if fix(project).map(|second| (second.text, second.ignore, second.applied))
        != Ok((outcome.text.clone(), outcome.ignore.clone(), outcome.applied.clone()))
    {
        return fail("two runs give two results");
    }
    // What mends a file or splits a stage is looked at by itself, and so is what spells it in another way; the rest is compared with what
    // comes of these.
    let mended = project.with_text(&mended(project)?);
    let spelled = project.with_text(&respelled(&mended, class, |phase| phase < Phase::Stages)?);
    let splits = outcome.applied.iter().any(|note| note.pass == "split-stages");
    let split = if splits { project.with_text(&split(&spelled)?) } else { spelled };
    let start = respelled(&split, class, |phase| phase > Phase::Stages)?;
    let before = parse(&without_pins(project, &start));
    let after = without_user(&start, &without_pins(project, &outcome.text));
    compare(&before.tree, &parse(&after).tree).or_else(|what| fail(&what))?;
    texts(&without_pins(project, &project.text), &after).or_else(|what| fail(&what))
}

/// How RUNs begin that make a user, or give one its folders.
const MAKES_USERS: [&str; 3] = ["RUN groupadd --gid 10001 app", "RUN addgroup -g 10001 app", "RUN mkdir -p "];
/// The users that are written.
const USERS: [&str; 2] = ["USER 10001:10001", "USER node"];

/// A text without the lines of a user that the text before has not: at most one USER and one RUN, of at most two lines.
fn without_user(before: &str, after: &str) -> String {
    let count = |text: &str, line: &str| text.lines().filter(|own| own.trim_end() == line).count();
    let is_new = |line: &str| count(after, line) > count(before, line);
    // Another pass writes instructions in small letters where most are.
    let lower: Vec<String> = USERS.iter().map(|user| user.replacen("USER", "user", 1)).collect();
    let users = USERS.into_iter().chain(lower.iter().map(String::as_str));
    let Some(user) = users.into_iter().find(|user| is_new(user)) else { return after.to_owned() };
    let makes =
        |text: &str| MAKES_USERS.iter().any(|begin| text.replacen("run ", "RUN ", 1).starts_with(begin));
    let (mut user_is_gone, mut run_is_gone, mut continues) = (false, false, false);
    let mut kept = String::new();
    for line in after.split_inclusive('\n') {
        let text = line.trim_end();
        if std::mem::take(&mut continues) {
            continue;
        }
        if !user_is_gone && text == user {
            user_is_gone = true;
        } else if !run_is_gone && is_new(text) && makes(text) {
            run_is_gone = true;
            continues = text.ends_with('\\') || text.ends_with('`');
        } else {
            kept.push_str(line);
        }
    }
    kept
}

/// A text without the versions of packages that the project knows, and without digests, and without the tags beside them and in front of
/// those that the project has pins for.
fn without_pins(project: &Project, text: &str) -> String {
    const DIGEST: &str = "@sha256:";
    let mut text = without_versions(project, text);
    if project.options.pins.is_empty() {
        return text;
    }
    while let Some(at) = text.find(DIGEST) {
        let is_tag = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let name = text[..at].trim_end_matches(is_tag);
        let start = name.strip_suffix(':').map_or(at, str::len);
        text.replace_range(start..(at + DIGEST.len() + 64).min(text.len()), "");
    }
    for name in project.options.pins.keys() {
        let last = name.repository.rsplit('/').next().expect("it is not empty");
        if let Some(tag) = &name.tag {
            text = text.replace(&format!("{last}:{tag}"), last);
        }
    }
    text
}

/// A text without the versions of packages that the project knows.
fn without_versions(project: &Project, text: &str) -> String {
    let found = project.options.packages.values().flat_map(|built| built.packages.values());
    let mut versions: Vec<&String> = found
        .flat_map(|found| match found {
            Found::Version { now, before } => vec![Some(now), before.as_ref()],
            Found::Left(_) => Vec::new(),
        })
        .flatten()
        .collect();
    // One may begin like another one.
    versions.sort_by_key(|version| std::cmp::Reverse(version.len()));
    versions.iter().fold(text.to_owned(), |text, version| {
        text.replace(&format!("=={version}"), "").replace(&format!("={version}"), "")
    })
}

/// The text after the passes that spell instructions in another way: it says the same.
fn respelled(project: &Project, class: Class, phases: fn(Phase) -> bool) -> Result<String, String> {
    let is_wanted =
        |name: &&str| Pass::named(name).is_some_and(|pass| pass.class <= class && phases(pass.phase));
    let names: Vec<&str> = RESPELLING.into_iter().filter(is_wanted).collect();
    let text = project.fix(Some(&names)).map_err(|errors| format!("{errors:?}"))?.text;
    reading::same(&project.text, &text)
        .map_err(|what| format!("{what}\n--- spelled in another way\n{text}"))?;
    Ok(text)
}

/// The text after the pass that mends. It takes away operators, escape tokens, blanks and the line breaks between these, and nothing else.
fn mended(project: &Project) -> Result<String, String> {
    let text =
        project.fix(Some(&["rejoin-swallowed-instruction"])).map_err(|errors| format!("{errors:?}"))?.text;
    let mut rest = project.text.chars();
    for kept in text.chars() {
        let gone: String = rest.by_ref().take_while(|c| *c != kept).collect();
        if let Some(lost) =
            gone.chars().find(|c| !matches!(c, '&' | ';' | '\\' | '`' | ' ' | '\t' | '\r' | '\n'))
        {
            return Err(format!("mending took `{lost}` away"));
        }
    }
    if rest.as_str().chars().any(|c| !matches!(c, '&' | ';' | '\\' | '`' | ' ' | '\t' | '\r' | '\n')) {
        return Err("mending took the end away".to_owned());
    }
    Ok(text)
}

/// Properties of the two trees.
fn compare(before: &Tree, after: &Tree) -> Result<(), String> {
    if stages(before) != stages(after) {
        return Err(format!("other instructions changed:\n{:?}\n{:?}", stages(before), stages(after)));
    }
    let (old, mut new) = (run_words(before, |_| true), run_words(after, |_| true));
    for step in fetches(before, after) {
        for word in step.split_whitespace() {
            let count = new.get_mut(word).ok_or_else(|| format!("`{step}` is cut oddly"))?;
            *count -= 1;
        }
    }
    new.retain(|_, count| *count > 0);
    let gives = |command: &str| matches!(command.split_whitespace().next(), Some("chown" | "chmod"));
    let given = run_words(before, gives);
    for word in old.keys().chain(new.keys()) {
        // A pattern below the folder of the package lists removes lists, whatever it ends in.
        let known = CLEANUP.iter().chain(&UNSAFE);
        let may_differ =
            known.into_iter().any(|known| known == word) || word.starts_with("/var/lib/apt/lists/*");
        let comes = ADDED.contains(&word.as_str()) && old.get(word) < new.get(word);
        let count = |words: &BTreeMap<String, usize>| words.get(word).copied().unwrap_or_default();
        // What a COPY does by itself need not be done again.
        let goes = count(&new) < count(&old) && count(&old) - count(&new) <= count(&given);
        if old.get(word) != new.get(word) && !may_differ && !comes && !goes {
            return Err(format!(
                "the word `{word}` of RUNs stood {:?} and stands {:?} times",
                old.get(word),
                new.get(word)
            ));
        }
    }
    let directives = |tree: &Tree| -> Vec<String> {
        tree.directives.iter().map(|directive| directive.span.of(&tree.text).to_owned()).collect()
    };
    if directives(before) != directives(after) {
        return Err("directives changed".to_owned());
    }
    lines(before, after)
}

/// The instructions that no pass here moves or changes, stage by stage.
fn stages(tree: &Tree) -> Vec<Vec<&str>> {
    let mut found = vec![Vec::new()];
    for instruction in &tree.instructions {
        if instruction.keyword == Keyword::From {
            found.push(Vec::new());
        }
        let is_of_pipes = SHELLS.contains(&instruction.code_span(&tree.text).of(&tree.text));
        if !may_change(instruction) && !is_of_pipes {
            let code = instruction.code_span(&tree.text).of(&tree.text);
            found.last_mut().expect("it is never empty").push(code);
        }
    }
    found
}

fn may_change(instruction: &Instruction) -> bool {
    matches!(instruction.keyword, Keyword::Run | Keyword::Copy | Keyword::Add)
        || trigger(instruction).is_some()
}

/// The RUN that an ONBUILD keeps for a child.
fn trigger(instruction: &Instruction) -> Option<&Instruction> {
    match &instruction.body {
        Body::Onbuild(inner) if inner.keyword == Keyword::Run => Some(inner),
        _ => None,
    }
}

/// The commands that fetch, and that came: they repeat words of a build.
fn fetches<'t>(before: &Tree, after: &'t Tree) -> Vec<&'t str> {
    fn all(tree: &Tree) -> Vec<&str> {
        let runs = tree.instructions.iter().filter(|one| one.keyword == Keyword::Run);
        let commands = runs.flat_map(|run| run.arguments_text().split("&&"));
        let commands = commands.map(|command| command.trim_matches(['\\', ' ', '\n', '\r', '\t']));
        commands.filter(|command| command.split_whitespace().any(|word| FETCHES.contains(&word))).collect()
    }
    let (old, new) = (all(before), all(after));
    if new.len() == old.len() {
        Vec::new()
    } else {
        new.into_iter().filter(|command| !old.contains(command)).collect()
    }
}

/// The words of the commands of all RUNs that are of some sort, operators and quotes aside.
fn run_words(tree: &Tree, is_meant: impl Fn(&str) -> bool) -> BTreeMap<String, usize> {
    let mut words = BTreeMap::new();
    let run = |one| trigger(one).or(Some(one)).filter(|one| one.keyword == Keyword::Run);
    for run in tree.instructions.iter().filter_map(run) {
        // The words of a heredoc are its lines, not its delimiter.
        let mut text = run.arguments_text().to_owned();
        for heredoc in &run.heredocs {
            text = text.replace(&heredoc.word, " ");
            text.push_str(heredoc.body.of(&tree.text));
        }
        let commands = text.split(['&', ';', '\n']).filter(|command| is_meant(command.trim_start()));
        let parts = commands.flat_map(|one| one.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>')));
        for word in parts.filter(|word| !word.is_empty()) {
            *words.entry(word.replace(['\\', '\'', '"'], "")).or_default() += 1;
        }
    }
    words
}

/// A line that goes or comes belongs to an instruction that may change, or is blank or a comment.
fn lines(before: &Tree, after: &Tree) -> Result<(), String> {
    let mut balance: BTreeMap<&str, i64> = BTreeMap::new();
    for line in before.text.split('\n') {
        *balance.entry(line).or_default() += 1;
    }
    for line in after.text.split('\n') {
        *balance.entry(line).or_default() -= 1;
    }
    let allowed: BTreeSet<&str> = [before, after].into_iter().flat_map(changing).collect();
    let is_free = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    match balance.iter().find(|(line, count)| {
        **count != 0 && !is_free(line) && !allowed.contains(**line) && !SHELLS.contains(&line.trim_end())
    }) {
        Some((line, _)) => Err(format!("the line {line:?} changed")),
        None => Ok(()),
    }
}

fn changing(tree: &Tree) -> impl Iterator<Item = &str> {
    let instructions = tree.instructions.iter().filter(|one| may_change(one));
    instructions.flat_map(|one| one.span.of(&tree.text).split('\n'))
}

/// Properties of the two texts.
fn texts(before: &str, after: &str) -> Result<(), String> {
    let comments = |text: &str| {
        let mut found: Vec<String> =
            text.lines().map(str::trim).filter(|line| line.starts_with('#')).map(str::to_owned).collect();
        found.sort();
        found
    };
    if comments(before) != comments(after) {
        return Err("comments changed".to_owned());
    }
    let bare = |text: &str| text.replace("\r\n", "").contains('\n');
    if !before.contains("\r\n") && after.contains("\r\n") {
        return Err("a carriage return came".to_owned());
    }
    if before.contains("\r\n") && !bare(before) && bare(after) {
        return Err("a line without a carriage return came".to_owned());
    }
    if before.ends_with('\n') != after.ends_with('\n') {
        return Err("the final line end changed".to_owned());
    }
    Ok(())
}

#[test]
fn the_properties_hold_for_known_files_and_mutations() {
    let projects = projects(2_000);
    let faults: Vec<String> = projects
        .par_iter()
        .filter_map(|(name, project)| {
            let run = std::panic::AssertUnwindSafe(|| check(project));
            let result = std::panic::catch_unwind(run).unwrap_or_else(|_| Err("it panicked".to_owned()));
            result.err().map(|what| format!("{name}: {what}\n--- before\n{}", project.text))
        })
        .collect();
    assert!(
        faults.is_empty(),
        "{} faults, the first:\n{}",
        faults.len(),
        faults[..faults.len().min(4)].join("\n\n")
    );
}

#[test]
fn threads_change_nothing() {
    let projects = projects(300);
    let run = |(_, project): &(String, Project)| {
        project.fix(None).map(|outcome| (outcome.text, outcome.ignore, outcome.declined))
    };
    let alone: Vec<_> = projects.iter().map(run).collect();
    let together: Vec<_> = projects.par_iter().map(run).collect();
    assert_eq!(alone, together);
}

/// A text without the blanks that only some builders trim, and without carriage returns, which mutations put into lines.
fn plain(text: &str) -> String {
    text.chars().filter(|c| *c != '\r' && (c.is_ascii() || !c.is_whitespace())).collect()
}

/// Runs passes one after another until nothing changes.
fn until_stable(project: &Project, passes: &[&str]) -> String {
    let mut project = project.clone();
    for _ in 0..8 {
        let before = project.text.clone();
        for pass in passes {
            let Ok(outcome) = project.fix(Some(&[pass])) else { return before };
            project = project.after(&outcome);
        }
        if project.text == before {
            break;
        }
    }
    project.text
}

#[test]
fn passes_of_one_phase_commute() {
    let projects = projects(300);
    for phase in Phase::ALL {
        let names: Vec<&str> =
            PASSES.iter().filter(|pass| pass.phase == phase).map(|pass| pass.name).collect();
        projects.par_iter().for_each(|(name, project)| {
            // A pass that finds nothing at first makes no difference to the order.
            let acts =
                |pass: &&str| project.fix(Some(&[pass])).is_ok_and(|outcome| !outcome.applied.is_empty());
            let acting: Vec<&str> = names.iter().copied().filter(acts).collect();
            for (at, one) in acting.iter().enumerate() {
                for other in &acting[at + 1..] {
                    let forward = until_stable(project, &[one, other]);
                    let backward = until_stable(project, &[other, one]);
                    let (forward, backward) = (plain(&forward), plain(&backward));
                    assert_eq!(forward, backward, "{one} and {other} on {name}:\n{}", project.text);
                }
            }
        });
    }
}

/// One of these texts.
fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(texts).prop_map(str::to_owned)
}

fn from() -> impl Strategy<Value = String> {
    one_of(&[
        "FROM debian:12",
        "FROM ubuntu:22.04",
        "FROM ubuntu:14.04",
        "FROM alpine:3.20",
        "FROM alpine:3.2",
        "FROM fedora:40",
        "FROM centos:7",
        "FROM python:3.12-slim",
        "FROM node:20",
        "FROM python:3.12 AS base",
        "FROM python:3.12 as Base",
        "FROM --platform=linux/amd64 node:20-alpine AS build",
        "FROM base",
        "FROM scratch",
        "FROM example.org/own/image",
    ])
}

fn copy() -> impl Strategy<Value = String> {
    one_of(&[
        "COPY . .",
        "COPY ./ ./",
        "ADD . .",
        "COPY . /app",
        "COPY . /app/",
        "COPY [\".\", \".\"]",
        "COPY --chown=node:node . .",
        "COPY requirements.txt .",
        "COPY requirements.txt app.py ./",
        "COPY package.json package-lock.json src ./",
        "COPY package*.json ./",
        "COPY requirements requirements/",
        "COPY src/ /app/src/",
        "COPY setup.sh /usr/local/bin/setup.sh",
        "COPY --from=0 /etc/os-release /tmp/",
        "ADD https://example.org/file.tar.gz /tmp/",
        "copy . .",
        "ADD app.py ../src /srv/",
    ])
}

fn other() -> impl Strategy<Value = String> {
    one_of(&[
        "WORKDIR /app",
        "WORKDIR src",
        "ENV DEBIAN_FRONTEND=noninteractive",
        "ENV PIP_NO_CACHE_DIR=1",
        "ENV PATH=/opt/bin:$PATH",
        "ARG VERSION=1",
        "USER node",
        "USER root",
        "EXPOSE 8080",
        "LABEL maintainer=\"ops@example.org\"",
        "ENV GREETING hello there",
        "ENV LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive",
        "LABEL version 1.0",
        "MAINTAINER Ada Example <ada@example.org>",
        "CMD python app.py --port 80",
        "CMD ['python', 'app.py']",
        "ENTRYPOINT /app/setup.sh",
        "Workdir logs",
        "RUN mkdir -p /data && \\\n\n    touch /data/ready",
        "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]",
        "VOLUME /data",
        "CMD [\"python\", \"app.py\"]",
        "ONBUILD RUN pip install -r requirements.txt",
        "HEALTHCHECK CMD curl -f http://localhost/ || exit 1",
        "RUN [\"apt-get\", \"update\"]",
        "RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt",
        "RUN <<EOF\napt-get update\napt-get install -y git\nEOF",
        "# a remark",
        "# hadolint ignore=DL3009",
        "",
    ])
}

fn command() -> impl Strategy<Value = String> {
    one_of(&[
        "apt-get update",
        "apt-get -y upgrade",
        "apt-get install -y curl",
        "apt-get install -y --no-install-recommends git jq",
        "apt-get clean",
        "rm -rf /var/lib/apt/lists/*",
        "apk update",
        "apk add git",
        "apk add --no-cache curl",
        "dnf install -y httpd",
        "dnf clean all",
        "yum install -y nginx",
        "pip install -r requirements.txt",
        "pip install --no-cache-dir flask",
        "python3 -m pip install -r requirements/dev.txt",
        "npm ci",
        "npm install",
        "npm run build",
        "npm cache clean --force",
        "mkdir -p /data /app/logs",
        "chown -R nobody /data",
        "chmod 755 /usr/local/bin/setup.sh",
        "useradd -m app",
        "cd /tmp",
        "cd /app || exit 1",
        "set -ex",
        "export A=1",
        "curl -fsSL -o /tmp/x.tgz https://example.org/x.tgz",
        "tar -xzf /tmp/x.tgz -C /opt",
        "rm /tmp/x.tgz",
        "setup.sh",
        "./configure --prefix=/usr",
        "make -j4",
        "echo hello > /etc/greeting",
        "sed -i s/a/b/ requirements.txt",
        "sudo apt-get update",
        "( cd /opt && make )",
        "true || false",
        "echo $HOME",
        "sleep 1 &",
    ])
}

/// A RUN of commands in one of the layouts that people use.
fn run() -> impl Strategy<Value = String> {
    (prop::collection::vec(command(), 1..5), 0..8_usize).prop_map(|(commands, layout)| {
        let joined = match layout {
            0..3 => commands.join(" && "),
            3 => commands.join(" \\\n && "),
            4 => commands.join(" && \\\n    "),
            5 => commands.join(" \\\n    # why\n    && "),
            6 => commands.join("; \\\n    "),
            _ => commands.join(" && \\\n\n    # why\n    "),
        };
        format!("RUN {joined}")
    })
}

fn stage() -> impl Strategy<Value = Vec<String>> {
    let line = prop_oneof![4 => run(), 3 => copy(), 3 => other()];
    (from(), prop::collection::vec(line, 1..9)).prop_map(|(from, lines)| {
        let mut all = vec![from];
        all.extend(lines);
        all
    })
}

fn dockerfile() -> impl Strategy<Value = String> {
    let head = one_of(&["", "", "# syntax=docker/dockerfile:1\n", "# escape=`\n", "ARG VERSION=1\n"]);
    let end = one_of(&["", "\n", "\n", "\n\n", " && \\\nCOPY app.py /\n"]);
    (head, prop::collection::vec(stage(), 1..3), end, any::<[bool; 3]>()).prop_map(
        |(head, stages, end, [crlf, second, third])| {
            let text = format!("{head}{}{end}", stages.concat().join("\n"));
            let text = if head.contains("escape=") { text.replace("\\\n", "`\n") } else { text };
            if crlf && second && third { text.replace('\n', "\r\n") } else { text }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_properties_hold_for_plausible_files(text in dockerfile()) {
        let project = small_context().with_text(&text);
        if let Err(what) = check(&project) {
            return Err(TestCaseError::fail(format!("{what}\n--- before\n{text}")));
        }
    }
}
