//! Which Dockerfile frontend a file declares with `# syntax=`, and what it surely reads. It knows versions, not files.

use dockopt_syntax::{DirectiveKind, Tree};

/// A released frontend: `docker/dockerfile`, by its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frontend {
    /// The minor version of 1; `None` for whatever is the newest.
    minor: Option<u32>,
    is_labs: bool,
}

impl Frontend {
    /// The frontend that a file declares; `None` without a declaration, and for one whose version is not known.
    pub fn of(tree: &Tree) -> Option<Self> {
        let syntax = tree.directives.iter().find(|directive| directive.kind == DirectiveKind::Syntax)?;
        Self::read(&syntax.value)
    }

    fn read(name: &str) -> Option<Self> {
        let (name, is_pinned) = match name.split_once('@') {
            Some((name, _)) => (name, true),
            None => (name, false),
        };
        let rest = name.strip_prefix("docker.io/").unwrap_or(name).strip_prefix("docker/dockerfile")?;
        let tag = match rest.strip_prefix(':') {
            Some(tag) => tag,
            None if rest.is_empty() => "latest",
            None => return None,
        };
        let (version, is_labs) = match tag.strip_suffix("labs") {
            Some("") => ("1", true),
            Some(version) => (version.strip_suffix('-')?, true),
            None if tag == "latest" => ("1", false),
            None => (tag, false),
        };
        let numbers: Option<Vec<u32>> = version.split('.').map(|number| number.parse().ok()).collect();
        let minor = match numbers?.as_slice() {
            [1] => None,
            [1, minor] | [1, minor, _] => Some(*minor),
            _ => return None,
        };
        // Behind a digest a tag that moves may be any that it once was.
        (!is_pinned || minor.is_some()).then_some(Self { minor, is_labs })
    }

    fn at_least(self, minor: u32) -> bool {
        self.minor.is_none_or(|own| own >= minor)
    }

    /// Whether it reads `COPY --parents`: labs from 1.7 on, everybody from 1.20 on (`frontend/dockerfile/docs/reference.md`;
    /// the tags of labs in `frontend/dockerfile/release/labs/tags`).
    pub fn reads_parents(self) -> bool {
        self.at_least(if self.is_labs { 7 } else { 20 })
    }

    /// Whether it reads the pivot `/./` in a source of `COPY --parents`, which the first version did not.
    pub fn reads_pivot(self) -> bool {
        self.reads_parents() && self.at_least(8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_known_by_their_tags() {
        for (name, parents, pivot) in [
            ("docker/dockerfile:1", true, true),
            ("docker/dockerfile", true, true),
            ("docker.io/docker/dockerfile:latest", true, true),
            ("docker/dockerfile:1.20", true, true),
            ("docker/dockerfile:1.21.0@sha256:ab", true, true),
            ("docker/dockerfile:1.19", false, false),
            ("docker/dockerfile:1.4", false, false),
            ("docker/dockerfile:1.7-labs", true, false),
            ("docker/dockerfile:1.10.0-labs", true, true),
            ("docker/dockerfile:labs", true, true),
            ("docker/dockerfile:1-labs", true, true),
            ("docker/dockerfile:1.6-labs", false, false),
        ] {
            let frontend = Frontend::read(name).expect(name);
            assert_eq!((frontend.reads_parents(), frontend.reads_pivot()), (parents, pivot), "{name}");
        }
        for name in [
            "docker/dockerfile:1@sha256:ab",
            "docker/dockerfile@sha256:ab",
            "docker/dockerfile:2",
            "docker/dockerfile:1.20-rc1",
            "docker/dockerfile:experimental",
            "docker/dockerfile:master-labs",
            "docker/dockerfile-upstream:master",
            "acme/dockerfile:1",
            "docker/dockerfile:1.x",
            "docker/dockerfile:1.2.3.4",
        ] {
            assert_eq!(Frontend::read(name), None, "{name}");
        }
    }
}
