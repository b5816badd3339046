//! What a build reports while it runs, as steps: BuildKit's raw JSON, and the lines of Podman and Buildah. Must not run
//! anything.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use jiff::Timestamp;
use serde::Deserialize;

/// One instruction of a build.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The stage and the position that the engine gives it, such as `builder 2/5` or `2/5`.
    pub place: String,
    /// The instruction as the engine prints it: expanded, on one line, of a heredoc the first line only.
    pub instruction: String,
    /// Whether its result came from the cache.
    pub cached: bool,
    /// How long it ran. Of a cached step it says nothing.
    pub took: Duration,
}

impl Step {
    /// Whether it is a FROM, which every build has and which no cache is about.
    pub fn is_base(&self) -> bool {
        self.instruction.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("FROM "))
    }
}

/// What a build has reported so far.
#[derive(Debug, Default)]
pub struct Progress {
    /// What is there of a JSON value whose end has not come yet.
    pending: Vec<u8>,
    vertices: Vec<Vertex>,
    /// What went wrong.
    errors: Vec<String>,
    /// What failing steps printed last.
    logs: String,
}

/// A node of the build graph. Times are those of the engine's clock.
#[derive(Debug, Default, Deserialize)]
struct Vertex {
    digest: String,
    #[serde(default)]
    name: String,
    started: Option<Timestamp>,
    completed: Option<Timestamp>,
    #[serde(default)]
    cached: bool,
    #[serde(default)]
    error: String,
}

/// A status as `client.SolveStatus` of `BuildKit` is written by `--progress rawjson`.
#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    vertexes: Option<Vec<Vertex>>,
    #[serde(default)]
    logs: Option<Vec<Log>>,
}

#[derive(Deserialize)]
struct Log {
    data: String,
}

/// Printed text above this size is not kept: it is for error messages.
const KEPT_LOG: usize = 8 << 10;

impl Progress {
    /// Takes a piece of the output of `--progress rawjson`: JSON values one after the other, however they are spread over lines.
    /// Text that is none, such as an early error, is kept as an error. Returns the instruction that began, if one did.
    pub fn read_json(&mut self, bytes: &[u8]) -> Option<String> {
        self.pending.extend_from_slice(bytes);
        let pending = std::mem::take(&mut self.pending);
        let mut values = serde_json::Deserializer::from_slice(&pending).into_iter::<Status>();
        let mut began = None;
        let mut done = 0;
        loop {
            match values.next() {
                Some(Ok(status)) => {
                    done = values.byte_offset();
                    began = self.take(status).or(began);
                }
                Some(Err(error)) if error.is_eof() => break,
                Some(Err(_)) => {
                    let rest = &pending[done..];
                    let line = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
                    let text = String::from_utf8_lossy(&rest[..line]).trim().to_owned();
                    if !text.is_empty() {
                        self.errors.push(text);
                    }
                    self.pending = rest[line..].to_vec();
                    return if self.pending.is_empty() { began } else { self.read_json(&[]).or(began) };
                }
                None => break,
            }
        }
        self.pending = pending[done..].to_vec();
        began
    }

    fn take(&mut self, status: Status) -> Option<String> {
        let mut began = None;
        for vertex in status.vertexes.unwrap_or_default() {
            if !vertex.error.is_empty() && !self.errors.contains(&vertex.error) {
                self.errors.push(vertex.error.clone());
            }
            let at = self.vertices.iter().position(|known| known.digest == vertex.digest);
            let known = if let Some(at) = at {
                let known = &mut self.vertices[at];
                known.started = known.started.or(vertex.started);
                known.completed = vertex.completed.or(known.completed);
                known.cached |= vertex.cached;
                known
            } else {
                self.vertices.push(vertex);
                self.vertices.last_mut().expect("it was just added")
            };
            // All steps are named before the first one starts.
            if known.started.is_some() && known.completed.is_none() {
                began = Some(known.name.clone());
            }
        }
        for log in status.logs.unwrap_or_default() {
            // Go writes bytes in base 64; what is no such text was not written by it.
            let bytes = BASE64.decode(&log.data).unwrap_or_default();
            self.logs.push_str(&String::from_utf8_lossy(&bytes));
            if self.logs.len() > 2 * KEPT_LOG {
                let cut = self.logs.ceil_char_boundary(self.logs.len() - KEPT_LOG);
                self.logs.drain(..cut);
            }
        }
        began
    }

