//! How the bot knows its own again: a seal on each commit that it makes, and marks in the text of a pull request that say what was
//! proposed. Whatever a person changes breaks the seal. They are no protection against somebody who forges them on purpose, who
//! could as well have pushed.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::forge::Tip;
use crate::snapshot::Edit;

const EDITS: &str = "Dockopt-Edits: ";
const SEAL: &str = "Dockopt-Seal: ";
/// The mark in a text, which is hidden when it is shown.
const MARK: &str = "<!-- dockopt edits=";
/// Says that the bot itself closed a pull request.
const CLOSED: &str = " closed-by=dockopt";
/// The box in a text that asks for a new branch, whoever pushed to the old one.
const TICKED: &str = "- [x] <!-- dockopt:rebuild -->";
/// The same as the bot writes it.
pub const UNTICKED: &str = "- [ ] <!-- dockopt:rebuild -->";
/// More changes than this are known by their sum only.
const MOST_CHANGES: usize = 400;

/// What is proposed, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// All edits with what they edit: it differs as soon as one of these files does.
    pub edits: String,
    /// Each single change, whatever stands around it, sorted.
    pub changes: Vec<String>,
}

impl Fingerprint {
    /// Of edits, in any order.
    pub fn of(edits: &[Edit]) -> Self {
        let mut all: Vec<String> = edits
            .iter()
            .map(|edit| {
                hash(&[
                    &edit.path,
                    edit.old.as_deref().unwrap_or("\0"),
                    &edit.new,
                    &format!("{:o}", edit.mode),
                ])
            })
            .collect();
        all.sort();
        let parts: Vec<&str> = all.iter().map(String::as_str).collect();
        let mut changes: Vec<String> = edits.iter().flat_map(changes).collect();
        changes.sort();
        changes.dedup();
        Self { edits: hash(&parts), changes }
    }

    /// The hidden line of a text that proposes it.
    pub fn mark(&self) -> String {
        let changes = if self.changes.len() > MOST_CHANGES { vec![self.sum()] } else { self.changes.clone() };
        format!("{MARK}{} changes={} -->", self.edits, changes.join(","))
    }

    /// Whether a text proposes exactly this.
    pub fn is_marked(&self, body: &str) -> bool {
        marks(body).is_some_and(|marks| marks.edits == self.edits)
    }

    /// Whether every change of this was proposed by a text, too.
    pub fn is_within(&self, body: &str) -> bool {
        marks(body).is_some_and(|marks| {
            let has = |change: &String| marks.changes.contains(&change.as_str());
            self.changes.iter().all(has) || has(&self.sum())
        })
    }

    fn sum(&self) -> String {
        let parts: Vec<&str> = self.changes.iter().map(String::as_str).collect();
        hash(&parts)
    }
}

/// What the mark of a text says.
struct Marks<'a> {
    edits: &'a str,
    changes: Vec<&'a str>,
    is_closed: bool,
}

/// The mark comes last, so that nothing above it, such as the name of a file, is taken for it.
fn marks(body: &str) -> Option<Marks<'_>> {
    let (_, rest) = body.rsplit_once(MARK)?;
    let (mark, _) = rest.split_once(" -->")?;
    let (edits, rest) = mark.split_once(" changes=")?;
    let is_closed = rest.ends_with(CLOSED);
    let changes = rest.trim_end_matches(CLOSED).split(',').collect();
    Some(Marks { edits, changes, is_closed })
}

/// A text of the bot with the word that the bot closes it.
pub fn closed(body: &str, why: &str) -> String {
    let marked = match body.rsplit_once(MARK) {
        Some((before, rest)) => match rest.split_once(" -->") {
            Some((mark, after)) => {
                format!("{before}{MARK}{}{CLOSED} -->{after}", mark.trim_end_matches(CLOSED))
            }
            None => body.to_owned(),
        },
        None => format!("{body}\n\n{MARK}none changes={CLOSED} -->"),
    };
    format!("{why}\n\n---\n\n{marked}")
}

/// Whether the bot itself closed the pull request of this text.
pub fn is_closed_by_bot(body: &str) -> bool {
    marks(body).is_some_and(|marks| marks.is_closed)
}

/// Whether somebody asks for a new branch.
pub fn asks_for_rebuild(body: &str) -> bool {
    body.lines().any(|line| line.trim_end().starts_with(TICKED))
}

/// A message with the seal of the commit that it will be of.
pub fn sealed(text: &str, edits: &str, parent: &str, tree: &str) -> String {
    let above = format!("{}\n\n{EDITS}{edits}\n", text.trim_end());
    let seal = seal(&above, parent, tree);
    format!("{above}{SEAL}{seal}\n")
}

/// The edits of a commit, if it is one that the bot made and nobody changed.
pub fn edits_of(tip: &Tip) -> Option<&str> {
    let [parent] = tip.parents.as_slice() else { return None };
    let (above, said) = tip.message.trim_end().rsplit_once(SEAL)?;
    (seal(above, parent, &tip.tree) == said).then_some(())?;
    above.lines().rev().find_map(|line| line.strip_prefix(EDITS))
}

fn seal(above: &str, parent: &str, tree: &str) -> String {
    hash(&[above.trim_end(), parent, tree])
}

