//! Modules of Maven. The walk follows Maven's "POM Reference" ("Aggregation", "Inheritance") and "Configuring Apache Maven": the
//! POM that is named, those of its modules and of theirs, each parent that `relativePath` names, `../pom.xml` where it names
//! none, and what lies in `.mvn`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{App, Walk, joined};
use crate::generate::Random;

/// Modules by folder, an aggregator before its own.
const MODULES: [&str; 6] = ["core", "web", "services", "services/orders", "services/billing", "tools/import"];

pub(super) fn generate(random: &mut Random) -> App {
    let mut app = App::default();
    let root = random.pick(&[".", ".", "backend"]);
    let modules: Vec<&str> = MODULES.iter().copied().filter(|_| !random.once_in(3)).collect();
    let aggregates = modules.contains(&"services");
    let of_root: Vec<&str> =
        modules.iter().copied().filter(|one| !aggregates || !one.starts_with("services/")).collect();
    let of_services: Vec<&str> = modules.iter().filter_map(|one| one.strip_prefix("services/")).collect();
    let parent = random.once_in(6).then_some("build/parent.xml");
    if let Some(path) = parent {
        app.put(at(root, path), pom(random, "company", None, &[]));
    }
    let own = parent.map(|path| Parent { name: "company", relative: Some(path.to_owned()) });
    app.put(at(root, "pom.xml"), pom(random, "shop", own, &of_root));
    for folder in modules {
        let depth = folder.split('/').count();
        let (name, up) =
            if folder.starts_with("services/") && aggregates { ("services", 1) } else { ("shop", depth) };
        let relative = match random.below(4) {
            // The default is one folder up.
            0 | 1 if up == 1 => None,
            0 => Some(format!("{}pom.xml", "../".repeat(up))),
            1 => Some("../".repeat(up).trim_end_matches('/').to_owned()),
            _ if up > 1 => Some(format!("{}pom.xml", "../".repeat(up))),
            _ => None,
        };
        let below = if folder == "services" { &of_services[..] } else { &[] };
        let own = Some(Parent { name, relative });
        app.put(
            at(root, &format!("{folder}/pom.xml")),
            pom(random, folder.rsplit('/').next().unwrap_or(folder), own, below),
        );
        app.put(at(root, &format!("{folder}/src/main/java/App.java")), "class App {}\n");
    }
    if random.once_in(3) {
        app.put(at(root, ".mvn/maven.config"), "-B\n");
    }
    if random.once_in(4) {
        app.put(at(root, ".mvn/jvm.config"), "-Xmx512m\n");
    }
    let mut command = random
        .pick(&[
            "mvn dependency:go-offline",
            "mvn -B dependency:go-offline",
            "mvn --batch-mode dependency:resolve",
        ])
        .to_owned();
    if random.once_in(6) {
        app.put("settings.xml", "<settings/>\n");
        command = command.replacen("mvn", "mvn -s settings.xml", 1);
    }
    if root != "." {
        command = command.replacen("mvn", &format!("mvn -f {root}/pom.xml"), 1);
    }
    app.installs("maven:3.9", &command);
    app.finish(random)
}

struct Parent<'a> {
    name: &'a str,
    relative: Option<String>,
}

fn at(root: &str, path: &str) -> String {
    joined(root, path).expect("it is below the root")
}

fn pom(random: &mut Random, name: &str, parent: Option<Parent<'_>>, modules: &[&str]) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n  <modelVersion>4.0.0</modelVersion>\n".to_owned();
    if let Some(parent) = parent {
        let _ = write!(
            text,
            "  <parent>\n    <groupId>com.example</groupId>\n    <artifactId>{}</artifactId>\n    <version>1.0</version>\n",
            parent.name
        );
        if let Some(path) = parent.relative {
            let _ = writeln!(text, "    <relativePath>{path}</relativePath>");
        }
        text.push_str("  </parent>\n");
    }
    let _ = write!(
        text,
        "  <groupId>com.example</groupId>\n  <artifactId>{name}</artifactId>\n  <version>1.0</version>\n"
    );
    if !modules.is_empty() || name == "company" {
        text.push_str("  <packaging>pom</packaging>\n");
    }
    if !modules.is_empty() {
        text.push_str("  <modules>\n");
        for module in modules {
            let written = match random.below(4) {
                0 => format!("{module}/pom.xml"),
                1 => format!("\n      {module}\n    "),
                _ => (*module).to_owned(),
            };
            let _ = writeln!(text, "    <module>{written}</module>");
        }
        text.push_str("    <!-- <module>old</module> -->\n  </modules>\n");
    }
    if random.once_in(3) {
        text.push_str("  <dependencies>\n    <dependency>\n      <groupId>org.slf4j</groupId>\n      <artifactId>slf4j-api</artifactId>\n      <version>2.0.9</version>\n    </dependency>\n  </dependencies>\n");
    }
    text.push_str("</project>\n");
    text
}

pub(super) fn reads(app: &App) -> BTreeSet<String> {
    let mut walk = Walk::of(app);
    let words: Vec<&str> = app.install.command.split(' ').collect();
    let value =
        |flag: &str| words.iter().position(|word| *word == flag).and_then(|at| words.get(at + 1).copied());
    if let Some(settings) = value("-s") {
        walk.read(settings);
    }
    let start = value("-f").unwrap_or("pom.xml");
    let root = start.rsplit_once('/').map_or(".", |(folder, _)| folder);
    walk.read_folder(root, ".mvn");
    let mut waiting = vec![start.to_owned()];
    while let Some(path) = waiting.pop() {
        if walk.reads.contains(&path) {
            continue;
        }
        let Some(text) = walk.read(&path) else { continue };
        let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        let text = without_comments(text);
        if text.contains("<parent>") {
            let named = elements(&text, "relativePath");
            waiting.extend(pom_at(app, folder, named.first().map_or("../pom.xml", String::as_str)));
        }
        waiting.extend(elements(&text, "module").iter().filter_map(|module| pom_at(app, folder, module)));
    }
    walk.reads
}

/// A POM that is named by its file or its folder.
fn pom_at(app: &App, folder: &str, named: &str) -> Option<String> {
    let path = joined(folder, named)?;
    if app.text(&path).is_some() { Some(path) } else { joined(&path, "pom.xml") }
}

fn elements(text: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    text.split(&open).skip(1).filter_map(|rest| Some(rest.split_once(&close)?.0.trim().to_owned())).collect()
}

fn without_comments(text: &str) -> String {
    let mut parts = text.split("<!--");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, rest| text + rest.split_once("-->").map_or("", |(_, after)| after))
}
