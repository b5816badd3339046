//! The comments by which authors keep passes and rules from their files: dockopt's own, hadolint's and `BuildKit`'s. Must not know what
//! any of them is about.

use dockopt_syntax::{DirectiveKind, Span, Tree};

/// A pass or a rule, as comments name it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its name.
    pub name: &'a str,
    /// What other tools call the same matter.
    pub aliases: &'a [&'a str],
}

impl Subject<'_> {
    /// Whether one of the names means it.
    pub fn is_among<'n>(self, names: impl IntoIterator<Item = &'n str>) -> bool {
        names.into_iter().any(|name| name == self.name || self.aliases.contains(&name))
    }

    /// Whether another one is about the same matter.
    pub fn is_about(self, other: Subject<'_>) -> bool {
        other.is_among(self.aliases.iter().copied())
    }
}

impl From<&dockopt_transforms::Pass> for Subject<'static> {
    fn from(pass: &dockopt_transforms::Pass) -> Self {
        Self { name: pass.name, aliases: pass.aliases }
    }
}

impl From<&dockopt_rules::Rule> for Subject<'static> {
    fn from(rule: &dockopt_rules::Rule) -> Self {
        Self { name: rule.name, aliases: rule.aliases }
    }
}

/// The comment by which the author keeps a subject from an instruction that has one of these places.
pub fn kept_by(tree: &Tree, subject: Subject<'_>, places: &[Span]) -> Option<String> {
    let touched = |index: &usize| {
        let span = tree.instructions[*index].span;
        places.iter().any(|place| place.start < span.end && span.start < place.end.max(place.start + 1))
    };
    let directives = tree.directives.iter().filter(|directive| directive.kind == DirectiveKind::Check);
    if let Some(directive) = directives.into_iter().find(|directive| skips(&directive.value, subject)) {
        return Some(format!("# check={}", directive.value));
    }
    let global = tree.text.lines().filter(|line| is_global(line));
    let own = (0..tree.instructions.len()).filter(touched);
    let comments = own.flat_map(|index| tree.leading_comments(index).of(&tree.text).lines());
    global.chain(comments).map(str::trim).find(|comment| keeps(comment, subject)).map(str::to_owned)
}

/// Whether the value of `# check=` skips it (`skip=JSONArgsRecommended,StageNameCasing;error=true`).
fn skips(value: &str, subject: Subject<'_>) -> bool {
    // The checks have names in words; hadolint has numbers.
    let is_check = |alias: &&str| alias.contains(char::is_lowercase);
    value.split(';').filter_map(|setting| setting.trim().strip_prefix("skip=")).any(|names| {
        let mut names = names.split(',').map(str::trim);
        let skips_all = names.clone().any(|name| name == "all") && subject.aliases.iter().any(is_check);
        skips_all || subject.is_among(&mut names)
    })
}

/// Whether a line is hadolint's comment for the whole file, which may stand anywhere.
fn is_global(line: &str) -> bool {
    let after = |text: &str, start: &str| text.strip_prefix(start).map(|rest| rest.trim_start().to_owned());
    after(line.trim_start(), "#")
        .and_then(|rest| after(&rest, "hadolint"))
        .is_some_and(|rest| rest.starts_with("global"))
}

/// Whether a comment names it: `# dockopt: keep[name]`, or hadolint's own words for its aliases.
fn keeps(comment: &str, subject: Subject<'_>) -> bool {
    let Some(text) = comment.strip_prefix('#').map(str::trim_start) else { return false };
    let listed = |names: &str| subject.is_among(names.split(',').map(str::trim));
    if let Some(rest) = text.strip_prefix("dockopt:") {
        let Some(rest) = rest.trim_start().strip_prefix("keep") else { return false };
        return match rest.strip_prefix('[') {
            Some(names) => listed(names.split(']').next().unwrap_or_default()),
            None => rest.is_empty() || rest.starts_with(char::is_whitespace),
        };
    }
    let rules = text.strip_prefix("hadolint").and_then(|rest| rest.split_once("ignore="));
    rules.is_some_and(|(_, rules)| listed(rules))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: Subject<'_> = Subject { name: "shell-form", aliases: &["DL3025", "JSONArgsRecommended"] };

    fn kept(text: &str) -> Option<String> {
        let tree = dockopt_syntax::parse(text).tree;
        let last = tree.instructions.last()?.keyword_span;
        kept_by(&tree, SUBJECT, &[last])
    }

    #[test]
    fn comments_above_an_instruction_and_for_the_whole_file() {
        for comment in [
            "# dockopt: keep[shell-form] it needs a shell",
            "# dockopt: keep",
            "#hadolint ignore=DL3059, DL3025",
            "# dockopt: keep[merge-runs, shell-form]",
        ] {
            assert_eq!(kept(&format!("FROM a\n{comment}\nCMD x\n")).as_deref(), Some(comment));
            assert_eq!(kept(&format!("FROM a\n{comment}\n\nCMD x\n")), None, "{comment} stands apart");
            assert_eq!(kept(&format!("{comment}\nFROM a\nCMD x\n")), None, "{comment} is about FROM");
        }
        let global = "# hadolint global ignore=DL3025";
        assert_eq!(kept(&format!("{global}\nFROM a\nCMD x\n")).as_deref(), Some(global));
        for comment in
            ["# dockopt: keep[DL30]", "# dockopt: keeper", "# hadolint ignore=DL3026", "# ignore=DL3025"]
        {
            assert_eq!(kept(&format!("FROM a\n{comment}\nCMD x\n")), None);
        }
    }

    #[test]
    fn the_directive_of_buildkit_skips_checks() {
        for value in
            ["skip=JSONArgsRecommended", "error=true;skip=StageNameCasing, JSONArgsRecommended", "skip=all"]
        {
            assert!(kept(&format!("# check={value}\nFROM a\nCMD x\n")).is_some(), "{value}");
        }
        assert_eq!(kept("# check=skip=StageNameCasing\nFROM a\nCMD x\n"), None);
        assert_eq!(kept("FROM a\n# check=skip=all\nCMD x\n"), None, "there it is a comment");
        let tree = dockopt_syntax::parse("# check=skip=all\nFROM a\n").tree;
        let other = Subject { name: "merge-runs", aliases: &["DL3059"] };
        assert_eq!(kept_by(&tree, other, &[tree.instructions[0].span]), None, "it is no check of BuildKit");
    }
}
