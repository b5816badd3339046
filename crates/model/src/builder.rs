//! Which builder a file is written for, and what it may therefore use. Must not change a file: what is not known to be
//! understood is not written.

use dockopt_syntax::{DirectiveKind, Tree};

/// The builder for which a file is written, as the user says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Builder {
    /// `BuildKit` where the file needs it already; otherwise any.
    #[default]
    Auto,
    /// `BuildKit`, as in Docker since version 23.
    BuildKit,
    /// The builder of Docker before `BuildKit`.
    Classic,
    /// Buildah and Podman.
    Buildah,
    /// Kaniko.
    Kaniko,
}

/// A thing that a Dockerfile can ask for and that not every builder knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feature {
    /// `RUN --mount=type=cache`.
    CacheMounts,
    /// `COPY --chmod=755`.
    Chmod,
    /// `COPY --chmod=u=rwX`.
    SymbolicChmod,
    /// `COPY --link`.
    Link,
    /// `COPY --exclude`.
    Exclude,
    /// `COPY --parents`.
    Parents,
    /// `RUN <<EOF` and `COPY <<EOF`.
    Heredocs,
}

impl Feature {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::CacheMounts,
        Self::Chmod,
        Self::SymbolicChmod,
        Self::Link,
        Self::Exclude,
        Self::Parents,
        Self::Heredocs,
    ];

    /// The first version 1.N of the Dockerfile syntax that has it (release notes of the Dockerfile frontend).
    fn since(self) -> u32 {
        match self {
            Self::CacheMounts | Self::Chmod => 2,
            Self::Link | Self::Heredocs => 4,
            Self::SymbolicChmod => 14,
            Self::Exclude => 19,
            Self::Parents => 20,
        }
    }

    /// The same for the releases with `-labs` in their name, which bring it earlier.
    fn since_labs(self) -> u32 {
        match self {
            Self::Heredocs => 3,
            Self::SymbolicChmod => 11,
            Self::Exclude | Self::Parents => 7,
            _ => self.since(),
        }
    }

    /// What it is called in a sentence.
    fn name(self) -> &'static str {
        match self {
            Self::CacheMounts => "`RUN --mount=type=cache`",
            Self::Chmod => "`COPY --chmod`",
            Self::SymbolicChmod => "`COPY --chmod` with letters",
            Self::Link => "`COPY --link`",
            Self::Exclude => "`COPY --exclude`",
            Self::Parents => "`COPY --parents`",
            Self::Heredocs => "heredocs",
        }
    }

    /// Whether the file uses it, or what came with it.
    fn is_used(self, tree: &Tree) -> bool {
        let flag = |name: &str| tree.instructions.iter().any(|one| one.flag(name).is_some());
        match self {
            Self::CacheMounts => flag("mount"),
            Self::Chmod => flag("chmod"),
            Self::SymbolicChmod => tree.instructions.iter().any(|one| {
                let mode = one.flag("chmod").and_then(|flag| flag.value.as_deref());
                mode.is_some_and(|mode| mode.contains(['=', '+', '-']))
            }),
            Self::Link => flag("link"),
            Self::Exclude => flag("exclude"),
            Self::Parents => flag("parents"),
            Self::Heredocs => tree.instructions.iter().any(|one| !one.heredocs.is_empty()),
        }
    }
}

/// Whether the file may use a feature, whoever builds it as far as `builder` says. The error is a clause for its author.
pub fn may_use(tree: &Tree, builder: Builder, feature: Feature) -> Result<(), String> {
    if feature.is_used(tree) {
        return Ok(());
    }
    let name = feature.name();
    let syntax = Syntax::of(tree);
    let has = match builder {
        Builder::Auto if !needs_buildkit(tree) => {
            return Err(format!(
                "nothing in this file needs BuildKit, and other builders may not know {name}; `builder = \"buildkit\"` in dockopt.toml says who builds it"
            ));
        }
        Builder::Auto | Builder::BuildKit => match syntax {
            Some(syntax) => syntax.has(feature),
            // Docker 23, the first that builds with BuildKit unless told otherwise, has version 1.4.
            None if builder == Builder::BuildKit => feature.since() <= 4,
            None => {
                Feature::ALL.iter().any(|own| own.is_used(tree) && own.since() >= feature.since())
                    || feature.since() <= 2
            }
        },
        // Containerfile(5) and buildah-copy(1) have these two; newer Buildahs take more.
        Builder::Buildah => matches!(feature, Feature::CacheMounts | Feature::Chmod),
        Builder::Classic | Builder::Kaniko => false,
    };
    match (has, builder, syntax) {
        (true, ..) => Ok(()),
        (false, Builder::Auto | Builder::BuildKit, Some(Syntax::Foreign)) => {
            Err(format!("it is not known whether the `# syntax=` of this file has {name}"))
        }
        (false, Builder::Auto | Builder::BuildKit, _) => Err(format!(
            "{name} came with Dockerfile 1.{}, which this file does not ask for in a `# syntax=` line",
            feature.since()
        )),
        (false, ..) => Err(format!("the builder that dockopt.toml names may not know {name}")),
    }
}

/// Whether the file's frontend knows the pivot `/./` in a source of `COPY --parents`, which the first that knew the flag did not:
/// it came with 1.8-labs.
pub fn knows_pivots(tree: &Tree) -> bool {
    matches!(Syntax::of(tree), Some(Syntax::Version { minor: 8.., .. }))
}

