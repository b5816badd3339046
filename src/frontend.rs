//! The frontend that `# syntax=` names is an image, which cannot be fetched everywhere. Tells when that is why a build failed,
//! and takes the line away. Must not decide to.

use dockopt_syntax::{DirectiveKind, LineIndex};

/// The frontend that a Dockerfile asks for.
pub fn of(text: &str) -> Option<String> {
    let tree = dockopt_syntax::parse(text).tree;
    let directive = tree.directives.into_iter().find(|directive| directive.kind == DirectiveKind::Syntax)?;
    Some(directive.value)
}

/// The Dockerfile without the line that asks for a frontend: the engine takes its own.
pub fn without(text: &str) -> String {
    let tree = dockopt_syntax::parse(text).tree;
    let Some(directive) = tree.directives.iter().find(|one| one.kind == DirectiveKind::Syntax) else {
        return text.to_owned();
    };
    let line = LineIndex::new(text).line_span(text, LineIndex::new(text).line(directive.span.start));
    let rest = text[line.end..].trim_start_matches('\r');
    format!("{}{}", &text[..line.start], rest.strip_prefix('\n').unwrap_or(rest))
}

/// Whether a build failed with this message because the engine could not get the frontend.
pub fn is_missing(message: &str, frontend: &str) -> bool {
    let name = frontend.split(['@', ' ']).next().unwrap_or(frontend);
    message.lines().any(|line| {
        line.contains(name) && (line.contains("resolve") || line.contains("pull") || line.contains("fetch"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_goes_and_all_else_stays() {
        let text = "# syntax=docker/dockerfile:1\r\n# escape=`\r\nFROM a\r\n";
        assert_eq!(of(text).as_deref(), Some("docker/dockerfile:1"));
        assert_eq!(without(text), "# escape=`\r\nFROM a\r\n");
        assert_eq!(without("FROM a\n# syntax=b\n"), "FROM a\n# syntax=b\n");
    }

    #[test]
    fn a_missing_frontend_is_told_from_other_failures() {
        let message = "failed to solve: failed to resolve source metadata for docker.io/docker/dockerfile:1: dial tcp: lookup registry";
        assert!(is_missing(message, "docker/dockerfile:1"));
        assert!(is_missing(message, "docker/dockerfile:1@sha256:0a"));
        assert!(!is_missing(
            "failed to resolve source metadata for docker.io/library/python:3",
            "docker/dockerfile:1"
        ));
        assert!(!is_missing("RUN make did not complete successfully: exit code: 2", "docker/dockerfile:1"));
    }
}