    /// The instructions, in the order of their stages and positions as the engine first named them.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for vertex in &self.vertices {
            let Some((place, instruction)) = instruction(&vertex.name) else { continue };
            let took = span(vertex.started, vertex.completed);
            // A step may be more than one node, such as a copy and the merge of its layer: it is cached if all are.
            match steps.iter_mut().find(|step| step.place == place) {
                Some(step) => {
                    step.cached &= vertex.cached;
                    step.took += took;
                }
                None => steps.push(Step { place, instruction, cached: vertex.cached, took }),
            }
        }
        steps.sort_by_cached_key(|step| position(&step.place));
        steps
    }

    /// From the first instruction's begin to the end of the last instruction, or of the export where there is one. What comes
    /// before, such as fetching a base image and sending the context, is not in it.
    pub fn took(&self) -> Duration {
        let counts =
            |vertex: &&Vertex| instruction(&vertex.name).is_some_and(|(_, text)| !text.starts_with("FROM "));
        let begin = self.vertices.iter().filter(counts).filter_map(|vertex| vertex.started).min();
        let last = |vertex: &&Vertex| counts(vertex) || vertex.name.starts_with("exporting ");
        let end = self.vertices.iter().filter(last).filter_map(|vertex| vertex.completed).max();
        span(begin, end)
    }

    /// What went wrong, with the last that was printed; empty if nothing did.
    pub fn errors(&self) -> String {
        let mut text = self.errors.join("\n");
        if !text.is_empty() && !self.logs.trim().is_empty() {
            let lines: Vec<&str> = self.logs.trim_end().lines().collect();
            let last = lines[lines.len().saturating_sub(10)..].join("\n");
            text = format!("{last}\n{text}");
        }
        text
    }
}

fn span(begin: Option<Timestamp>, end: Option<Timestamp>) -> Duration {
    begin
        .zip(end)
        .and_then(|(begin, end)| Duration::try_from(end.duration_since(begin)).ok())
        .unwrap_or_default()
}

/// `[builder 2/5] RUN make` → the place and the instruction. Other nodes are work of the engine.
fn instruction(name: &str) -> Option<(String, String)> {
    let (place, text) = name.strip_prefix('[')?.split_once("] ")?;
    let position = place.rsplit(' ').next()?;
    let (at, of) = position.split_once('/')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(at) && is_number(of)).then(|| (place.to_owned(), text.trim().to_owned()))
}

/// The stage's name and the number in it, to sort by: stages stay together, and 10 comes after 9.
fn position(place: &str) -> (String, u32) {
    let (stage, at) = place.rsplit_once(' ').unwrap_or(("", place));
    (stage.to_owned(), at.split('/').next().and_then(|at| at.parse().ok()).unwrap_or(0))
}

/// The steps that Podman and Buildah print, line by line; times are those at which the lines came.
#[derive(Debug, Default)]
pub struct Lines {
    steps: Vec<(Step, Instant)>,
    begun: Option<Instant>,
    ended: Option<Instant>,
}

