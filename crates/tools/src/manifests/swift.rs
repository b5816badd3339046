//! What `swift package resolve` reads and writes of the project. Runs nothing and resolves no version.
//!
//! Package.swift is a program. It can read files only by a module that it imports, or ask for the state of git; one that does neither says all that a resolution looks at, and
//! Vapor's template for Docker rests on that. The text is searched for what it may not have, not understood. It was not possible to run it.

use std::collections::BTreeSet;

use super::paths::{above, join};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear};

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    let mut swift = Swift { sources: Sources::new(project), seen: BTreeSet::new() };
    match call.env.get("XDG_CACHE_HOME") {
        Some(None) => return Err(Unclear::new("the value of `XDG_CACHE_HOME` is only known when it runs")),
        Some(Some(folder)) if !folder.is_empty() => {
            swift.sources.inputs.write_trees.insert(join(folder, "org.swift.swiftpm"));
        }
        _ => {}
    }
    let root = swift.root(call)?;
    swift.package(&root)?;
    for name in ["mirrors.json", "registries.json"] {
        swift.sources.ambient_unread(&join(&root, &format!(".swiftpm/configuration/{name}")));
    }
    swift.sources.inputs.write_trees.insert(join(&root, ".build"));
    let pins = join(&root, "Package.resolved");
    // The three names are of one option.
    let forced = [
        "--force-resolved-versions",
        "--disable-automatic-resolution",
        "--only-use-versions-from-resolved-file",
    ];
    if call.flags.iter().any(|(name, _)| forced.contains(&name.as_str())) {
        swift.sources.needed_unread(&pins)?;
    } else {
        swift.sources.ambient_unread(&pins);
        swift.sources.inputs.writes.insert(pins);
        let remark =
            "without `--force-resolved-versions`, `swift package resolve` may rewrite Package.resolved";
        swift.sources.inputs.remarks.push(remark.to_owned());
    }
    Ok(swift.sources.inputs)
}

struct Swift<'a> {
    sources: Sources<'a>,
    /// Folders whose manifests were read.
    seen: BTreeSet<String>,
}

impl Swift<'_> {
    /// The folder of the nearest Package.swift.
    fn root(&mut self, call: &Call<'_>) -> Result<String, Unclear> {
        for folder in std::iter::once(call.cwd).chain(above(call.cwd)) {
            let path = join(folder, "Package.swift");
            match self.sources.project.look(&path) {
                Look::File => return Ok(folder.to_owned()),
                Look::Unknown => {
                    return Err(Unclear::at(&path, format!("it is not known what `{path}` holds")));
                }
                Look::Absent | Look::Directory => {
                    self.sources.inputs.probes.insert(path);
                }
            }
        }
        Err(Unclear::new(format!(
            "there is no Package.swift in `{}` or above (was already broken?)",
            call.cwd
        )))
    }

    /// A package, with the manifests that it has for other versions of the tools, and the packages in folders that it needs.
    fn package(&mut self, folder: &str) -> Result<(), Unclear> {
        if !self.seen.insert(folder.to_owned()) {
            return Ok(());
        }
        let names = self.sources.project.list(folder).unwrap_or_default();
        let versions = names.iter().filter(|name| name.starts_with("Package@swift-"));
        for name in std::iter::once("Package.swift").chain(versions.map(String::as_str)) {
            let path = join(folder, name);
            let text = self.sources.needed(&path)?;
            for below in
                local_packages(&text).map_err(|reason| Unclear::at(&path, format!("`{path}` {reason}")))?
            {
                self.package(&join(folder, below))?;
            }
        }
        Ok(())
    }
}

/// The folders of the packages that a manifest names. The error says what in it cannot be followed, as a clause without a subject.
fn local_packages(text: &str) -> Result<Vec<&str>, String> {
    for line in text.lines().map(str::trim) {
        let mut words = line.split_whitespace().skip_while(|word| *word != "import");
        if words.next().is_some() {
            let module = words.next().unwrap_or("something");
            if !["PackageDescription", "CompilerPluginSupport"].contains(&module) {
                return Err(format!("is a program that imports {module}, and so may read any file"));
            }
        }
    }
    for word in ["gitInformation", "#include", "@_silgen_name"] {
        if text.contains(word) {
            return Err(format!("uses `{word}`, which reaches beyond it"));
        }
    }
    let mut found = Vec::new();
    // A package in a folder, a target's folder and a binary one are all written with this label.
    for (at, label) in text.match_indices("path:") {
        match called(&text[..at]) {
            "target" | "executableTarget" | "testTarget" | "systemLibrary" | "plugin" | "macro" => {}
            "package" => found.push(literal(&text[at + label.len()..])?),
            _ => return Err("has a path that dockopt cannot tell the use of".to_owned()),
        }
    }
    for (at, label) in text.match_indices("url:") {
        let address = literal(&text[at + label.len()..])?;
        if !(address.contains("://") && !address.starts_with("file:") || address.starts_with("git@")) {
            return Err(format!("takes a package from `{address}`, which is no address of the network"));
        }
    }
    Ok(found)
}

