//! COPY lines in the style of a COPY that is there: its flags, its form, its way to write the destination. It writes text;
//! which files are copied is decided in a pass.

use std::collections::BTreeMap;

use dockopt_syntax::{Copy, Form, Instruction, Tree};

use crate::builder::{Builder, Feature, knows_pivots, may_use};
use crate::delay::Delay;
use crate::path;

/// From this many folders on one `COPY --parents` is easier to read than a COPY for each of them.
const MANY_FOLDERS: usize = 3;

/// A COPY with more sources than this, or wider than a screen, has one of them a line.
const MOST_ON_A_LINE: usize = 4;
const LONGEST_LINE: usize = 100;

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
    /// Who builds the file.
    pub builder: Builder,
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
        if by_folder.len() >= MANY_FOLDERS
            && let Some(line) = self.with_parents(files, &by_folder)
        {
            lines.push_str(&line);
        } else {
            for (folder, sources) in by_folder {
                let sources = written_order(sources.into_iter());
                lines.push_str(&self.line(&sources, &self.destination(folder, sources.len() > 1)?)?);
            }
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

    /// One `COPY --parents` for the files of many folders, one file a line where they are many. `None` where the builder is not
    /// known to read it, or the files do not lie in the image as they lie in the context.
    fn with_parents(
        &self,
        files: &BTreeMap<&str, &str>,
        by_folder: &BTreeMap<&str, Vec<&str>>,
    ) -> Option<String> {
        may_use(self.tree, self.builder, Feature::Parents).ok()?;
        let (image, from) = files.iter().next()?;
        // The folder of the context that becomes the destination.
        let base = from.strip_suffix(path::relative(image, &self.delay.target)?)?;
        let is_kept = |(image, from): (&&str, &&str)| {
            path::relative(image, &self.delay.target)
                .is_some_and(|inner| from.strip_prefix(base) == Some(inner) && !inner.starts_with(['!', '#']))
        };
        if !files.iter().all(is_kept) || !(base.is_empty() || base.ends_with('/') && knows_pivots(self.tree))
        {
            return None;
        }
        let sources: Vec<String> =
            by_folder
                .values()
                .flat_map(|sources| written_order(sources.iter().copied()))
                .map(|from| {
                    if base.is_empty() { from.to_owned() } else { format!("{base}./{}", &from[base.len()..]) }
                })
                .collect();
        let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
        let destination = self.destination(&self.delay.target, true)?;
        let line = self.flagged_line("--parents ", &sources, &destination)?;
        let (escape, newline) = (self.tree.escape.char(), self.tree.newline());
        let arguments = format!("{} {destination}{newline}", sources.join(" "));
        let is_long = sources.len() > MOST_ON_A_LINE || line.len() > LONGEST_LINE;
        // The words of a JSON array are not these.
        let Some(head) = line.strip_suffix(&arguments).filter(|_| is_long) else { return Some(line) };
        let each = sources.iter().copied().chain([destination.as_str()]);
        Some(
            each.fold(head.trim_end().to_owned(), |text, word| format!("{text} {escape}{newline}    {word}"))
                + newline,
        )
    }

    fn line(&self, sources: &[&str], destination: &str) -> Option<String> {
        self.flagged_line("", sources, destination)
    }

    fn flagged_line(&self, flag: &str, sources: &[&str], destination: &str) -> Option<String> {
        let special =
            |c: char| matches!(c, '*' | '?' | '[' | '\\' | '$' | '"' | '\'' | '`') || c.is_control();
        if sources.iter().any(|source| source.contains(special)) || destination.contains(['"', '\n']) {
            return None;
        }
        // What the copy chooses by is replaced by names.
        let kept = self
            .instruction
            .flags
            .iter()
            .filter(|flag| !["parents", "exclude"].contains(&flag.name.as_str()));
        let flags: String = std::iter::once(flag.to_owned())
            .chain(kept.map(|flag| format!("{} ", flag.span.of(&self.tree.text))))
            .collect();
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
