//! Programs and modules of Python packages, each in a virtual environment below the target folder that is made once. Says why where there
//! is none.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A Python that can import a module of a package.
pub(crate) fn python(package: &str, version: &str, module: &str) -> Result<PathBuf, String> {
    let folder = folder(package, version);
    let python = folder.join("python");
    let works = || finishes(Command::new(&python).args(["-c", &format!("import {module}")]), 20);
    if works() { Ok(python) } else { install(package, version).map(|()| python.clone()) }
}

fn environment(package: &str, version: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{package}-{version}"))
}

fn folder(package: &str, version: &str) -> PathBuf {
    environment(package, version).join(if cfg!(windows) { "Scripts" } else { "bin" })
}

fn install(package: &str, version: &str) -> Result<(), String> {
    let environment = environment(package, version);
    if !finishes(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment), 60) {
        return Err("python3 cannot make a virtual environment".to_owned());
    }
    let mut pip = Command::new(folder(package, version).join("python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--only-binary=:all:",
    ]);
    pip.args(["--timeout", "5", "--retries", "0", &format!("{package}=={version}")]);
    if finishes(&mut pip, 60) { Ok(()) } else { Err(format!("the package `{package}` cannot be installed")) }
}

/// Whether the command succeeds within that many seconds.
fn finishes(command: &mut Command, seconds: u64) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child): Result<Child, _> = quiet.spawn() else { return false };
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Err(_) => break,
        }
    }
    // It may have ended meanwhile.
    let _ = child.kill().and_then(|()| child.wait().map(drop));
    false
}
