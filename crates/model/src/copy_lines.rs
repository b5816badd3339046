//! COPY lines in the style of a COPY that is there: its flags, its form, its way to write the destination. It writes text;
//! which files are copied is decided in a pass.

use std::collections::BTreeMap;

use dockopt_syntax::{Copy, Form, Instruction, Tree};

use crate::delay::Delay;
use crate::path;

/// Writes COPY lines in the style of a copy that is there.
pub struct CopyLines<'a> {
    /// The file.
    pub tree: &'a Tree,
    /// The COPY or ADD whose style is taken.
    pub instruction: &'a Instruction,
    /// Its arguments.
    pub copy: &'a Copy,
    /// What it writes.
    pub delay: &'a Delay,
}

impl CopyLines<'_> {
    /// The lines that copy these files (image path → context path) and folders. `None` if they cannot be written.
    pub fn write(&self, files: &BTreeMap<&str, &str>, folders: &[&str]) -> Option<String> {
        let mut lines = String::new();
        let mut by_folder: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (image, from) in
            files.iter().filter(|(image, _)| !folders.iter().any(|folder| path::within(image, folder)))
        {
            if path::name(image) != path::name(from) {
                return None;
            }
            by_folder.entry(path::parent(image)).or_default().push(from);
        }
        for (folder, sources) in by_folder {
            let sources = written_order(sources.into_iter());
            lines.push_str(&self.line(&sources, &self.destination(folder, sources.len() > 1)?)?);
        }
        for folder in folders {
            let prefix = format!("{folder}/");
            let (image, from) =
                self.delay.files.range(prefix.clone()..).find(|(image, _)| image.starts_with(&prefix))?;
            let from = from.strip_suffix(&image[folder.len()..])?;
            lines.push_str(&self.line(&[from], &self.destination(folder, true)?)?);
        }
        Some(lines)
    }

    fn line(&self, sources: &[&str], destination: &str) -> Option<String> {
        let special =
            |c: char| matches!(c, '*' | '?' | '[' | '\\' | '$' | '"' | '\'' | '`') || c.is_control();
        if sources.iter().any(|source| source.contains(special)) || destination.contains(['"', '\n']) {
            return None;
        }
        let flags: String =
            self.instruction.flags.iter().map(|flag| format!("{} ", flag.span.of(&self.tree.text))).collect();
        let words: Vec<&str> = sources.iter().copied().chain([destination]).collect();
        let keyword = if self.instruction.keyword_text(&self.tree.text).chars().all(char::is_lowercase) {
            "copy"
        } else {
            "COPY"
        };
        let spaced = words.iter().any(|word| word.contains(char::is_whitespace));
        let arguments = if spaced || self.copy.form == Form::Json {
            format!("[{}]", words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", "))
        } else {
            words.join(" ")
        };
        (!flags.contains('\n')).then(|| format!("{keyword} {flags}{arguments}{}", self.tree.newline()))
    }

    /// A folder of the image as this copy would write it.
    fn destination(&self, folder: &str, many: bool) -> Option<String> {
        let written = self.copy.destination.text.as_str();
        let inner = path::relative(folder, &self.delay.target)?;
        Some(match (inner, written) {
            ("", "." | "./") if many => "./".to_owned(),
            ("", ".") => ".".to_owned(),
            ("", _) if written.ends_with('/') => written.to_owned(),
            ("", _) => format!("{written}/"),
            (inner, ".") => format!("{inner}/"),
            (inner, _) => format!("{}/{inner}/", written.trim_end_matches('/')),
        })
    }
}

/// The order in which people name manifests: package.json before package-lock.json, Cargo.toml before Cargo.lock.
pub fn written_order<'f>(files: impl Iterator<Item = &'f str>) -> Vec<&'f str> {
    let mut files: Vec<&str> = files.collect();
    files.sort_by_key(|file| (file.len(), file.contains("lock"), *file));
    files
}
