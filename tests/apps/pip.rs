//! Nests of requirement files. The walk follows pip's documentation, "Requirements File Format": `-r` and `-c` are relative to
//! the file that has them, `--find-links` to that file where it exists there, packages of the project to the working directory.

use std::collections::BTreeSet;

use super::{App, Walk, joined};
use crate::generate::Random;

const PLACES: [&str; 8] = [
    "requirements.txt",
    "requirements/base.txt",
    "requirements/web.txt",
    "requirements/production.txt",
    "constraints.txt",
    "requirements/constraints/linux.txt",
    "deploy/extra.in",
    "requirements-dev.txt",
];

pub(super) fn generate(random: &mut Random) -> App {
    let mut app = App::default();
    let places: Vec<&str> = PLACES.iter().copied().filter(|_| !random.once_in(3)).collect();
    let places = if places.is_empty() { vec![PLACES[0]] } else { places };
    for (at, place) in places.iter().enumerate() {
        let mut lines = Vec::new();
        for _ in 0..=random.below(4) {
            lines.push(line(random, &mut app, place, &places[at + 1..]));
        }
        if random.once_in(30) {
            lines.push(String::new());
        }
        app.put(*place, format!("{}\n", lines.join(if random.once_in(20) { "\r\n" } else { "\n" })));
    }
    let mut command = "pip install".to_owned();
    if random.once_in(3) {
        command.push_str(" --no-cache-dir");
    }
    let first = places[0];
    command.push_str(&match random.below(4) {
        0 => format!(" --requirement {first}"),
        1 => format!(" -r ./{first}"),
        2 => format!(" --requirement={first}"),
        _ => format!(" -r {first}"),
    });
    if let Some(other) = places.get(1).filter(|_| random.once_in(4)) {
        command.push_str(&format!(" -r {other}"));
    }
    if let Some(other) = places.last().filter(|_| random.once_in(5)) {
        command.push_str(&format!(" -c {other}"));
    }
    app.installs("python:3.11", &command);
    app.put("src/app.py", "import flask\n");
    app.finish(random)
}

/// A line of the file at `place`; it may name one of `others`, which come later, so that nothing names itself.
fn line(random: &mut Random, app: &mut App, place: &str, others: &[&str]) -> String {
    let folder = place.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let nested = (!others.is_empty()).then(|| relative(folder, random.pick(others)));
    let package = random.pick(&["flask", "gunicorn", "itsdangerous", "Jinja2", "psycopg[binary]"]);
    match (random.below(16), nested) {
        (0, Some(other)) => format!("-r {other}"),
        (1, Some(other)) => format!("-r{other}"),
        (2, Some(other)) => format!("--requirement {other}"),
        (3, Some(other)) => format!("--requirement={other}  # the rest"),
        (4, Some(other)) => format!("-c {other}"),
        (5, Some(other)) => format!("--constraint={other}"),
        (6, _) => "# -r no-such-file.txt".to_owned(),
        (7, Some(other)) => format!("-r \\\n    {other}"),
        (8, _) => {
            app.put("wheels/own-1.0-py3-none-any.whl", "PK");
            let wheels = relative(folder, "wheels");
            format!(
                "{}\nown==1.0",
                random
                    .pick(&["-f wheels", "--find-links=./wheels"])
                    .replace("wheels", if random.once_in(2) { "wheels" } else { &wheels })
            )
        }
        (9, _) => {
            app.put("vendor/tool-2.0-py3-none-any.whl", "PK");
            "./vendor/tool-2.0-py3-none-any.whl".to_owned()
        }
        (10, _) if random.once_in(3) => {
            app.put("libs/shared/pyproject.toml", "[project]\nname = \"shared\"\nversion = \"1\"\n");
            app.put("libs/shared/shared.py", "");
            random.pick(&["-e ./libs/shared", "./libs/shared", "shared @ file:///app/libs/shared"]).to_owned()
        }
        (11, _) => format!("{package}==1.2.3 \\\n    --hash=sha256:{}", "ab".repeat(32)),
        (12, _) => format!("{package}>=2 ; python_version < \"3.13\"  # pinned later"),
        (13, _) if random.once_in(4) => "-r ${EXTRA}.txt".to_owned(),
        _ => format!("{package}~=2.0"),
    }
}

/// `path` as seen from a folder.
fn relative(folder: &str, path: &str) -> String {
    if folder == "." {
        return path.to_owned();
    }
    if let Some(rest) = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')) {
        return rest.to_owned();
    }
    format!("{}{path}", "../".repeat(folder.split('/').count()))
}

pub(super) fn reads(app: &App) -> BTreeSet<String> {
    let mut walk = Walk::of(app);
    let words: Vec<&str> = app.install.command.split(' ').collect();
    for (at, word) in words.iter().enumerate() {
        let value = match *word {
            "-r" | "--requirement" | "-c" => words.get(at + 1).copied(),
            word => word.strip_prefix("--requirement="),
        };
        if let Some(file) = value {
            requirements(&mut walk, ".", file);
        }
    }
    walk.reads
}

fn requirements(walk: &mut Walk<'_>, folder: &str, file: &str) {
    let Some(path) = joined(folder, file).filter(|path| !walk.reads.contains(path)) else { return };
    let Some(text) = walk.read(&path) else { return };
    let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let text = text.replace("\r\n", "\n").replace("\\\n", " ");
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let line = line.split(" #").next().unwrap_or(line).trim();
        let value = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| line.strip_prefix(name))
                .map(|rest| rest.trim_start_matches(['=', ' ']))
        };
        if let Some(file) = value(&["--requirement", "-r"]).or_else(|| value(&["--constraint", "-c"])) {
            requirements(walk, folder, file);
        } else if let Some(links) = value(&["--find-links", "-f"]) {
            let before = walk.reads.len();
            walk.read_folder(folder, links);
            if walk.reads.len() == before {
                walk.read_folder(".", links);
            }
        } else {
            let local = value(&["--editable", "-e"]).unwrap_or(line);
            let local = local.split(" @ file:///app/").last().unwrap_or(local);
            if walk.read_in(".", local).is_none() {
                walk.read_folder(".", local);
            }
        }
    }
}
