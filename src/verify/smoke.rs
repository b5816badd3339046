//! Runs both images: a command line of the user's, or the image's own health check. Must not judge more than whether both
//! did the same.

use std::thread;
use std::time::{Duration, Instant};

use crate::engine::Engine;
use crate::image::config::ImageConfig;
use crate::process::Failure;

/// What both images did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smoke {
    /// What was run.
    pub what: String,
    /// What the original did.
    pub before: Did,
    /// What the rewritten form did.
    pub after: Did,
}

/// What an image did when it ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Did {
    /// The command line ended with this code and printed this.
    Ended {
        /// The exit code; `None` after a signal.
        code: Option<i32>,
        /// What it printed on stdout.
        printed: String,
        /// The last that it printed on stderr, which may differ.
        complaint: String,
    },
    /// The health check succeeded.
    Healthy,
    /// It did not succeed in time, or the program ended; with the last that was printed.
    Unhealthy(String),
}

impl Smoke {
    /// Whether both did the same.
    pub fn is_same(&self) -> bool {
        match (&self.before, &self.after) {
            (
                Did::Ended { code, printed, .. },
                Did::Ended { code: code_after, printed: printed_after, .. },
            ) => code == code_after && printed == printed_after,
            (Did::Unhealthy(_), Did::Unhealthy(_)) => true,
            (before, after) => before == after,
        }
    }
}

/// How long an image has to become healthy.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(500);

/// Runs `command`, or the health check that the images have. `None` where there is neither, or the engine cannot run the check.
pub(super) fn test(
    engine: &Engine,
    images: [&str; 2],
    command: Option<&str>,
    watch: &mut dyn FnMut(&str),
) -> Result<Option<Smoke>, Failure> {
    if let Some(command) = command {
        let [before, after] = images.map(|image| {
            watch(&format!("running `{command}` in {image}"));
            engine.run(image, command)
        });
        let did = |ended: crate::process::Ended| Did::Ended {
            code: ended.code,
            printed: String::from_utf8_lossy(&ended.stdout).into_owned(),
            complaint: ended.stderr,
        };
        return Ok(Some(Smoke { what: format!("`{command}`"), before: did(before?), after: did(after?) }));
    }
    let mut found = Vec::new();
    for image in images {
        let Some(words) = check(&engine.config(image)?) else { return Ok(None) };
        watch(&format!("waiting for the health check of {image}"));
        match healthy(engine, image, &words) {
            Some(did) => found.push(did?),
            None => return Ok(None),
        }
    }
    let [before, after] = <[Did; 2]>::try_from(found).expect("there are two images");
    Ok(Some(Smoke { what: "the health check".to_owned(), before, after }))
}

/// The command of a health check. The first word tells its form (Docker's API: `NONE`, `CMD` and `CMD-SHELL`).
fn check(config: &ImageConfig) -> Option<Vec<String>> {
    let (form, words) = config.healthcheck.as_ref()?.test.split_first()?;
    match form.as_str() {
        "CMD" => Some(words.to_vec()),
        "CMD-SHELL" => {
            let usual = ["/bin/sh".to_owned(), "-c".to_owned()];
            let shell = if config.shell.is_empty() { &usual[..] } else { &config.shell };
            Some(shell.iter().cloned().chain([words.join(" ")]).collect())
        }
        _ => None,
    }
}

/// Starts an image and repeats its check. The engine would do so too, but only every half minute.
fn healthy(engine: &Engine, image: &str, words: &[String]) -> Option<Result<Did, Failure>> {
    let container = match engine.start(image)? {
        Ok(container) => container,
        Err(failure) => return Some(Err(failure)),
    };
    let begun = Instant::now();
    let wait = || loop {
        if container.execute(words)?.code == Some(0) {
            return Ok(Did::Healthy);
        }
        if begun.elapsed() > PATIENCE || !container.is_running()? {
            return Ok(Did::Unhealthy(container.logs()));
        }
        thread::sleep(PAUSE);
    };
    Some(wait())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(code: i32, printed: &str, complaint: &str) -> Did {
        Did::Ended { code: Some(code), printed: printed.to_owned(), complaint: complaint.to_owned() }
    }

    #[test]
    fn the_same_is_code_and_stdout() {
        let smoke = |before, after| Smoke { what: String::new(), before, after };
        assert!(smoke(ended(0, "3.12", "warm"), ended(0, "3.12", "cold")).is_same());
        assert!(!smoke(ended(0, "3.12", ""), ended(0, "3.11", "")).is_same());
        assert!(!smoke(ended(0, "", ""), ended(1, "", "")).is_same());
        assert!(smoke(Did::Unhealthy("a".into()), Did::Unhealthy("b".into())).is_same());
        assert!(!smoke(Did::Healthy, Did::Unhealthy(String::new())).is_same());
    }
}
