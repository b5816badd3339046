//! Reads what `strace` wrote: which paths a run of several processes read, wrote and missed. Must not know what they mean.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The options under which this module can read the output.
pub(crate) const OPTIONS: [&str; 7] =
    ["-ff", "-y", "-s", "4096", "--seccomp-bpf", "-e", "trace=%file,%process,fchdir,fchmod,fchown"];

/// What a run did, by absolute path.
#[derive(Debug, Default)]
pub(crate) struct Traced {
    /// Whose bytes, or as a link whose target, it read, or which it ran.
    pub(crate) read: BTreeSet<String>,
    /// What it made, changed, renamed or removed.
    pub(crate) written: BTreeSet<String>,
    /// What it wanted to read and was not there.
    pub(crate) missed: BTreeSet<String>,
    /// What it asked the attributes of, and got them.
    pub(crate) looked_at: BTreeSet<String>,
}

/// Reads the files `x.PID` of a folder, of a run that began in the folder `cwd`.
pub(crate) fn read(folder: &Path, cwd: &str) -> Result<Traced, String> {
    let mut texts: BTreeMap<u64, String> = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix("x.").and_then(|number| number.parse().ok());
        let process = process.ok_or_else(|| format!("{name} is no output of strace"))?;
        let bytes = fs::read(entry.path()).map_err(|error| error.to_string())?;
        texts.insert(process, String::from_utf8_lossy(&bytes).into_owned());
    }
    let first = *texts.keys().next().ok_or("strace wrote nothing")?;
    let mut traced = Traced::default();
    let mut waiting = vec![(first, cwd.to_owned())];
    while let Some((process, mut cwd)) = waiting.pop() {
        for line in texts.remove(&process).unwrap_or_default().lines() {
            let Some(call) = Call::of(line) else { continue };
            match call.name {
                "clone" | "clone3" | "fork" | "vfork" => {
                    // A process begins in the folder of its parent.
                    waiting.extend(call.result.parse().ok().map(|child| (child, cwd.clone())));
                }
                "chdir" | "fchdir" if call.outcome() == Outcome::Done => {
                    cwd = call.path(0, &cwd).ok_or_else(|| format!("no folder in {line}"))?;
                }
                _ => traced.add(&call, &cwd).ok_or_else(|| format!("not understood: {line}"))?,
            }
        }
    }
    if texts.is_empty() { Ok(traced) } else { Err(format!("nobody started {:?}", texts.keys())) }
}

