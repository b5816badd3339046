//! Installs of packages of the system: which of them only a build needs, and what stays of the command. Which packages those are is data.

use dockopt_shell::Simple;
use dockopt_tools::Invocation;
use dockopt_tools::packages::{Need, need_on};

use super::parts::{Reader, Rest, Role};
use crate::stages;

impl Reader<'_, '_> {
    pub(super) fn packages(&self, simple: &Simple, invocation: &Invocation<'_>) -> Result<Role, String> {
        let args = self.script.args(simple);
        let base = stages::base(&self.model.stages, self.stage);
        let (mut left, mut libraries, mut dropped) = (Vec::new(), Vec::new(), Vec::new());
        for (&word, text) in invocation.operands.iter().zip(invocation.operand_texts(&args)) {
            let (Some(text), Some(base)) = (text, base) else { continue };
            let name = text.split(['=', '<', '>', '~', ':']).next().unwrap_or(text);
            let behind = match need_on(base, name) {
                Need::BuildOnly => Vec::new(),
                Need::Library(libraries) => libraries,
                Need::Unknown => continue,
            };
            // Its libraries would have to be of the same version.
            if !behind.is_empty() && name != text {
                continue;
            }
            for library in behind {
                if !libraries.contains(&library) {
                    libraries.push(library);
                }
            }
            left.push(name.to_owned());
            dropped.push(word);
        }
        if left.is_empty() {
            return Ok(Role::Packages { left, libraries, rest: Rest::AsWritten });
        }
        if !invocation.complete || !invocation.wrappers.is_empty() {
            return Err(format!(
                "which packages `{}` installs is only known when it runs",
                simple.name().unwrap_or_default()
            ));
        }
        let texts: Vec<&str> = invocation.operand_texts(&args).into_iter().flatten().collect();
        libraries.retain(|library| !texts.contains(&library.as_str()));
        if dropped.len() == invocation.operands.len() && libraries.is_empty() {
            return Ok(Role::Packages { left, libraries, rest: Rest::Nothing });
        }
        let text = self
            .without(simple, &dropped, &libraries)
            .ok_or("a command with lines of its own behind it installs packages")?;
        Ok(Role::Packages { left, libraries, rest: Rest::Command(text) })
    }

    /// The command as the Dockerfile has it, without these words, the first of them replaced by others.
    fn without(&self, simple: &Simple, dropped: &[usize], instead: &[String]) -> Option<String> {
        let tree = &self.model.tree.text;
        let logical = &self.script.logical;
        let start = logical.source_start(simple.words.first()?.span.start);
        let end = logical.source_end(simple.words.last()?.span.end);
        let (mut text, mut from) = (String::new(), start);
        for (at, &word) in dropped.iter().enumerate() {
            let own = &simple.words[word].span;
            let before = logical.source_end(simple.words[word.checked_sub(1)?].span.end);
            let until = if at == 0 && !instead.is_empty() { logical.source_start(own.start) } else { before };
            text.push_str(tree.get(from..until)?);
            if at == 0 {
                text.push_str(&instead.join(" "));
            }
            from = logical.source_end(own.end);
        }
        text.push_str(tree.get(from..end)?);
        Some(text)
    }
}
