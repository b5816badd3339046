//! Which folders a list of workspace patterns names. Reads no manifest.

use std::collections::BTreeSet;

use super::paths::join;
use super::{Look, Project};

/// What a `*` matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Star {
    /// Any name.
    Any,
    /// No hidden name, and not the folder in which npm installs.
    Npm,
}

/// Folders that were listed at most: a pattern that needs more is given up.
const LIMIT: usize = 20_000;

/// The folders below `root` that match one of the patterns, whatever they hold. The error says why that is not known, as a clause.
pub(super) fn folders(
    project: &dyn Project,
    root: &str,
    patterns: &[&str],
    star: Star,
) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    let mut budget = LIMIT;
    for pattern in patterns {
        if pattern.contains(['!', '{', '}', '[', ']', '(', ')', '?', '+', '\\', '|'])
            || pattern.split('/').any(|part| part != "**" && part.matches('*').count() > 3)
        {
            return Err(format!("the workspace pattern `{pattern}` is of a form that dockopt does not read"));
        }
        let pattern = pattern.trim_start_matches("./").trim_start_matches('/');
        let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        if parts.contains(&"..") {
            return Err(format!("the workspace pattern `{pattern}` leaves the project"));
        }
        Walk { project, star, budget: &mut budget, found: &mut found }.at(root, &parts)?;
    }
    Ok(found)
}

struct Walk<'w> {
    project: &'w dyn Project,
    star: Star,
    budget: &'w mut usize,
    found: &'w mut BTreeSet<String>,
}

impl Walk<'_> {
    fn at(&mut self, dir: &str, parts: &[&str]) -> Result<(), String> {
        let Some((first, rest)) = parts.split_first() else {
            self.found.insert(dir.to_owned());
            return Ok(());
        };
        if !first.contains('*') {
            return match self.project.look(&join(dir, first)) {
                Look::Directory => self.at(&join(dir, first), rest),
                Look::Absent | Look::File => Ok(()),
                Look::Unknown => {
                    Err(format!("it is not known whether `{}` is a workspace", join(dir, first)))
                }
            };
        }
        if *first == "**" {
            self.at(dir, rest)?;
        }
        let names = self
            .project
            .list(dir)
            .ok_or_else(|| format!("it is not known what lies in `{dir}`, where workspaces may be"))?;
        for name in names {
            *self.budget =
                self.budget.checked_sub(1).ok_or("the workspace patterns match too many folders")?;
            let path = join(dir, &name);
            let is_passed_over = self.star == Star::Npm && (name.starts_with('.') || name == "node_modules");
            if is_passed_over || self.project.look(&path) != Look::Directory {
                continue;
            }
            if *first == "**" {
                self.at(&path, parts)?;
            } else if matches(first, &name) {
                self.at(&path, rest)?;
            }
        }
        Ok(())
    }
}

/// A name against a pattern with `*`.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| matches(tail, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Memory;
    use super::*;

    #[test]
    fn patterns() {
        let project = Memory::new(&[
            ("/app/packages/a/package.json", ""),
            ("/app/packages/b/c/package.json", ""),
            ("/app/packages/.hidden/x", ""),
            ("/app/packages/node_modules/x", ""),
            ("/app/apps/web-ui/package.json", ""),
        ]);
        let table: [(&[&str], &[&str]); 7] = [
            (&["packages/*"], &["/app/packages/a", "/app/packages/b"]),
            (&["./packages/a/"], &["/app/packages/a"]),
            (&["packages/**"], &["/app/packages", "/app/packages/a", "/app/packages/b", "/app/packages/b/c"]),
            (&["apps/web-*"], &["/app/apps/web-ui"]),
            (&["apps/*-cli"], &[]),
            (&["nothing/*"], &[]),
            (&["*"], &["/app/apps", "/app/packages"]),
        ];
        for (patterns, expected) in table {
            let found = folders(&project, "/app", patterns, Star::Npm).unwrap();
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{patterns:?}");
        }
        for pattern in ["!packages/b", "packages/{a,b}", "../other", "packages/?"] {
            assert!(folders(&project, "/app", &[pattern], Star::Npm).is_err(), "{pattern}");
        }
        assert!(
            folders(&Memory::new(&[]).unknown_below("/app"), "/app", &["packages/*"], Star::Npm).is_err()
        );
    }

    #[test]
    fn a_star_may_match_any_name() {
        let project = Memory::new(&[("/app/packages/.hidden/x", ""), ("/app/packages/node_modules/x", "")]);
        let found = folders(&project, "/app", &["packages/*"], Star::Any).unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), ["/app/packages/.hidden", "/app/packages/node_modules"]);
    }

    #[test]
    fn many_stars_end() {
        assert!(!matches("*a*a*a*a*b", &"a".repeat(40)));
    }
}