impl Traced {
    /// None if the call names a path and is not known.
    fn add(&mut self, call: &Call<'_>, cwd: &str) -> Option<()> {
        let outcome = call.outcome();
        let path = |at: usize| call.path(at, cwd);
        let mut note = |paths: &[Option<String>], side: fn(&mut Self) -> &mut BTreeSet<String>| {
            side(self).extend(paths.iter().flatten().cloned());
        };
        match (call.name, outcome) {
            ("open" | "openat" | "openat2" | "creat", _) => {
                let place = usize::from(call.name.starts_with("openat"));
                let flags = match (call.name, call.arguments.get(place + 1)) {
                    ("creat", _) => "O_WRONLY|O_CREAT",
                    (_, Some(Argument::Other(flags))) => flags,
                    _ => return None,
                };
                let has = |flag: &str| flags.contains(flag);
                let paths = [call.opened().or_else(|| path(place))];
                match outcome {
                    Outcome::Done => {
                        if ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"].iter().any(|flag| has(flag)) {
                            note(&paths, |own| &mut own.written);
                        }
                        if has("O_PATH") || has("O_DIRECTORY") {
                            note(&paths, |own| &mut own.looked_at);
                        } else if !has("O_WRONLY") {
                            note(&paths, |own| &mut own.read);
                        }
                    }
                    Outcome::Missed if !has("O_CREAT") => note(&paths, |own| &mut own.missed),
                    _ => {}
                }
            }
            ("execve" | "execveat" | "readlink" | "readlinkat", Outcome::Done) => {
                let place = usize::from(call.name.ends_with("at"));
                note(&[path(place)], |own| &mut own.read);
            }
            ("readlink" | "stat" | "lstat" | "access", Outcome::Missed) => {
                note(&[path(0)], |own| &mut own.missed);
            }
            ("readlinkat" | "newfstatat" | "statx" | "faccessat" | "faccessat2", Outcome::Missed) => {
                note(&[path(1)], |own| &mut own.missed);
            }
            (
                "readlink" | "stat" | "lstat" | "access" | "getxattr" | "lgetxattr" | "listxattr"
                | "llistxattr",
                _,
            ) => {
                note(&[path(0)], |own| &mut own.looked_at);
            }
            ("readlinkat" | "newfstatat" | "statx" | "faccessat" | "faccessat2", _) => {
                note(&[path(1)], |own| &mut own.looked_at);
            }
            (
                "mkdir" | "rmdir" | "unlink" | "mknod" | "chmod" | "chown" | "lchown" | "truncate" | "utime"
                | "utimes" | "fchmod" | "fchown" | "setxattr" | "lsetxattr" | "removexattr" | "lremovexattr",
                Outcome::Done,
            ) => note(&[path(0)], |own| &mut own.written),
            (
                "mkdirat" | "unlinkat" | "mknodat" | "fchmodat" | "fchmodat2" | "fchownat" | "utimensat"
                | "futimesat" | "symlink",
                Outcome::Done,
            ) => note(&[path(1)], |own| &mut own.written),
            ("rename", Outcome::Done) => note(&[path(0), path(1)], |own| &mut own.written),
            ("renameat" | "renameat2", Outcome::Done) => note(&[path(1), path(3)], |own| &mut own.written),
            ("symlinkat", Outcome::Done) => note(&[path(2)], |own| &mut own.written),
            ("link", Outcome::Done) => {
                note(&[path(0)], |own| &mut own.read);
                note(&[path(1)], |own| &mut own.written);
            }
            ("linkat", Outcome::Done) => {
                note(&[path(1)], |own| &mut own.read);
                note(&[path(3)], |own| &mut own.written);
            }
            // They say nothing of the project, or failed.
            ("getcwd" | "statfs" | "inotify_add_watch", _) => {}
            (_, Outcome::Done) if call.arguments.iter().any(|one| matches!(one, Argument::Text(_))) => {
                return None;
            }
            _ => {}
        }
        Some(())
    }
}

/// A line of the output.
struct Call<'l> {
    name: &'l str,
    arguments: Vec<Argument>,
    /// What stands after the `=`.
    result: &'l str,
}

#[derive(Debug, PartialEq, Eq)]
enum Argument {
    /// A string.
    Text(String),
    /// A descriptor, with the path that it stands for.
    Descriptor(String),
    /// Anything else as written.
    Other(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    /// The path is not there.
    Missed,
    Failed,
}

impl<'l> Call<'l> {
    /// None for lines about signals and ends.
    fn of(line: &'l str) -> Option<Self> {
        let (name, rest) = line.split_once('(')?;
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return None;
        }
        let (arguments, end) = arguments(rest);
        let result = rest.get(end..)?.trim_start().strip_prefix('=')?.trim_start();
        Some(Self { name, arguments, result })
    }

    fn outcome(&self) -> Outcome {
        if self.result.starts_with("-1 ENOENT") || self.result.starts_with("-1 ENOTDIR") {
            Outcome::Missed
        } else if self.result.starts_with(|first: char| first.is_ascii_digit()) {
            Outcome::Done
        } else {
            Outcome::Failed
        }
    }

    /// The path of the descriptor that came of it.
    fn opened(&self) -> Option<String> {
        let (_, path) = self.result.split_once('<')?;
        path.rsplit_once('>').map(|(path, _)| unescaped(path))
    }

    /// The path that an argument names: absolute, or below the descriptor before it, or below `cwd`.
    fn path(&self, at: usize, cwd: &str) -> Option<String> {
        let text = match self.arguments.get(at)? {
            Argument::Descriptor(path) => return Some(path.clone()).filter(|path| path.starts_with('/')),
            Argument::Text(text) => text.as_str(),
            Argument::Other(_) => return None,
        };
        let base = match at.checked_sub(1).and_then(|before| self.arguments.get(before)) {
            _ if text.starts_with('/') => "",
            Some(Argument::Descriptor(folder)) => folder.as_str(),
            _ => cwd,
        };
        Some(dockopt_model::gopath::clean(&format!("{base}/{text}"))).filter(|_| !text.is_empty())
    }
}