/// The name of the function whose arguments a text ends in.
fn called(text: &str) -> &str {
    let mut closed = 0;
    let open = text.char_indices().rev().find(|(_, c)| {
        closed += match c {
            ')' => 1,
            '(' => -1,
            _ => 0,
        };
        closed < 0
    });
    let before = open.map_or("", |(at, _)| text[..at].trim_end());
    before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
}

/// A text in quotes at the start, without escapes and interpolation.
fn literal(text: &str) -> Result<&str, String> {
    let inside =
        text.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"')).map(|(inside, _)| inside);
    inside
        .filter(|inside| !inside.contains('\\'))
        .ok_or_else(|| "names a package by what is no plain text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Line, Memory};

    const APP: &str = "// swift-tools-version:5.9\nimport PackageDescription\n\nlet package = Package(\n    name: \"Shop\",\n    dependencies: [\n        .package(url: \"https://github.com/vapor/vapor.git\", from: \"4.92.0\"),\n        .package(path: \"../Models\"),\n    ],\n    targets: [\n        .executableTarget(name: \"App\", dependencies: [.product(name: \"Vapor\", package: \"vapor\")], path: \"Sources/App\"),\n    ]\n)\n";

    fn swift(words: &'static str) -> Line {
        Line::new("swift", words)
    }

    #[test]
    fn manifests_and_pins() {
        let project = Memory::new(&[
            ("/app/Package.swift", APP),
            ("/app/Package@swift-6.0.swift", "import PackageDescription\n"),
            ("/app/Package.resolved", "{}"),
            ("/app/Sources/App/main.swift", ""),
            (
                "/Models/Package.swift",
                "import PackageDescription\nlet package = Package(name: \"Models\", dependencies: [.package(name: \"Base\", path: \"Base\")])\n",
            ),
            ("/Models/Base/Package.swift", "import PackageDescription\n"),
        ]);
        let inputs = swift("resolve --force-resolved-versions").reads(&project);
        assert_eq!(
            inputs.files.iter().collect::<Vec<_>>(),
            [
                "/Models/Base/Package.swift",
                "/Models/Package.swift",
                "/app/Package.resolved",
                "/app/Package.swift",
                "/app/Package@swift-6.0.swift"
            ]
        );
        assert_eq!(inputs.write_trees.iter().collect::<Vec<_>>(), ["/app/.build"]);
        assert!(inputs.writes.is_empty());
        let inputs = swift("resolve").reads(&project);
        assert!(
            inputs.writes.contains("/app/Package.resolved")
                && inputs.remarks[0].contains("--force-resolved-versions")
        );
    }

    #[test]
    fn what_cannot_be_followed_is_said() {
        for (change, to, expected) in [
            (
                "import PackageDescription",
                "import PackageDescription\nimport Foundation",
                "imports Foundation",
            ),
            ("import PackageDescription", "@preconcurrency import Glibc", "imports Glibc"),
            ("name: \"Shop\"", "name: Context.gitInformation?.currentTag ?? \"Shop\"", "gitInformation"),
            ("\"../Models\"", "models", "no plain text"),
            ("\"../Models\"", "\"../\\(name)\"", "no plain text"),
            (".executableTarget", ".binaryTarget", "cannot tell the use of"),
            ("https://github.com/vapor/vapor.git", "../vapor", "no address of the network"),
            ("../Models", "../Absent", "`/Absent/Package.swift` is missing"),
        ] {
            let manifest = APP.replace(change, to);
            let project = Memory::new(&[
                ("/app/Package.swift", manifest.as_str()),
                ("/app/Package.resolved", "{}"),
                ("/Models/Package.swift", "import PackageDescription\n"),
            ]);
            let reason = swift("resolve --force-resolved-versions").unclear(&project);
            assert!(reason.contains(expected), "{expected}: {reason}");
        }
        let no_pins = Memory::new(&[("/app/Package.swift", "import PackageDescription\n")]);
        assert!(
            swift("resolve --force-resolved-versions")
                .unclear(&no_pins)
                .contains("Package.resolved` is missing")
        );
    }
}
