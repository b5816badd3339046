//! The timing file: how long each step took when it last ran. `verify` writes it; whoever weighs steps reads it. It is text
//! here; must not read or write files.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;

/// How long steps took, by Dockerfile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    version: u32,
    /// By path of the Dockerfile in its repository, then by instruction in one line, in seconds.
    files: BTreeMap<String, BTreeMap<String, f64>>,
}

impl Default for Timings {
    fn default() -> Self {
        Self { version: VERSION, files: BTreeMap::new() }
    }
}

impl Timings {
    /// Reads a timing file. `None` if it is none, or one of another version.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|timings: &Self| timings.version == VERSION)
    }

    /// The file's text.
    pub fn text(&self) -> String {
        super::json::document(self)
    }

    /// Notes a measured step; a later measurement counts.
    pub fn note(&mut self, file: &str, instruction: &str, took: Duration) {
        let seconds = (took.as_secs_f64() * 1000.0).round() / 1000.0;
        self.files.entry(file.to_owned()).or_default().insert(one_line(instruction), seconds);
    }

    /// How long an instruction of a Dockerfile took.
    pub fn of(&self, file: &str, instruction: &str) -> Option<Duration> {
        let seconds = self.files.get(file)?.get(&one_line(instruction))?;
        Duration::try_from_secs_f64(*seconds).ok()
    }
}

/// Engines print an instruction with its blanks as they are in the file; how it is laid out does not matter here.
fn one_line(instruction: &str) -> String {
    instruction.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read_again() {
        let mut timings = Timings::default();
        timings.note(
            "api/Dockerfile",
            "RUN pip install  -r requirements.txt",
            Duration::from_micros(3_214_567),
        );
        timings.note("api/Dockerfile", "COPY . .", Duration::ZERO);
        let read = Timings::read(&timings.text()).unwrap();
        assert_eq!(read, timings);
        assert_eq!(
            read.of("api/Dockerfile", "RUN pip install     -r requirements.txt"),
            Some(Duration::from_millis(3215))
        );
        assert_eq!(read.of("web/Dockerfile", "COPY . ."), None);
        assert_eq!(Timings::read(&timings.text().replace("\"version\": 1", "\"version\": 2")), None);
    }
}