/// Each group of lines that goes, comes or is replaced, with the name of its file.
fn changes(edit: &Edit) -> Vec<String> {
    let old: Vec<&str> = edit.old.as_deref().unwrap_or_default().lines().map(str::trim).collect();
    let new: Vec<&str> = edit.new.lines().map(str::trim).collect();
    let operations = capture_diff_slices(Algorithm::Myers, &old, &new);
    let changed = operations.into_iter().filter(|operation| !matches!(operation, DiffOp::Equal { .. }));
    let one = |operation: DiffOp| {
        let (before, after) = (old[operation.old_range()].join("\n"), new[operation.new_range()].join("\n"));
        hash(&[&edit.path, &before, &after])
    };
    changed.map(one).collect()
}

/// 64 bits of a hash over texts, each with its length.
fn hash(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(path: &str, old: &str, new: &str) -> Edit {
        Edit { path: path.to_owned(), mode: 0o100_644, old: Some(old.to_owned()), new: new.to_owned() }
    }

    fn tip(message: &str) -> Tip {
        Tip {
            id: "c0ffee".to_owned(),
            tree: "7ree".to_owned(),
            parents: vec!["ba5e".to_owned()],
            message: message.to_owned(),
        }
    }

    #[test]
    fn whatever_a_person_changes_breaks_the_seal() {
        let message = sealed("Improve Dockerfile\n\nWhy.\n", "e1", "ba5e", "7ree");
        assert_eq!(edits_of(&tip(&message)), Some("e1"));
        assert_eq!(edits_of(&tip(message.trim_end())), Some("e1"), "a forge may drop the last line end");
        let changed = [
            Tip { tree: "other".to_owned(), ..tip(&message) },
            Tip { parents: vec!["other".to_owned()], ..tip(&message) },
            Tip { parents: vec!["ba5e".to_owned(), "main".to_owned()], ..tip(&message) },
            Tip { parents: Vec::new(), ..tip(&message) },
            tip(&message.replace("Why.", "Because.")),
            tip(&message.replace("Edits: e1", "Edits: e2")),
            tip(&format!("{message}\nSigned-off-by: A <a@example.org>\n")),
            tip("Improve Dockerfile\n"),
            tip(""),
        ];
        for changed in changed {
            assert_eq!(edits_of(&changed), None, "{changed:?}");
        }
    }

    #[test]
    fn a_change_stays_the_same_when_other_lines_of_its_file_change() {
        let first = Fingerprint::of(&[edit("Dockerfile", "FROM a\nRUN b\n", "FROM a\nRUN b && c\n")]);
        let moved = Fingerprint::of(&[edit("Dockerfile", "FROM z\n\nRUN b\n", "FROM z\n\nRUN b && c\n")]);
        assert_ne!(first.edits, moved.edits);
        assert_eq!(first.changes, moved.changes);
        let elsewhere = Fingerprint::of(&[edit("api/Dockerfile", "FROM a\nRUN b\n", "FROM a\nRUN b && c\n")]);
        assert_ne!(first.changes, elsewhere.changes);
        assert!(moved.is_within(&first.mark()) && !elsewhere.is_within(&first.mark()));
        assert!(first.is_marked(&first.mark()) && !moved.is_marked(&first.mark()));
    }

    #[test]
    fn a_part_of_what_was_refused_is_refused_and_more_of_it_is_not() {
        let (one, two) = (edit("a", "1\n", "2\n"), edit("b", "3\n", "4\n"));
        let both = Fingerprint::of(&[one.clone(), two.clone()]);
        let single = Fingerprint::of(&[one]);
        assert!(single.is_within(&both.mark()));
        assert!(!both.is_within(&single.mark()));
    }

    #[test]
    fn many_changes_are_known_by_their_sum() {
        let edits: Vec<Edit> = (0..500).map(|at| edit(&format!("{at}/Dockerfile"), "1\n", "2\n")).collect();
        let all = Fingerprint::of(&edits);
        assert!(all.mark().len() < 200 && all.is_within(&all.mark()));
        // The texts leave room for the longest mark.
        assert!(Fingerprint::of(&edits[..MOST_CHANGES]).mark().len() < 7_000);
        assert!(!Fingerprint::of(&edits[1..]).is_within(&all.mark()));
    }

    #[test]
    fn the_last_mark_counts_and_the_name_of_a_file_is_none() {
        let own = Fingerprint::of(&[edit("a", "1\n", "2\n")]);
        let body = format!("`<!-- dockopt edits=x changes=y closed-by=dockopt -->`\n{}", own.mark());
        assert!(own.is_marked(&body) && !is_closed_by_bot(&body));
        let closed = closed(&body, "Nothing is left to change.");
        assert!(is_closed_by_bot(&closed) && own.is_within(&closed));
        assert!(is_closed_by_bot(&super::closed("a person wrote this anew", "Nothing is left.")));
        assert!(!is_closed_by_bot("") && !own.is_within(""));
    }

    #[test]
    fn the_box_counts_at_the_start_of_a_line_only() {
        assert!(asks_for_rebuild("text\r\n- [x] <!-- dockopt:rebuild --> Build\r\n"));
        assert!(!asks_for_rebuild("- [ ] <!-- dockopt:rebuild --> Build"));
        assert!(!asks_for_rebuild("`- [x] <!-- dockopt:rebuild -->`"));
    }
}
