//! Other programs: runs them, hands on what they print while they print it, and ends them when the user interrupts. Must not
//! know what any of them is for.

use std::ffi::OsStr;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError, Weak, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Why a program did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// There is no such program.
    #[error("there is no program `{0}`")]
    Missing(String),
    /// The user interrupted.
    #[error("interrupted")]
    Interrupted,
    /// It ended with a failure.
    #[error("`{command}` failed: {message}")]
    Failed {
        /// The command line, shortened.
        command: String,
        /// The last that it said.
        message: String,
    },
    /// A file of the copied build context could not be written.
    #[error("`{path}` in a copy of the build context could not be written: {error}")]
    File {
        /// Its path in the context.
        path: String,
        /// What went wrong.
        error: io::Error,
    },
    /// What it wrote cannot be understood.
    #[error("{0}")]
    Unreadable(String),
    /// It could not be run or read.
    #[error("`{command}` could not be run: {error}")]
    Broken {
        /// The command line, shortened.
        command: String,
        /// What went wrong.
        error: io::Error,
    },
}

/// The last lines of an error message that are kept.
const KEPT_LINES: usize = 12;
/// How long a program may take to end by itself after an interrupt; after that it is killed.
const GRACE: Duration = Duration::from_secs(3);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static RUNNING: Mutex<Vec<Weak<Mutex<Child>>>> = Mutex::new(Vec::new());

/// From now on Ctrl-C and a request to terminate do not end dockopt at once: running programs are ended, and every call here
/// returns [`Failure::Interrupted`], so that whoever made something can take it away again.
pub fn catch_interrupts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Where no handler can be set, the process ends as it would have.
        let _ = ctrlc::set_handler(|| {
            INTERRUPTED.store(true, Ordering::SeqCst);
            end_running();
        });
    });
}

/// Whether the user interrupted.
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Ends what runs: first as the user's own interrupt would, so that it can clean up, then without asking.
fn end_running() {
    let running = std::mem::take(&mut *lock(&RUNNING));
    for child in running.iter().filter_map(Weak::upgrade) {
        signal(&lock(&child), Signal::Interrupt);
        let steps = GRACE.as_millis() / 50;
        let ended = (0..steps).any(|_| {
            thread::sleep(Duration::from_millis(50));
            matches!(lock(&child).try_wait(), Ok(Some(_)) | Err(_))
        });
        if !ended {
            signal(&lock(&child), Signal::Kill);
        }
    }
}

/// What a program is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    Interrupt,
    Kill,
}

/// Tells a program and those that it started, which may hold on to its output.
#[cfg(unix)]
fn signal(child: &Child, signal: Signal) {
    use rustix::process::{Pid, Signal as Number, kill_process_group};
    let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return };
    let number = match signal {
        Signal::Interrupt => Number::INT,
        Signal::Kill => Number::KILL,
    };
    // It may have ended by itself.
    let _ = kill_process_group(group, number);
}

/// Here the console tells programs of an interrupt, and they cannot be asked otherwise.
#[cfg(not(unix))]
fn signal(_: &Child, _: Signal) {}

/// A group of its own, so that the program and those that it starts can be ended together.
#[cfg(unix)]
fn set_apart(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn set_apart(_: &mut Command) {}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a program printed on stdout.
pub fn output(command: &mut Command) -> Result<Vec<u8>, Failure> {
    let stream = stream(command)?;
    whole(command, stream)
}

/// Runs a program and hands on each line of its stdout and stderr when it comes.
pub fn lines(command: &mut Command, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
    let mut running = Running::start(command)?;
    let stdout = running.stdout.take().expect("it is piped");
    let stderr = lock(&running.child).stderr.take().expect("it is piped");
    let (sender, receiver) = mpsc::channel();
    let other = sender.clone();
    let readers = [
        thread::spawn(move || hand_on(stdout, |line| other.send((line, false)))),
        thread::spawn(move || hand_on(stderr, |line| sender.send((line, true)))),
    ];
    let mut tail = Tail::default();
    for (line, is_error) in receiver {
        each(&line);
        if is_error {
            tail.push(&line);
        }
    }
    for reader in readers {
        // It has ended: the channel is closed.
        let _ = reader.join();
    }
    running.wait(&tail)
}

/// Sends every line, its end with it, until there is nobody to send to.
fn hand_on<E>(from: impl Read, mut send: impl FnMut(Vec<u8>) -> Result<(), E>) {
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if send(std::mem::take(&mut line)).is_err() {
            break;
        }
    }
}

