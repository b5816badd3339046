//! The texts that people read on a forge. Whatever comes from a repository is made harmless in them: it can neither end a block, nor
//! call somebody, nor point at an issue. Must not decide what is proposed.

use std::fmt::Write as _;

use super::fingerprint;
use crate::optimize::Note;
use crate::snapshot::{Edit, Snapshot};
use crate::work::Done;

/// GitHub takes 65,536 characters; the mark that comes last has up to 7,000.
const MOST_CHARACTERS: usize = 55_000;
/// A title is cut here.
const LONGEST_TITLE: usize = 100;
/// Rewrites that a commit message lists.
const MOST_LINES: usize = 50;

/// What a text is about.
pub(super) struct Parts<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) done: &'a [Done],
    pub(super) edits: &'a [Edit],
    pub(super) base: &'a str,
}

impl Parts<'_> {
    /// The title of the pull request and of the commit.
    pub(super) fn title(&self) -> String {
        let changed: Vec<&Done> = self.changed().collect();
        match changed.as_slice() {
            [one] => format!("Improve {}", shortened(&plain(&self.path(one)), LONGEST_TITLE)),
            all => format!("Improve {} Dockerfiles", all.len()),
        }
    }

    /// The message of the commit.
    pub(super) fn message(&self, title: &str) -> String {
        let mut lines = Vec::new();
        for one in self.changed() {
            for note in &one.outcome.applied {
                lines.push(format!(
                    "{}:{}: {} ({})",
                    plain(&self.path(one)),
                    note.line,
                    plain(&note.title),
                    note.pass
                ));
            }
        }
        let more = lines.len().saturating_sub(MOST_LINES);
        lines.truncate(MOST_LINES);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        format!("{title}\n\n{}\n", lines.join("\n"))
    }

    /// The text of the pull request, without the mark that comes last.
    pub(super) fn body(&self) -> String {
        let (head, foot) = (self.head(), self.foot());
        let mut text = head;
        let room = MOST_CHARACTERS.saturating_sub(foot.chars().count());
        let mut left_out = 0;
        let mut length = text.chars().count();
        for one in self.changed() {
            let section = self.section(one);
            let more = section.chars().count();
            if left_out > 0 || length + more > room {
                left_out += 1;
            } else {
                text.push_str(&section);
                length += more;
            }
        }
        if left_out > 0 {
            let _ = writeln!(text, "\n… and {left_out} more files: this text is full, the diff has them.");
        }
        text.push_str(&foot);
        text
    }

    fn head(&self) -> String {
        let is_safe = self.notes().all(|note| note.class.is_some_and(|class| class.name() == "safe"));
        let promise = if is_safe {
            "Every rewrite below is *safe*: it was compared that the image keeps its files, environment, user and command; caches, \
             package indexes and time stamps aside."
        } else {
            "Rewrites that are *safe* keep the image's files, environment, user and command, which was compared; caches, package \
             indexes and time stamps aside. Those that are *unsafe* change the image in the way that is said, as this repository's \
             `dockopt.toml` asks for."
        };
        format!("dockopt read the Dockerfiles of this repository and rewrote {}. {promise}\n", self.count())
    }

    fn count(&self) -> String {
        match self.changed().count() {
            1 => "one of them".to_owned(),
            count => format!("{count} of them"),
        }
    }

    fn section(&self, one: &Done) -> String {
        let mut text = format!("\n### {}\n\n", code(&self.path(one)));
        let mut notes: Vec<&Note> = one.outcome.applied.iter().collect();
        notes.sort_by_key(|note| note.line);
        for note in notes {
            let class = note.class.map_or("", |class| class.name());
            let _ =
                write!(text, "- **line {}: {}** (`{}`, {class})", note.line, prose(&note.title), note.pass);
            let reason = self.snapshot.relative(&note.reason);
            if !reason.is_empty() {
                let _ = write!(text, "<br>{}", prose(&reason));
            }
            if let Some(effect) = &note.effect {
                let _ = write!(text, "<br>Simulated over the history: {}", prose(effect));
            }
            text.push('\n');
        }
        text
    }

    fn foot(&self) -> String {
        let ignored: Vec<String> = self
            .edits
            .iter()
            .filter(|edit| edit.path.ends_with(".dockerignore"))
            .map(|edit| code(&edit.path))
            .collect();
        let ignored = if ignored.is_empty() {
            String::new()
        } else {
            format!(
                "\nAlso changed, since the rewrites rest on it: {}.\n",
                shortened(&ignored.join(", "), 2_000)
            )
        };
        format!(
            "{ignored}\n<details><summary>If you do not want this</summary>\n\n\
             - Close this pull request, and these changes are not proposed again.\n\
             - A comment `# dockopt: keep[PASS] why` above an instruction keeps a pass away from it; `ignore = [\"PASS\"]` in \
             `dockopt.toml` switches it off.\n\
             - Push to this branch as you like: from then on the bot leaves it alone.\n\
             - `dockopt explain PASS` says what a pass does and when it does not.\n\n</details>\n\n\
             {} Write this branch anew from {}; commits of others on it are lost\n\n\
             <sub>dockopt {}; the diff was computed at {}</sub>\n",
            fingerprint::UNTICKED,
            code(self.base),
            env!("CARGO_PKG_VERSION"),
            self.snapshot.commit.get(..12).unwrap_or(&self.snapshot.commit),
        )
    }

    fn changed(&self) -> impl Iterator<Item = &Done> {
        self.done.iter().filter(|one| one.is_changed())
    }

    fn notes(&self) -> impl Iterator<Item = &Note> {
        self.changed().flat_map(|one| &one.outcome.applied)
    }

    fn path(&self, one: &Done) -> String {
        self.snapshot.relative(&one.file.name)
    }
}