impl Lines {
    /// Takes a line that came at `now`. Returns the instruction that began, if one did.
    pub fn read(&mut self, line: &str, now: Instant) -> Option<String> {
        if line.starts_with("--> ") || line.starts_with("COMMIT") {
            self.end(now);
            if let (true, Some((step, _))) = (line.contains("Using cache"), self.steps.last_mut()) {
                step.cached = true;
            }
            return None;
        }
        // `STEP 2/5: RUN make`, and with several stages `[1/2] STEP 2/5: RUN make`.
        let (stage, rest) = match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
            Some((stage, rest)) => (format!("stage {} ", stage.split('/').next().unwrap_or(stage)), rest),
            None => (String::new(), line),
        };
        let (position, text) = rest.strip_prefix("STEP ")?.split_once(": ")?;
        self.end(now);
        let step = Step {
            place: format!("{stage}{position}"),
            instruction: text.trim().to_owned(),
            cached: false,
            took: Duration::ZERO,
        };
        if !step.is_base() {
            self.begun.get_or_insert(now);
        }
        self.steps.push((step, now));
        Some(format!("[{stage}{position}] {}", text.trim()))
    }

    fn end(&mut self, now: Instant) {
        if let Some((step, begun)) = self.steps.last_mut().filter(|(step, _)| step.took.is_zero()) {
            step.took = now - *begun;
        }
        self.ended = Some(now);
    }

    /// The instructions in their order, and the time from the first that is no FROM to the end.
    pub fn finish(self) -> (Vec<Step>, Duration) {
        let took = self.begun.zip(self.ended).map(|(begun, ended)| ended - begun).unwrap_or_default();
        (self.steps.into_iter().map(|(step, _)| step).collect(), took)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &str = r#"{"vertexes":[{"digest":"sha256:a","name":"[internal] load build definition from Dockerfile","started":"2026-11-23T10:00:00Z","completed":"2026-11-23T10:00:01Z"}]}
{"vertexes":[{"digest":"sha256:b","name":"[1/3] FROM docker.io/library/alpine:3","started":"2026-11-23T10:00:01Z","completed":"2026-11-23T10:00:02Z"},
{"digest":"sha256:d","name":"[3/3] RUN make","started":"2026-11-23T10:00:03Z"}],
"logs":[{"vertex":"sha256:d","stream":1,"data":"aGVsbG8K","timestamp":"2026-11-23T10:00:03Z"}]}{"vertexes":[{"digest":"sha256:c","name":"[2/3] COPY . .","started":"2026-11-23T10:00:02Z","completed":"2026-11-23T10:00:02.5Z","cached":true}]}
{"vertexes":[{"digest":"sha256:d","name":"[3/3] RUN make","started":"2026-11-23T10:00:03Z","completed":"2026-11-23T10:00:08.25Z"},{"digest":"sha256:e","name":"exporting to image","started":"2026-11-23T10:00:09Z","completed":"2026-11-23T10:00:10Z"}]}
"#;

    #[test]
    fn steps_are_read_however_the_stream_is_cut() {
        for size in [1, 7, 100, RAW.len()] {
            let mut progress = Progress::default();
            RAW.as_bytes().chunks(size).for_each(|piece| {
                progress.read_json(piece);
            });
            let steps = progress.steps();
            let seen: Vec<_> = steps
                .iter()
                .map(|step| (step.place.as_str(), step.instruction.as_str(), step.cached))
                .collect();
            let expected = [
                ("1/3", "FROM docker.io/library/alpine:3", false),
                ("2/3", "COPY . .", true),
                ("3/3", "RUN make", false),
            ];
            assert_eq!(seen, expected, "pieces of {size}");
            assert_eq!(steps[2].took, Duration::from_millis(5250));
            assert_eq!(progress.took(), Duration::from_secs(8));
            assert_eq!(progress.errors(), "");
        }
    }

    #[test]
    fn what_is_told_is_the_step_that_began() {
        let mut progress = Progress::default();
        let planned = r#"{"vertexes":[{"digest":"a","name":"[1/2] RUN make"},{"digest":"b","name":"[2/2] RUN make install"}]}"#;
        assert_eq!(progress.read_json(planned.as_bytes()), None);
        let began =
            r#"{"vertexes":[{"digest":"a","name":"[1/2] RUN make","started":"2026-11-23T10:00:00Z"}]}"#;
        assert_eq!(progress.read_json(began.as_bytes()).as_deref(), Some("[1/2] RUN make"));
    }

    #[test]
    fn an_error_comes_with_the_last_that_was_printed() {
        let mut progress = Progress::default();
        progress.read_json(br#"{"logs":[{"vertex":"sha256:d","data":"bWFrZTogbm8gcnVsZQo="}]}"#);
        progress.read_json(b"ERROR: unknown flag: --progress\n");
        progress.read_json(
            br#"{"vertexes":[{"digest":"sha256:d","name":"[2/2] RUN make","error":"exit code: 2"}]}"#,
        );
        assert_eq!(progress.errors(), "make: no rule\nERROR: unknown flag: --progress\nexit code: 2");
    }

    #[test]
    fn steps_of_a_stage_stay_together_in_number() {
        let mut progress = Progress::default();
        for (digest, place) in [("a", "b 10/10"), ("b", "b 9/10"), ("c", "2/2"), ("d", "linux/arm64 b 1/2")] {
            let text = format!(r#"{{"vertexes":[{{"digest":"{digest}","name":"[{place}] RUN x"}}]}}"#);
            progress.read_json(text.as_bytes());
        }
        let places: Vec<String> = progress.steps().into_iter().map(|step| step.place).collect();
        assert_eq!(places, ["2/2", "b 9/10", "b 10/10", "linux/arm64 b 1/2"]);
    }

    #[test]
    fn lines_of_buildah_are_steps() {
        let mut lines = Lines::default();
        let begin = Instant::now();
        let text = "STEP 1/3: FROM busybox\nSTEP 2/3: WORKDIR /app\n--> Using cache 0a1b\n--> 0a1b\nSTEP 3/3: RUN make\nhello\n\
                    --> 2c3d\nCOMMIT app\n";
        for (second, line) in text.lines().enumerate() {
            lines.read(line, begin + Duration::from_secs(second as u64));
        }
        let (steps, took) = lines.finish();
        let seen: Vec<_> = steps.iter().map(|step| (step.instruction.as_str(), step.cached)).collect();
        assert_eq!(seen, [("FROM busybox", false), ("WORKDIR /app", true), ("RUN make", false)]);
        assert_eq!((steps[2].took, took), (Duration::from_secs(2), Duration::from_secs(6)));
        let mut lines = Lines::default();
        lines.read("[2/2] STEP 1/4: FROM alpine AS run", begin);
        assert_eq!(lines.finish().0[0].place, "stage 2 1/4");
    }
}
