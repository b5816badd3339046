//! What is known of the parts of a pipe, and of shells: what an exit status says, who reads all of its input, and where `pipefail` is.
//! It knows names only, and says nothing of what it does not know.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::bases::Base;

/// What the exit status of a command on the left side of a pipe says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It is always 0.
    NeverFails,
    /// Another one than 0 means that it did not do its work.
    FailsOnError,
}

/// How the shell of an image can be told that a pipe fails with its left side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pipefail {
    /// `sh` has the option.
    Sh,
    /// `sh` has not, and bash is there.
    Bash,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Data {
    never_fail: Vec<String>,
    fail_on_error: Vec<String>,
    read_all: Vec<String>,
    sh_has_pipefail: Vec<String>,
    has_bash: Vec<String>,
    #[cfg(test)]
    sources: Vec<String>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../data/shells/pipes.toml")).expect("a test reads the file")
});

/// What the status of a command says.
pub fn status(command: &str) -> Option<Status> {
    let is_in = |names: &[String]| names.iter().any(|name| name == command);
    if is_in(&DATA.never_fail) {
        Some(Status::NeverFails)
    } else {
        is_in(&DATA.fail_on_error).then_some(Status::FailsOnError)
    }
}

/// Whether a command reads all that it is given.
pub fn reads_all(command: &str) -> bool {
    DATA.read_all.iter().any(|name| name == command)
}

/// How an image can be told to fail with the left side of a pipe.
pub fn pipefail_of(base: &Base) -> Option<Pipefail> {
    let family = base.family.as_ref()?;
    if DATA.sh_has_pipefail.contains(family) {
        Some(Pipefail::Sh)
    } else {
        DATA.has_bash.contains(family).then_some(Pipefail::Bash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_apart_and_have_sources() {
        assert!(!DATA.sources.is_empty());
        assert!(DATA.never_fail.iter().all(|name| !DATA.fail_on_error.contains(name)));
        assert!(DATA.sh_has_pipefail.iter().all(|family| !DATA.has_bash.contains(family)));
        // An answer of no is no failure, and these stop as soon as they have seen enough.
        for name in ["grep", "diff", "test", "yes"] {
            assert_eq!(status(name), None, "{name}");
        }
        for name in ["head", "grep", "sed", "awk", "less"] {
            assert!(!reads_all(name), "{name}");
        }
    }
}
