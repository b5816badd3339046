//! A small project in memory, for the tests of the readers.

use std::collections::BTreeMap;

use super::{Answer, Call, Inputs, Look, Project};

/// Files by path; directories follow from them. Below a path in `unknown`, what is not listed is not known.
#[derive(Debug, Default)]
pub(super) struct Memory {
    files: BTreeMap<String, String>,
    unknown: Vec<String>,
}

impl Memory {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(p, t)| ((*p).into(), (*t).into())).collect(), unknown: vec![] }
    }

    pub(super) fn unknown_below(mut self, path: &str) -> Self {
        self.unknown.push(path.to_owned());
        self
    }
}

impl Project for Memory {
    fn look(&self, path: &str) -> Look {
        if self.files.contains_key(path) {
            return Look::File;
        }
        let below = format!("{}/", path.trim_end_matches('/'));
        if self.files.keys().any(|file| file.starts_with(&below)) {
            return Look::Directory;
        }
        if self.unknown.iter().any(|dir| super::paths::within(path, dir)) {
            Look::Unknown
        } else {
            Look::Absent
        }
    }

    fn read(&self, path: &str) -> Option<String> {
        self.files.get(path).filter(|text| !text.starts_with("\u{0}binary")).cloned()
    }

    fn list(&self, dir: &str) -> Option<Vec<String>> {
        if self.unknown.iter().any(|unknown| super::paths::within(dir, unknown)) {
            return None;
        }
        let below = format!("{}/", dir.trim_end_matches('/'));
        let mut names: Vec<String> = self
            .files
            .keys()
            .filter_map(|file| file.strip_prefix(&below)?.split('/').next().map(str::to_owned))
            .collect();
        names.dedup();
        Some(names)
    }
}

/// A call, built up from a command line whose flags with values are written `-r=requirements.txt`.
pub(super) struct Line {
    pub(super) reader: &'static str,
    pub(super) command: &'static str,
    pub(super) words: &'static str,
    pub(super) cwd: &'static str,
    pub(super) env: &'static [(&'static str, Option<&'static str>)],
    pub(super) version: Option<u32>,
}

impl Line {
    pub(super) fn new(reader: &'static str, words: &'static str) -> Self {
        Self { reader, command: reader, words, cwd: "/app", env: &[], version: None }
    }

    pub(super) fn ask(&self, project: &Memory) -> Answer {
        let mut words = self.words.split_whitespace();
        let action = words.next().expect("an action");
        let (mut flags, mut operands) = (vec![], vec![]);
        for word in words {
            match word.split_once('=') {
                Some((flag, value)) if word.starts_with('-') => {
                    flags.push((flag.to_owned(), Some(value.to_owned())));
                }
                _ if word.starts_with('-') => flags.push((word.to_owned(), None)),
                _ => operands.push(word.to_owned()),
            }
        }
        let env: BTreeMap<String, Option<String>> =
            self.env.iter().map(|(k, v)| ((*k).to_owned(), v.map(str::to_owned))).collect();
        let call = Call {
            action,
            flags: &flags,
            operands: &operands,
            complete: true,
            cwd: self.cwd,
            env: &env,
            command: self.command,
            tool_version: self.version,
        };
        super::reader(self.reader, &call, project).expect("a known reader")
    }

    pub(super) fn reads(&self, project: &Memory) -> Inputs {
        match self.ask(project) {
            Answer::Reads(inputs) => inputs,
            Answer::Unclear { reason, .. } => panic!("{}: unclear: {reason}", self.words),
        }
    }

    pub(super) fn unclear(&self, project: &Memory) -> String {
        match self.ask(project) {
            Answer::Reads(inputs) => panic!("{}: {inputs:?}", self.words),
            Answer::Unclear { reason, path } => format!("{reason} [{}]", path.unwrap_or_default()),
        }
    }
}
