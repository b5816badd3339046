//! Life-cycle scripts of package.json: is it known what a script reads and writes? Shared by the managers that run them.
//!
//! A script is understood only if each of its commands is in the data; one that is not may read any file.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::super::paths::{above, join};
use super::super::sources::Sources;
use super::super::{Look, Unclear};

/// What is known about scripts; from `data/manifests/javascript.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::manifests) struct Data {
    /// Packages whose install scripts are known to read and write nothing of the project, by what the scripts do.
    pub(in crate::manifests) install_scripts: std::collections::BTreeMap<Class, BTreeSet<String>>,
    /// Environment variables that name files for one of these scripts.
    pub(in crate::manifests) script_variables: BTreeSet<String>,
    script: Vec<Known>,
}

/// What the install script of a package does.
#[derive(Debug, Clone, Copy, serde::Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub(in crate::manifests) enum Class {
    /// Compiles the package's own sources, or fetches what others compiled.
    Native,
    /// Fetches a program, or puts one in place that came with the package.
    Download,
    /// Prints something.
    Message,
    /// Rewrites files of the package itself.
    Own,
    /// Looks at the package.json of the folder in which npm was called, and may add to the `node_modules` beside it.
    Caller,
}

/// A command of a script.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    words: Vec<String>,
    #[serde(default)]
    rest: Rest,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    matters: Vec<String>,
    #[serde(default)]
    ancestors: Vec<String>,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    trees: Vec<String>,
    /// Where it was looked up. For the reader of the data file.
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Default, serde::Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Rest {
    #[default]
    Flags,
    Any,
}

pub(in crate::manifests) static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../data/manifests/javascript.toml"))
        .expect("javascript.toml is checked by a test")
});

/// Notes what a script reads. `event` is its name in package.json, which lies in `dir`.
pub(in crate::manifests) fn judge(
    sources: &mut Sources<'_>,
    dir: &str,
    event: &str,
    script: &str,
) -> Result<(), Unclear> {
    let manifest = join(dir, "package.json");
    let any = || {
        let reason = format!("`{event}` runs `{}`, which may read any file of the project", shown(script));
        Unclear::at(&manifest, reason)
    };
    for command in commands(script).ok_or_else(any)? {
        let words = own_words(&command);
        if words.is_empty() {
            continue;
        }
        let known = DATA.script.iter().find(|known| known.matches(words)).ok_or_else(any)?;
        for file in &known.matters {
            acts_on(sources, &join(dir, file), event, &command)?;
        }
        for file in &known.ancestors {
            for folder in above(dir) {
                // Only what the project puts there: an image without it stays without it.
                if sources.project.look(&join(folder, file)) != Look::Unknown {
                    acts_on(sources, &join(folder, file), event, &command)?;
                }
            }
        }
        for file in &known.files {
            sources.ambient_unread(&join(dir, file));
        }
        for tree in &known.trees {
            sources.tree(&join(dir, tree))?;
        }
    }
    Ok(())
}

fn acts_on(sources: &mut Sources<'_>, path: &str, event: &str, command: &[String]) -> Result<(), Unclear> {
    sources.absent(path, &format!("`{event}` runs `{}`, which acts on `{path}`", command.join(" ")))
}

impl Known {
    fn matches(&self, words: &[String]) -> bool {
        words
            .strip_prefix(self.words.as_slice())
            .is_some_and(|rest| self.rest == Rest::Any || rest.iter().all(|word| self.flags.contains(word)))
    }
}

/// The words without `npx` before them, and without the version that `npx` takes.
fn own_words(command: &[String]) -> &[String] {
    const FLAGS: [&str; 6] = ["--yes", "-y", "--no-install", "--no", "--", "--quiet"];
    match command.strip_prefix(&["npx".to_owned()]) {
        None => command,
        Some(rest) => {
            let flags = rest.iter().take_while(|word| FLAGS.contains(&word.as_str())).count();
            &rest[flags..]
        }
    }
}

/// The simple commands of a list joined by `&&`, `||` and `;`. `None` if there is anything else in it.
fn commands(script: &str) -> Option<Vec<Vec<String>>> {
    let (mut commands, mut words, mut word) = (Vec::new(), Vec::new(), None::<String>);
    let mut chars = script.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' | '|' if chars.next_if_eq(&c).is_some() => {
                words.extend(word.take());
                commands.push(std::mem::take(&mut words));
            }
            ';' => {
                words.extend(word.take());
                commands.push(std::mem::take(&mut words));
            }
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        end if end == c => break,
                        '$' | '`' | '\\' | '!' if c == '"' => return None,
                        inner => word.push(inner),
                    }
                }
            }
            ' ' | '\t' => words.extend(word.take()),
            c if c.is_alphanumeric() || "-_./:@%+,".contains(c) => word.get_or_insert_default().push(c),
            _ => return None,
        }
    }
    words.extend(word);
    commands.push(words);
    Some(commands)
}

fn shown(script: &str) -> String {
    let mut text: String = script.chars().take(60).collect();
    if text.len() < script.len() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::Memory;
    use super::*;
    use proptest::prelude::*;

    fn judged(script: &str, files: &[(&str, &str)]) -> Result<super::super::super::Inputs, String> {
        let project = Memory::new(files);
        let mut sources = Sources::new(&project);
        judge(&mut sources, "/app", "postinstall", script).map_err(|unclear| unclear.reason)?;
        Ok(sources.inputs)
    }

    #[test]
    fn known_scripts() {
        for script in [
            "",
            "exit 0",
            "echo 'done; really' && true",
            "husky",
            "husky install",
            "is-ci || husky install",
            "husky || true",
            "npx only-allow npm",
            "npx --yes only-allow npm",
            "patch-package",
            "npx patch-package --error-on-fail",
            "opencollective-postinstall || exit 0",
            "ngcc --properties es2015 browser module main --first-only",
        ] {
            assert!(judged(script, &[]).is_ok(), "{script}");
        }
        let patched = judged("patch-package", &[("/app/patches/a.patch", "")]).unwrap();
        assert!(patched.trees.contains("/app/patches"));
    }

    #[test]
    fn scripts_that_may_do_anything() {
        for script in [
            "node scripts/patch.js",
            "npm run build",
            "prisma generate",
            "nuxt prepare",
            "patch-package --patch-dir other",
            "echo $(cat secret)",
            "echo a > b",
            "husky & node x",
            "true | sh",
            "FOO=1 husky",
            "echo \"$HOME\"",
            "echo 'open",
            "is-ci || husky install && tsc",
            "ngcc --tsconfig x",
        ] {
            let reason = judged(script, &[]).unwrap_err();
            assert!(reason.starts_with("`postinstall` runs `"), "{script}: {reason}");
        }
    }

    #[test]
    fn husky_acts_on_the_repository() {
        for (file, told) in [
            ("/app/.git/config", "`/app/.git`"),
            ("/app/.husky/pre-commit", "`/app/.husky`"),
            ("/.git/config", "`/.git`"),
        ] {
            let reason = judged("husky install", &[(file, "")]).unwrap_err();
            assert!(reason.ends_with(&format!("which acts on {told}")), "{reason}");
        }
        assert!(judged("ngcc", &[("/app/tsconfig.json", "")]).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(script in ".*", tail in "[npx a&|;'\"$]{0,30}") {
            let _ = judged(&script, &[]);
            let _ = judged(&tail, &[]);
        }
    }
}