/// One line that means nothing but itself where a forge looks for names and numbers.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in visible(text).chars() {
        plain.push(c);
        // `@name` calls somebody, `#1` and `GH-1` are issues, `!1` is one elsewhere.
        if matches!(c, '@' | '#' | '!') || (c == '-' && plain.to_ascii_lowercase().ends_with("gh-")) {
            plain.push('\u{200b}');
        }
    }
    plain
}

/// Text in Markdown; what stands between backticks is code.
pub(super) fn prose(text: &str) -> String {
    let text = visible(text);
    let parts: Vec<&str> = text.split('`').collect();
    let mut prose = String::new();
    for (at, part) in parts.iter().enumerate() {
        // The last one of an even number has a backtick before it and none after.
        if at % 2 == 1 && at + 1 < parts.len() {
            prose.push_str(&code(part));
        } else {
            prose.push_str(&escaped(part));
        }
    }
    prose
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in plain(text).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '*' | '_' | '[' | ']' | '(' | ')' | '~' | '|' | '$' | '{' | '}' => {
                escaped.extend(['\\', c]);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// A span of code, whatever stands in it.
pub(super) fn code(text: &str) -> String {
    let text = visible(text);
    if text.trim().is_empty() {
        return "(nothing)".to_owned();
    }
    let fence = "`".repeat(1 + longest_run(&text));
    // A blank keeps a backtick at either end from joining the fence; a forge takes it away again.
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// The length of the longest run of backticks.
pub(super) fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Without line ends, control characters and what turns the direction of a text.
fn visible(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.trim_end_matches('\n')
        .chars()
        .map(|c| match c {
            '\n' => ' ',
            c if is_hidden(c) => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect()
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_repository_says_stays_where_it_stands() {
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("``x``"), "``` ``x`` ```");
        assert_eq!(code("a\n```\n# x"), "````a ``` # x````");
        assert_eq!(prose("copy `req.txt` *first*"), "copy `req.txt` \\*first\\*");
        assert_eq!(prose("a `b @you"), "a b @\u{200b}you");
        assert_eq!(prose("</details><script>"), "&lt;/details&gt;&lt;script&gt;");
        assert_eq!(prose("x\n# head"), "x #\u{200b} head");
        assert_eq!(prose("[a](http://b)"), "\\[a\\]\\(http://b\\)");
        assert_eq!(plain("fixes #1, gh-2, a/b!3"), "fixes #\u{200b}1, gh-\u{200b}2, a/b!\u{200b}3");
        assert_eq!(plain("a\u{202e}b\rc\u{1b}[0m"), "a\u{fffd}b\u{fffd}c\u{fffd}[0m");
    }
}