/// The arguments of a call, and where the text behind its parenthesis begins.
fn arguments(text: &str) -> (Vec<Argument>, usize) {
    let bytes = text.as_bytes();
    let (mut found, mut start, mut depth, mut at) = (Vec::new(), 0, 0_usize, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = closed(bytes, at, b'"'),
            // A descriptor and its path: `3</app>`, `AT_FDCWD</app>`.
            b'<' if bytes[..at].last().is_some_and(u8::is_ascii_alphanumeric) => at = closed(bytes, at, b'>'),
            b'(' | b'[' | b'{' => depth += 1,
            b')' if depth == 0 => {
                found.push(argument(&text[start..at]));
                return (found, at + 1);
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                found.push(argument(&text[start..at]));
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    (found, text.len())
}

/// Where what began at `at` is closed.
fn closed(bytes: &[u8], at: usize, by: u8) -> usize {
    let mut at = at + 1;
    while at < bytes.len() && bytes[at] != by {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at
}

fn argument(text: &str) -> Argument {
    let text = text.trim();
    if let Some(inside) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return Argument::Text(unescaped(inside));
    }
    match text.split_once('<') {
        Some((number, path)) if number == "AT_FDCWD" || number.bytes().all(|byte| byte.is_ascii_digit()) => {
            Argument::Descriptor(unescaped(path.split('>').next().unwrap_or(path)))
        }
        _ => Argument::Other(text.to_owned()),
    }
}

/// A text without the escapes of C.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let mut number = None;
        for _ in 0..3 {
            let Some(digit) = rest.next_if(|next| (b'0'..b'8').contains(next)) else { break };
            number = Some(number.unwrap_or(0) * 8 + u32::from(digit - b'0'));
        }
        bytes.push(match number {
            Some(number) => u8::try_from(number).unwrap_or(b'?'),
            None => match rest.next() {
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(other) => other,
                None => b'\\',
            },
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn lines_of_strace_are_read() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let first = r#"execve("/usr/bin/npm", ["npm", "ci"], 0x7ffd /* 9 vars */) = 0
openat(AT_FDCWD</t/app>, "package.json", O_RDONLY|O_CLOEXEC) = 3</t/app/package.json>
openat(AT_FDCWD</t/app>, ".npmrc", O_RDONLY) = -1 ENOENT (No such file or directory)
openat(AT_FDCWD</t/app>, "caf\303\251, (1).js", O_RDONLY) = 4</t/app/caf\303\251, (1).js>
newfstatat(5</t/app>, "", {st_mode=S_IFDIR|0755, st_size=4096, ...}, AT_EMPTY_PATH) = 0
statx(AT_FDCWD</t/app>, "/t/app/src", AT_STATX_SYNC_AS_STAT, STATX_ALL, {stx_mask=STATX_ALL, stx_mode=S_IFDIR|0755, ...}) = 0
chdir("src")                            = 0
vfork()                                 = 11
--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=11, si_uid=0} ---
chdir("..")                             = 0
mkdir("node_modules", 0777)             = 0
mkdir("src", 0777)                      = -1 EEXIST (File exists)
rename("/t/app/.tmp-1", "/t/app/lock")  = 0
+++ exited with 0 +++
"#;
    let second = r#"open("main.js", O_RDONLY)               = 3</t/app/src/main.js>
unlinkat(3</t/app/src>, "old", 0)       = 0
symlink("../x", "/t/app/link")          = 0
"#;
    fs::write(folder.path().join("x.10"), first).expect("the folder is there");
    fs::write(folder.path().join("x.11"), second).expect("the folder is there");
    let found = read(folder.path(), "/t/app").expect("it is understood");
    let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(list(&found.read), "/t/app/café, (1).js /t/app/package.json /t/app/src/main.js /usr/bin/npm");
    assert_eq!(
        list(&found.written),
        "/t/app/.tmp-1 /t/app/link /t/app/lock /t/app/node_modules /t/app/src/old"
    );
    assert_eq!(list(&found.missed), "/t/app/.npmrc");
    assert_eq!(list(&found.looked_at), "/t/app/src");
    fs::write(folder.path().join("x.12"), "newcall(\"/t/app/x\") = 0\n").expect("the folder is there");
    assert!(read(folder.path(), "/t/app").is_err(), "nobody started it");
    fs::write(folder.path().join("x.11"), "newcall(\"/t/app/x\") = 0\n").expect("the folder is there");
    assert!(read(folder.path(), "/t/app").expect_err("it is not known").starts_with("not understood"));
}