/// Whether only `BuildKit`, or a builder that does as it does, takes this file.
pub fn needs_buildkit(tree: &Tree) -> bool {
    const FLAGS: [&str; 11] = [
        "mount",
        "network",
        "security",
        "device",
        "chmod",
        "link",
        "parents",
        "exclude",
        "keep-git-dir",
        "checksum",
        "unpack",
    ];
    let is_new = |one: &dockopt_syntax::Instruction| {
        !one.heredocs.is_empty() || one.flags.iter().any(|flag| FLAGS.contains(&flag.name.as_str()))
    };
    tree.instructions.iter().any(is_new) || Syntax::of(tree).is_some()
}

/// What a `# syntax=` line names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Syntax {
    /// Version 1.N of the Dockerfile syntax.
    Version { minor: u32, labs: bool },
    /// Another frontend, or a version that its name does not tell.
    Foreign,
}

impl Syntax {
    fn of(tree: &Tree) -> Option<Self> {
        let directive = tree.directives.iter().find(|one| one.kind == DirectiveKind::Syntax)?;
        // What follows the image is for the frontend.
        Some(Self::read(directive.value.split_whitespace().next().unwrap_or_default()))
    }

    fn read(image: &str) -> Self {
        let (name, digest) =
            image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
        let name = name.strip_prefix("docker.io/").unwrap_or(name);
        let (name, tag) = name.split_once(':').unwrap_or((name, "latest"));
        if !matches!(name, "docker/dockerfile" | "docker/dockerfile-upstream") {
            return Self::Foreign;
        }
        let (version, labs) = match tag.strip_suffix("-labs") {
            Some(version) => (version, true),
            None => (tag, tag == "labs"),
        };
        match version.split('.').collect::<Vec<_>>().as_slice() {
            // A digest stands still while these tags move.
            ["latest" | "labs" | "1"] if digest.is_none() => Self::Version { minor: u32::MAX, labs },
            ["1", minor] | ["1", minor, _] => {
                minor.parse().map_or(Self::Foreign, |minor| Self::Version { minor, labs })
            }
            _ => Self::Foreign,
        }
    }

    fn has(self, feature: Feature) -> bool {
        match self {
            Self::Version { minor, labs: false } => minor >= feature.since(),
            Self::Version { minor, labs: true } => minor >= feature.since_labs(),
            Self::Foreign => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Feature::{CacheMounts, Chmod, Exclude, Heredocs, Link, SymbolicChmod};

    fn allowed(text: &str, builder: Builder) -> Vec<Feature> {
        let parse = dockopt_syntax::parse(text);
        assert!(parse.errors.is_empty(), "{:?}", parse.errors);
        Feature::ALL.into_iter().filter(|&feature| may_use(&parse.tree, builder, feature).is_ok()).collect()
    }

    #[test]
    fn without_a_sign_only_what_every_builder_takes() {
        let plain =
            "FROM debian:12\nHEALTHCHECK --start-interval=5s CMD true\nCOPY --chown=app:app . .\nRUN make\n";
        for builder in [Builder::Auto, Builder::Classic, Builder::Kaniko] {
            assert_eq!(allowed(plain, builder), []);
        }
        assert_eq!(allowed(plain, Builder::BuildKit), [CacheMounts, Chmod, Link, Heredocs]);
        assert_eq!(allowed(plain, Builder::Buildah), [CacheMounts, Chmod]);
    }

    #[test]
    fn what_a_file_uses_tells_what_its_builder_knows() {
        let mount = "FROM debian:12\nRUN --mount=type=secret,id=x make\n";
        assert_eq!(allowed(mount, Builder::Auto), [CacheMounts, Chmod]);
        assert_eq!(allowed(mount, Builder::Kaniko), [CacheMounts]);
        let link = "FROM debian:12\nCOPY --link . .\n";
        assert_eq!(allowed(link, Builder::Auto), [CacheMounts, Chmod, Link, Heredocs]);
        let exclude = "FROM debian:12\nCOPY --exclude=*.md . .\n";
        assert_eq!(
            allowed(exclude, Builder::Auto),
            [CacheMounts, Chmod, SymbolicChmod, Link, Exclude, Heredocs]
        );
    }

    #[test]
    fn pivots_came_after_parents() {
        for (image, expected) in [
            ("docker/dockerfile:1", true),
            ("docker/dockerfile:1.8-labs", true),
            ("docker/dockerfile:1.7-labs", false),
            ("registry.corp.example/dockerfile:1", false),
        ] {
            let parse = dockopt_syntax::parse(&format!("# syntax={image}\nFROM debian:12\n"));
            assert_eq!(knows_pivots(&parse.tree), expected, "{image}");
        }
    }

    #[test]
    fn versions_of_the_syntax() {
        let at = |image: &str| {
            allowed(&format!("# syntax={image}\nFROM debian:12\nRUN make\n"), Builder::Auto).len()
        };
        assert_eq!(at("docker/dockerfile:1"), 7);
        assert_eq!(at("docker.io/docker/dockerfile"), 7);
        assert_eq!(at("docker/dockerfile:1.0"), 0);
        assert_eq!(at("docker/dockerfile:1.2"), 2);
        assert_eq!(at("docker/dockerfile:1.4.3"), 4);
        assert_eq!(at("docker/dockerfile:1.7"), 4);
        assert_eq!(at("docker/dockerfile:1.7-labs"), 6);
        assert_eq!(at("docker/dockerfile:1.20"), 7);
        assert_eq!(
            at(
                "docker/dockerfile:1.4@sha256:9ba7531bd80fb0a858632727cf7a112fbfd19b17e94c4e84ced81e24ef1a0dbc"
            ),
            4
        );
        assert_eq!(
            at("docker/dockerfile:1@sha256:9ba7531bd80fb0a858632727cf7a112fbfd19b17e94c4e84ced81e24ef1a0dbc"),
            0
        );
        assert_eq!(at("docker/dockerfile:experimental"), 0);
        assert_eq!(at("registry.corp.example/dockerfile:1"), 0);
    }
}
