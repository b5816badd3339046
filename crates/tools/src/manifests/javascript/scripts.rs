//! Life-cycle scripts of package.json: is it known what a script reads and writes? Shared by the managers that run them.
//!
//! A script is understood only if each of its commands is in the data; one that is not may read any file.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::super::paths::{above, join};
use super::super::sources::Sources;
use super::super::{Look, Unclear};
use super::package::Package;
use super::prisma::{self, Missing};
use super::program;

/// What is known about scripts; from `data/manifests/javascript.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::manifests) struct Data {
    /// Packages whose install scripts are known to read and write nothing of the project, by what the scripts do.
    pub(in crate::manifests) install_scripts: std::collections::BTreeMap<Class, BTreeSet<String>>,
    /// Environment variables that name files for one of these scripts.
    pub(in crate::manifests) script_variables: BTreeSet<String>,
    script: Vec<Known>,
    pub(in crate::manifests) prisma: Prisma,
}

/// What is known about Prisma.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::manifests) struct Prisma {
    /// Names of a configuration, without their endings.
    pub(in crate::manifests) configurations: Vec<String>,
    pub(in crate::manifests) endings: Vec<String>,
    /// Generators that read nothing but the schema.
    pub(in crate::manifests) generators: BTreeSet<String>,
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
    /// Generates the client of Prisma from the schema of the folder in which the manager was called.
    Schema,
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

/// Notes what a script reads. `event` is its name in package.json, which lies in `dir`; `manager` is who runs it.
pub(in crate::manifests) fn judge(
    sources: &mut Sources<'_>,
    dir: &str,
    manager: &str,
    event: &str,
    script: &str,
) -> Result<(), Unclear> {
    Judge { sources, dir, manager, event, within: vec![] }.called(script)
}

/// Scripts that call each other at most.
const DEEPEST: usize = 8;

struct Judge<'s, 'a> {
    sources: &'s mut Sources<'a>,
    dir: &'s str,
    manager: &'s str,
    event: &'s str,
    /// The script that is looked at, and before it those that called it.
    within: Vec<String>,
}

impl Judge<'_, '_> {
    fn script(&mut self, script: &str) -> Result<(), Unclear> {
        for command in commands(script).ok_or_else(|| self.anything(script))? {
            let words = own_words(&command);
            if words.is_empty() {
                continue;
            }
            let known = DATA.script.iter().find(|known| known.matches(words));
            match (words[0].as_str(), known) {
                ("node", None) => self.program(&words[1..], script)?,
                ("prisma", None) if words.get(1).is_some_and(|word| word == "generate") => {
                    prisma::generate(self.sources, self.dir, &words[2..], Missing::Fails)?;
                }
                (_, Some(known)) => self.known(known, &command)?,
                (_, None) => match self.named(words)? {
                    Some(called) => called.iter().try_for_each(|script| self.called(script))?,
                    None => return Err(self.anything(script)),
                },
            }
        }
        Ok(())
    }

    fn anything(&self, script: &str) -> Unclear {
        let first = self.within.first().filter(|first| *first != script);
        let runs = match first {
            Some(first) => format!("`{}`, which runs `{}`", shown(first), shown(script)),
            None => format!("`{}`", shown(script)),
        };
        let reason = format!("`{}` runs {runs}, which may read any file of the project", self.event);
        Unclear::at(&join(self.dir, "package.json"), reason)
    }

    fn known(&mut self, known: &Known, command: &[String]) -> Result<(), Unclear> {
        for file in &known.matters {
            acts_on(self.sources, &join(self.dir, file), self.event, command)?;
        }
        for file in &known.ancestors {
            for folder in above(self.dir) {
                // Only what the project puts there: an image without it stays without it.
                if self.sources.project.look(&join(folder, file)) != Look::Unknown {
                    acts_on(self.sources, &join(folder, file), self.event, command)?;
                }
            }
        }
        for file in &known.files {
            self.sources.ambient_unread(&join(self.dir, file));
        }
        for tree in &known.trees {
            self.sources.tree(&join(self.dir, tree))?;
        }
        Ok(())
    }

    /// A program that node runs, and the command lines that it runs in turn.
    fn program(&mut self, words: &[String], script: &str) -> Result<(), Unclear> {
        let started = program::started(words).ok_or_else(|| self.anything(script))?;
        let commands = program::judge(self.sources, self.dir, &started).map_err(|unclear| Unclear {
            reason: format!("`{}` runs `{}`, and {}", self.event, shown(script), unclear.reason),
            ..unclear
        })?;
        commands.iter().try_for_each(|command| self.called(command))
    }

