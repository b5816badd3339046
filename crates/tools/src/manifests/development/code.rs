//! Whether code of a project names packages that only development needs. It reads words and strings, and not a language: what it finds
//! may be no import, but an import is found.

use std::collections::BTreeSet;

use super::Needs;
use crate::manifests::paths::{join, parent};
use crate::manifests::{Look, Project};

/// More files than these are not looked at.
const MOST_FILES: usize = 400;

/// How code of a project imports, by the reader of its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imports {
    /// By strings, of which some are paths.
    Strings,
    /// By names of modules.
    Modules,
    /// By what the manager of packages wrote.
    Nothing,
}

/// How code imports in a project with such a manifest.
pub fn imports(reader: &str) -> Imports {
    match reader {
        "package.json" => Imports::Strings,
        "poetry" | "pyproject.toml" => Imports::Modules,
        _ => Imports::Nothing,
    }
}

/// The files in which a program that is started in a folder is configured by code.
pub fn configuration(needs: &Needs, program: &str, dir: &str, project: &dyn Project) -> Result<(), String> {
    let files = ["js", "mjs", "cjs", "ts"].map(|ending| join(dir, &format!("{program}.config.{ending}")));
    files.iter().try_for_each(|file| reached(needs, file, project))
}

/// The code that a file reaches by strings.
pub fn reached(needs: &Needs, file: &str, project: &dyn Project) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<String> = found(file, project).into_iter().collect();
    while let Some(file) = open.pop() {
        if !seen.insert(file.clone()) {
            continue;
        }
        if seen.len() > MOST_FILES {
            return Err(format!("`{file}` and others are too many to look at"));
        }
        let Some(text) = project.read(&file) else { return Err(format!("`{file}` cannot be read")) };
        for string in strings(&text) {
            if string.starts_with("./") || string.starts_with("../") {
                open.extend(found(&join(parent(&file), string), project));
            } else if let Some(package) = needs.names_development(string) {
                return Err(format!("`{file}` names `{package}`, which only development needs"));
            }
        }
    }
    Ok(())
}

/// The file that a path without its ending means.
fn found(path: &str, project: &dyn Project) -> Option<String> {
    let own = project.read(&join(path, "package.json")).and_then(|text| {
        let json: serde_json::Value = serde_json::from_str(&text).ok()?;
        Some(join(path, json.get("main")?.as_str()?))
    });
    let path = own.as_deref().unwrap_or(path);
    let endings = [
        "",
        ".js",
        ".mjs",
        ".cjs",
        ".ts",
        ".tsx",
        ".jsx",
        "/index.js",
        "/index.mjs",
        "/index.cjs",
        "/index.ts",
    ];
    let mut paths = endings.iter().map(|ending| format!("{path}{ending}"));
    paths.find(|path| project.look(path) == Look::File)
}

/// What stands in quotes on one line.
fn strings(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut rest = line;
        while let Some(start) = rest.find(['\'', '"', '`']) {
            let quote = rest[start..].chars().next().unwrap_or('"');
            let inner = &rest[start + 1..];
            let Some(end) = inner.find(quote) else { break };
            found.push(&inner[..end]);
            // An apostrophe in a comment may have been the first quote.
            rest = inner;
        }
    }
    found
}

/// All code of the project but that of its tests, of which these are all files.
pub fn modules(needs: &Needs, files: &[&str], project: &dyn Project) -> Result<(), String> {
    let is_test = |part: &str| {
        matches!(part, "test" | "tests" | "conftest.py")
            || part.starts_with("test_")
            || part.ends_with("_test.py")
    };
    let code = files.iter().filter(|file| {
        file.rsplit_once('.').is_some_and(|(_, ending)| ending == "py") && !file.split('/').any(is_test)
    });
    let mut seen = 0;
    for file in code {
        seen += 1;
        if seen > MOST_FILES {
            return Err(format!("`{file}` and others are too many to look at"));
        }
        let Some(text) = project.read(file) else { return Err(format!("`{file}` cannot be read")) };
        if let Some(package) = text.lines().filter_map(imported).find_map(|module| brings(needs, module)) {
            return Err(format!("`{file}` imports from `{package}`, which only development needs"));
        }
    }
    if seen == 0 {
        Err("it is not known which code of the project is in the image".to_owned())
    } else {
        Ok(())
    }
}

/// The module that a line imports, by its first part.
fn imported(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let rest = line.strip_prefix("import ").or_else(|| line.strip_prefix("from "))?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().filter(|module| !module.is_empty())
}

/// The package of development that a module may be part of: it has its name, or that is a part of its own.
fn brings<'n>(needs: &'n Needs, module: &str) -> Option<&'n str> {
    let module = module.to_lowercase().replace('_', "-");
    let is_part = |package: &&String| {
        let around = format!("-{package}-");
        around.contains(&format!("-{module}-"))
    };
    if needs.runtime.iter().any(|package| *package == module) {
        return None;
    }
    needs.development.iter().find(is_part).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::Memory;
    use super::*;

    fn needs(development: &[&str]) -> Needs {
        let development = development.iter().map(|name| (*name).to_owned()).collect();
        Needs { development, ..Needs::default() }
    }

    #[test]
    fn imports_are_followed() {
        let project = Memory::new(&[
            (
                "/app/server.js",
                "const app = require('./src/app')\n// it doesn't do more\nimport x from \"./src/log.mjs\"\n",
            ),
            ("/app/src/app.js", "module.exports = require('express')()\n"),
            ("/app/src/log.mjs", "// don't\nimport pretty from 'pino-pretty/lib'\n"),
            ("/app/test/a.js", "require('jest')\n"),
        ]);
        let reached = |packages: &[&str]| reached(&needs(packages), "/app/server", &project);
        assert_eq!(reached(&["jest", "nodemon"]), Ok(()));
        let why = reached(&["pino-pretty"]).unwrap_err();
        assert_eq!(why, "`/app/src/log.mjs` names `pino-pretty`, which only development needs");
    }

    #[test]
    fn modules_of_packages() {
        let project = Memory::new(&[
            ("/app/shop/settings.py", "import os\n    from debug_toolbar import x\n"),
            ("/app/tests/test_shop.py", "import pytest\n"),
        ]);
        let files = ["/app/shop/settings.py", "/app/tests/test_shop.py"];
        let reached = |packages: &[&str]| modules(&needs(packages), &files, &project);
        assert_eq!(reached(&["pytest", "pytest-cov", "ruff"]), Ok(()));
        assert!(reached(&["django-debug-toolbar"]).is_err());
    }
}