/// A program whose stdout is read as it comes. Call [`Stream::finish`] at the end: only then is it known to have worked.
#[derive(Debug)]
pub struct Stream {
    running: Running,
    stdout: ChildStdout,
    stderr: JoinHandle<Tail>,
}

/// Starts a program to read its stdout.
pub fn stream(command: &mut Command) -> Result<Stream, Failure> {
    Ok(stream_of(Running::start(command)?))
}

/// The same for one that reads `input` on its stdin.
pub fn stream_fed(command: &mut Command, input: Vec<u8>) -> Result<Stream, Failure> {
    let running = Running::start_with(command, Stdio::piped())?;
    let stdin = lock(&running.child).stdin.take();
    // It may write before it has read everything. If it ends early, its exit code says why.
    thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
    Ok(stream_of(running))
}

/// What a program that reads `input` printed on stdout.
pub fn output_fed(command: &mut Command, input: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let stream = stream_fed(command, input)?;
    whole(command, stream)
}

fn whole(command: &Command, mut stream: Stream) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map_err(|error| broken(command, error))?;
    stream.finish()?;
    Ok(bytes)
}

fn stream_of(mut running: Running) -> Stream {
    let stdout = running.stdout.take().expect("it is piped");
    let stderr = lock(&running.child).stderr.take().expect("it is piped");
    let stderr = thread::spawn(move || {
        let mut tail = Tail::default();
        BufReader::new(stderr).split(b'\n').map_while(Result::ok).for_each(|line| tail.push(&line));
        tail
    });
    Stream { running, stdout, stderr }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stdout.read(buffer)
    }
}

impl Stream {
    /// Reads what is left, waits for the end, and says whether the program worked.
    pub fn finish(mut self) -> Result<(), Failure> {
        // A program that cannot write any more would wait for ever, or fail for a reason that is not its own.
        let _ = io::copy(&mut self.stdout, &mut io::sink());
        let tail = self.stderr.join().unwrap_or_default();
        self.running.wait(&tail)
    }
}

/// How a command line ended that may fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; `None` after a signal.
    pub code: Option<i32>,
    /// What it printed on stdout.
    pub stdout: Vec<u8>,
    /// The last that it printed on stderr.
    pub stderr: String,
}

/// Runs a program whose failure is an answer.
pub fn ended(command: &mut Command) -> Result<Ended, Failure> {
    let mut stdout = Vec::new();
    let mut stream = stream(command)?;
    stream.read_to_end(&mut stdout).map_err(|error| broken(command, error))?;
    let stderr = stream.stderr.join().unwrap_or_default().text();
    let status = lock(&stream.running.child).wait().map_err(|error| broken(command, error))?;
    if is_interrupted() {
        Err(Failure::Interrupted)
    } else {
        Ok(Ended { code: status.code(), stdout, stderr })
    }
}

/// The same, ended where it takes longer than that.
pub fn ended_within(command: &mut Command, limit: Duration) -> Result<Ended, Failure> {
    let mut stdout = Vec::new();
    let mut stream = stream(command)?;
    let (done, is_done) = mpsc::channel::<()>();
    let child = Arc::clone(&stream.running.child);
    // Its output ends when it does.
    let watch = thread::spawn(move || {
        let is_late = is_done.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout);
        if is_late {
            let mut child = lock(&child);
            signal(&child, Signal::Kill);
            // Where there are no groups, it is ended alone.
            let _ = child.kill();
        }
        is_late
    });
    let read = stream.read_to_end(&mut stdout);
    drop(done);
    let is_late = watch.join().unwrap_or_default();
    read.map_err(|error| broken(command, error))?;
    let stderr = stream.stderr.join().unwrap_or_default().text();
    let status = lock(&stream.running.child).wait().map_err(|error| broken(command, error))?;
    if is_interrupted() {
        Err(Failure::Interrupted)
    } else if is_late {
        let message = format!("it took longer than {} seconds", limit.as_secs());
        Err(Failure::Failed { command: shown(command), message })
    } else {
        Ok(Ended { code: status.code(), stdout, stderr })
    }
}