    /// The scripts of package.json that a call of the manager names, in the order in which they run.
    fn named(&mut self, words: &[String]) -> Result<Option<Vec<String>>, Unclear> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let name = match words.as_slice() {
            [manager, "run" | "run-script", "-s" | "--silent", name]
            | [manager, "run" | "run-script", name]
                if *manager == "npm" || *manager == self.manager =>
            {
                *name
            }
            // These two take a script's name as a command, or else a program's.
            [manager @ ("yarn" | "pnpm"), name, ..] if *manager == self.manager && !name.starts_with('-') => {
                *name
            }
            _ => return Ok(None),
        };
        self.sources.ambient_unread(&join(self.dir, ".npmrc"));
        let manifest = join(self.dir, "package.json");
        let package = self.sources.needed(&manifest)?;
        let scripts = Package::parse(&package).and_then(|package| package.json.get("scripts").cloned());
        let text = |name: &str| scripts.as_ref()?.get(name)?.as_str().map(str::to_owned);
        Ok(match text(name) {
            Some(script) => Some(
                [text(&format!("pre{name}")), Some(script), text(&format!("post{name}"))]
                    .into_iter()
                    .flatten()
                    .collect(),
            ),
            // A program of a package, without arguments that would need quotes.
            None if words[0] != "npm" && words[1] == name => Some(vec![words[1..].join(" ")]),
            None => None,
        })
    }

    /// A script, or a command line that the one before runs.
    fn called(&mut self, script: &str) -> Result<(), Unclear> {
        if self.within.len() == DEEPEST || self.within.iter().any(|one| one == script) {
            return Err(self.anything(script));
        }
        self.within.push(script.to_owned());
        self.script(script)?;
        self.within.pop();
        Ok(())
    }
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
        judge(&mut sources, "/app", "npm", "postinstall", script).map_err(|unclear| unclear.reason)?;
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
            "npm run build",
            "npx tsx scripts/setup.ts",
            "node -r dotenv/config scripts/setup.js",
            "prisma migrate deploy",
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
            let reason = judged(script, &[("/app/package.json", "{}")]).unwrap_err();
            assert!(reason.starts_with("`postinstall` runs `"), "{script}: {reason}");
        }
    }

    #[test]
    fn programs_of_the_project() {
        let files = [
            ("/app/scripts/setup.js", "require('child_process').execSync('npm run patch');"),
            (
                "/app/package.json",
                r#"{"scripts": {"prepatch": "echo", "patch": "patch-package", "loop": "npm run loop"}}"#,
            ),
            ("/app/patches/a.patch", ""),
        ];
        let inputs = judged("node scripts/setup.js --quiet && echo", &files).unwrap();
        assert!(inputs.files.contains("/app/scripts/setup.js") && inputs.trees.contains("/app/patches"));
        let inputs = judged("node -e \"require('./scripts/setup')\"", &files).unwrap();
        assert!(inputs.trees.contains("/app/patches"));
        let reason = judged("npm run loop", &files).unwrap_err();
        assert_eq!(reason, "`postinstall` runs `npm run loop`, which may read any file of the project");
        let reason = judged("node scripts/other.js", &files).unwrap_err();
        assert_eq!(
            reason,
            "`postinstall` runs `node scripts/other.js`, and `/app/scripts/other.js` is no program of the project"
        );
    }

    #[test]
    fn managers_as_names_of_programs() {
        let project = Memory::new(&[("/app/package.json", r#"{"scripts": {"lint": "eslint ."}}"#)]);
        let judged = |manager, script| {
            judge(&mut Sources::new(&project), "/app", manager, "postinstall", script)
                .map_err(|unclear| unclear.reason)
        };
        assert_eq!(judged("yarn", "yarn patch-package"), Ok(()));
        assert_eq!(
            judged("pnpm", "pnpm run lint").unwrap_err(),
            "`postinstall` runs `pnpm run lint`, which runs `eslint .`, which may read any file of the project"
        );
        assert_eq!(
            judged("npm", "yarn patch-package").unwrap_err(),
            "`postinstall` runs `yarn patch-package`, which may read any file of the project"
        );
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
