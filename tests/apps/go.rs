//! Modules and workspaces of Go. The walk follows the "Go Modules Reference": `go mod download` reads the go.mod and go.sum of
//! the main module, or with a go.work in the folder or above it that file and those of every module that it uses; of a
//! replacement by a path it reads the go.mod. Replacements in modules that are no main modules do not count.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{App, Walk, in_folder, joined};
use crate::generate::Random;

/// Folders of modules, the main one first.
const MODULES: [&str; 6] = [".", "api", "sdk/go", "pkg/errors", "internal/tools", "cmd/server"];

pub(super) fn generate(random: &mut Random) -> App {
    let mut app = App::default();
    let folders: Vec<&str> =
        MODULES.iter().copied().filter(|folder| *folder == "." || random.once_in(2)).collect();
    for folder in &folders {
        module(random, &mut app, folder, &folders);
    }
    if folders.len() > 1 && random.once_in(2) {
        workspace(random, &mut app, &folders);
    }
    if random.once_in(6) {
        app.put("vendor/modules.txt", "# golang.org/x/text v0.14.0\n");
    }
    app.installs("golang:1.22", random.pick(&["go mod download", "go mod download -x"]));
    if random.once_in(4) {
        let folder = folders[random.below(folders.len())];
        app.install.workdir = Some(folder.to_owned()).filter(|folder| folder != ".");
    }
    if random.once_in(12) {
        app.install.env.insert("GOWORK".to_owned(), "off".to_owned());
    }
    app.put("main.go", "package main\n");
    app.finish(random)
}

fn module(random: &mut Random, app: &mut App, folder: &str, folders: &[&str]) {
    let name = |folder: &str| in_folder("example.com/shop", folder).trim_end_matches("/.").to_owned();
    let mut text = format!("module {}\n\ngo 1.21\n", name(folder));
    let mut sums = String::new();
    for (path, version) in [("golang.org/x/text", "v0.14.0"), ("github.com/pkg/errors", "v0.9.1")] {
        if random.once_in(2) {
            let _ = write!(text, "\nrequire {path} {version}\n");
            let _ =
                write!(sums, "{path} {version} h1:{0}=\n{path} {version}/go.mod h1:{0}=\n", "a".repeat(43));
        }
    }
    let mut lines = Vec::new();
    for other in folders.iter().filter(|other| **other != folder && **other != ".") {
        match random.below(4) {
            0 => {
                let _ = write!(text, "\nrequire {} v0.0.0\n", name(other));
                let path = format!(
                    "{}{other}",
                    if folder == "." { "./".to_owned() } else { "../".repeat(folder.split('/').count()) }
                );
                let version = random.pick(&["", " v0.0.0"]);
                lines.push(format!("{}{version} => {path}{}", name(other), random.pick(&["", "/"])));
            }
            1 => lines.push(format!("// {} => ./nowhere", name(other))),
            _ => {}
        }
    }
    if lines.len() > 1 || random.once_in(3) && !lines.is_empty() {
        let _ = write!(text, "\nreplace (\n\t{}\n)\n", lines.join("\n\t"));
    } else if let [line] = lines.as_slice() {
        let comment = line.starts_with("//");
        text.push_str(&if comment {
            format!("\n// replace {line}\n")
        } else {
            format!("\nreplace {line} // ours\n")
        });
    }
    app.put(in_folder(folder, "go.mod"), text);
    if !sums.is_empty() || random.once_in(3) {
        app.put(in_folder(folder, "go.sum"), sums);
    }
    app.put(in_folder(folder, "x.go"), "package x\n");
}

fn workspace(random: &mut Random, app: &mut App, folders: &[&str]) {
    let mut text = "go 1.21\n".to_owned();
    let uses: Vec<&str> =
        folders.iter().copied().filter(|folder| *folder == "." || !random.once_in(4)).collect();
    if random.once_in(2) {
        let lines: Vec<String> = uses.iter().map(|folder| format!("\t./{folder}\n")).collect();
        let _ = write!(text, "\nuse (\n{}\t// ./old\n)\n", lines.concat());
    } else {
        for folder in uses {
            let _ = write!(text, "\nuse ./{folder}\n");
        }
    }
    app.put("go.work", text);
    if random.once_in(2) {
        app.put("go.work.sum", "");
    }
}

pub(super) fn reads(app: &App) -> BTreeSet<String> {
    let start = app.install.workdir.clone().unwrap_or_else(|| ".".to_owned());
    let mut above = vec![start];
    while let Some(folder) = above.last().filter(|folder| *folder != ".").cloned() {
        above.push(folder.rsplit_once('/').map_or(".", |(parent, _)| parent).to_owned());
    }
    let nearest = |name: &str| above.iter().find(|folder| app.text(&in_folder(folder, name)).is_some());
    let is_on = app.install.env.get("GOWORK").is_none_or(|value| value != "off");
    let mut walk = Walk::of(app);
    let mains: Vec<String> = match nearest("go.work").filter(|_| is_on) {
        Some(folder) => {
            let uses = directives(walk.read_in(folder, "go.work").unwrap_or_default(), "use");
            walk.read_in(folder, "go.work.sum");
            uses.iter().filter_map(|used| joined(folder, used)).collect()
        }
        None => nearest("go.mod").into_iter().cloned().collect(),
    };
    // Which toolchain is wanted stands in the nearest go.mod, too.
    nearest("go.mod").and_then(|folder| walk.read_in(folder, "go.mod"));
    for main in mains {
        let replaced = directives(walk.read_in(&main, "go.mod").unwrap_or_default(), "replace");
        walk.read_in(&main, "go.sum");
        for line in replaced {
            let target = line.split("=>").nth(1).unwrap_or_default().trim();
            if target.starts_with('.') {
                walk.read_in(&main, &format!("{target}/go.mod"));
            }
        }
    }
    walk.reads
}

/// The lines of a directive, alone or in a block, without comments.
fn directives(text: &str, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in text.lines().map(|line| line.split("//").next().unwrap_or(line).trim()) {
        if inside && line == ")" {
            inside = false;
        } else if inside {
            found.push(line.to_owned());
        } else if let Some(rest) = line.strip_prefix(name).map(str::trim) {
            inside = rest == "(";
            found.extend((!inside).then(|| rest.to_owned()));
        }
    }
    found.retain(|line| !line.is_empty());
    found
}
