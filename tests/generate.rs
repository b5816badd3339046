//! Dockerfiles for property tests: the seeds, fixtures and examples of this repository, and mutations of them. The same
//! number always gives the same files: there is no clock and no other source of chance.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a test may touch the world")]

use std::fs;
use std::path::{Path, PathBuf};

/// Every seed, fixture and example, by its path from the root of the repository.
pub(crate) fn sources() -> Vec<(String, String)> {
    // The crates of the workspace use this file too.
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package
        .ancestors()
        .find(|folder| folder.join("tests/seeds").is_dir())
        .expect("the seeds are in the repository");
    let mut paths = Vec::new();
    collect(&root.join("tests/seeds"), &|name| name.ends_with(".Dockerfile"), &mut paths);
    for folder in ["tests/fixtures", "examples"] {
        collect(&root.join(folder), &|name| name.starts_with("Dockerfile"), &mut paths);
    }
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(root).expect("it was found there").display().to_string();
        Some((name, String::from_utf8(fs::read(path).expect("it is listed")).ok()?))
    };
    paths.iter().filter_map(read).collect()
}

/// All sources, then mutations of them: `n` files in all, or more if there are more sources.
pub(crate) fn cases(n: usize) -> Vec<(String, String)> {
    let sources = sources();
    let mut cases = sources.clone();
    let is_accepted = |source: &&(String, String)| dockopt_syntax::parse(&source.1).errors.is_empty();
    let accepted: Vec<_> = sources.iter().filter(is_accepted).cloned().collect();
    let mut random = Random(0x0d0c_4e0f);
    while cases.len() < n {
        // Most mutations of a refused file are refused too, and for the same reason: one in eight is enough.
        let from = if random.below(8) == 0 { &sources } else { &accepted };
        let (name, text) = &from[random.below(from.len())];
        let text = mutated(text, &sources, &mut random);
        cases.push((format!("{name} mutated as case {}", cases.len()), text));
    }
    cases
}

/// The generator splitmix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 where there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).expect("it is below a usize")
    }
}

/// What a mutation puts somewhere: the characters and words that mean something in a Dockerfile.
const PIECES: [&str; 46] = [
    "\\",
    "\\\n",
    "\\\\\n",
    "`",
    "`\n",
    "\"",
    "'",
    "#",
    "\n# note\n",
    "\n\n",
    "\n",
    "\r",
    "\r\n",
    "\t",
    " ",
    "  ",
    "\u{b}",
    "\u{c}",
    "\u{a0}",
    "\u{85}",
    "\u{feff}",
    "é",
    "=",
    "--",
    " --x=y ",
    " -- ",
    "[",
    "]",
    ",",
    "[\"a\", \"b\"]",
    "<<EOF",
    " <<EOF\nx\nEOF\n",
    "<<-'E'",
    " << E",
    "EOF",
    "$",
    "${a",
    "${a:-b}",
    "${a#b}",
    "\\\"",
    "\\u00e9",
    "ONBUILD ",
    "RUN ",
    "HEALTHCHECK CMD ",
    "# escape=`\n",
    "<",
];

/// The text after one to three random changes.
pub(crate) fn mutated(text: &str, sources: &[(String, String)], random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(3) {
        text = if random.below(3) == 0 {
            changed_lines(&text, sources, random)
        } else {
            changed_place(&text, random)
        };
    }
    text
}

fn changed_place(text: &str, random: &mut Random) -> String {
    let mut at = random.below(text.len() + 1);
    // Half of the changes happen at the end of a line or a word, where most rules look.
    if random.below(2) == 0 {
        at = text[floor(text, at)..].find(['\n', ' ']).map_or(text.len(), |next| floor(text, at) + next);
    }
    let (before, after) = text.split_at(floor(text, at));
    match random.below(8) {
        0 => after
            .chars()
            .next()
            .map_or_else(|| before.to_owned(), |c| format!("{before}{}", &after[c.len_utf8()..])),
        1 => before.to_owned(),
        _ => format!("{before}{}{after}", PIECES[random.below(PIECES.len())]),
    }
}

fn changed_lines(text: &str, sources: &[(String, String)], random: &mut Random) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let (one, other) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(6) {
        0 if !lines.is_empty() => drop(lines.remove(one)),
        1 if !lines.is_empty() => lines.insert(other, lines[one]),
        2 if !lines.is_empty() => lines.swap(one, other),
        3 => {
            return if text.contains("\r\n") {
                text.replace("\r\n", "\n")
            } else {
                text.replace('\n', "\r\n")
            };
        }
        4 => {
            let donor = &sources[random.below(sources.len())].1;
            let from: Vec<&str> = donor.split_inclusive('\n').collect();
            let start = random.below(from.len());
            let end = (start + 1 + random.below(4)).min(from.len());
            lines.splice(one..one, from[start.min(end)..end].iter().copied());
        }
        _ => {
            return lines
                .iter()
                .enumerate()
                .map(|(at, line)| if at == one { line.trim_end() } else { line })
                .collect();
        }
    }
    lines.concat()
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn collect(folder: &Path, wanted: &dyn Fn(&str) -> bool, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, wanted, paths);
        } else if wanted(&entry.file_name().to_string_lossy()) {
            paths.push(path);
        }
    }
}

#[test]
fn the_same_cases_every_time() {
    let cases = cases(400);
    assert!(cases.len() >= 400);
    assert_eq!(cases, self::cases(400));
}