/// A child process that an interrupt ends.
#[derive(Debug)]
struct Running {
    child: Arc<Mutex<Child>>,
    stdout: Option<ChildStdout>,
    command: String,
}

impl Running {
    fn start(command: &mut Command) -> Result<Self, Failure> {
        Self::start_with(command, Stdio::null())
    }

    fn start_with(command: &mut Command, stdin: Stdio) -> Result<Self, Failure> {
        if is_interrupted() {
            return Err(Failure::Interrupted);
        }
        set_apart(command);
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Failure::Missing(command.get_program().to_string_lossy().into_owned()),
            _ => broken(command, error),
        })?;
        let stdout = child.stdout.take();
        let child = Arc::new(Mutex::new(child));
        let mut running = lock(&RUNNING);
        running.retain(|other| other.strong_count() > 0);
        running.push(Arc::downgrade(&child));
        Ok(Self { child, stdout, command: shown(command) })
    }

    fn wait(&self, tail: &Tail) -> Result<(), Failure> {
        let status = lock(&self.child).wait();
        if is_interrupted() {
            return Err(Failure::Interrupted);
        }
        let command = self.command.clone();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) if tail.lines.is_empty() => {
                Err(Failure::Failed { command, message: status.to_string() })
            }
            Ok(_) => Err(Failure::Failed { command, message: tail.text() }),
            Err(error) => Err(Failure::Broken { command, error }),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut child = lock(&self.child);
        if matches!(child.try_wait(), Ok(None)) {
            signal(&child, Signal::Kill);
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The failure of a program whose output cannot be understood.
pub fn broken(command: &Command, error: io::Error) -> Failure {
    Failure::Broken { command: shown(command), error }
}

/// The program and its first words: what follows may be long, and may be a secret.
fn shown(command: &Command) -> String {
    let words = command.get_args().take(2).map(OsStr::to_string_lossy);
    let program = command.get_program().to_string_lossy();
    std::iter::once(program).chain(words).collect::<Vec<_>>().join(" ")
}

/// The last lines of an output.
#[derive(Debug, Default)]
struct Tail {
    lines: Vec<String>,
}

impl Tail {
    fn push(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line).trim_end().to_owned();
        if !line.is_empty() {
            self.lines.push(line);
        }
        if self.lines.len() > 2 * KEPT_LINES {
            self.lines.drain(..KEPT_LINES);
        }
    }

    fn text(&self) -> String {
        self.lines[self.lines.len().saturating_sub(KEPT_LINES)..].join("\n")
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_a_program_prints_is_handed_on() {
        assert_eq!(output(&mut shell("printf 'a\\nb'")).unwrap(), b"a\nb");
        let mut seen = Vec::new();
        lines(&mut shell("echo err >&2; sleep 0.1; echo out"), &mut |line| seen.push(line.to_owned()))
            .unwrap();
        assert_eq!(seen, [b"err\n".to_vec(), b"out\n".to_vec()]);
    }

    #[test]
    fn a_program_is_fed_while_it_prints() {
        let input = vec![b'x'; 1 << 20];
        assert_eq!(output_fed(&mut shell("cat"), input.clone()).unwrap(), input);
        assert_eq!(output_fed(&mut shell("echo done"), input).unwrap(), b"done\n");
    }

    #[test]
    fn a_failure_says_the_last_that_it_printed() {
        let failure = output(&mut shell("echo first; echo 'no such file' >&2; exit 3")).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "`sh -c echo first; echo 'no such file' >&2; exit 3` failed: no such file"
        );
        let failure = lines(&mut shell("exit 3"), &mut |_| {}).unwrap_err();
        assert!(failure.to_string().ends_with("failed: exit status: 3"), "{failure}");
        let ended = ended(&mut shell("echo out; exit 4")).unwrap();
        assert_eq!((ended.code, ended.stdout.as_slice()), (Some(4), b"out\n".as_slice()));
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended() {
        let limit = Duration::from_millis(200);
        let failure = ended_within(&mut shell("sleep 30"), limit).unwrap_err();
        assert!(failure.to_string().ends_with("it took longer than 0 seconds"), "{failure}");
        assert_eq!(ended_within(&mut shell("echo a"), limit * 50).unwrap().stdout, b"a\n");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let failure = output(&mut Command::new("dockopt-no-such-program")).unwrap_err();
        assert_eq!(failure.to_string(), "there is no program `dockopt-no-such-program`");
    }
}
