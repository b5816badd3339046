//! The builders whose caches differ. Must not know keys.

/// Whose rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Builder {
    /// `BuildKit`: a graph by content. Instructions that only set something cost nothing by themselves.
    #[default]
    BuildKit,
    /// `BuildKit` inside Docker with Docker's own image store, the usual one before Docker 29: it takes `COPY --link` for a plain COPY.
    Docker,
    /// The builder of Docker before `BuildKit`: a chain in which every instruction counts. Builds stages that nobody uses.
    Classic,
    /// Buildah and Podman: a chain in which every instruction counts.
    Buildah,
    /// Kaniko: a chain in which every instruction counts.
    Kaniko,
}

impl Builder {
    /// Whether an instruction that only sets something (ENV, LABEL, CMD, …) is part of the key of every step below it, whatever it
    /// sets (moby `image/cache/compare.go`, buildah `stage_executor.go`, kaniko `build.go`).
    pub(super) fn counts_every_instruction(self) -> bool {
        !matches!(self, Self::BuildKit | Self::Docker)
    }

    /// Whether the result of `COPY --link` stands apart from the steps before it.
    pub(super) fn links_copies(self) -> bool {
        self == Self::BuildKit
    }

    /// Whether stages that the target does not need are built.
    pub(super) fn builds_unused_stages(self) -> bool {
        self == Self::Classic
    }
}
