//! Programs that run as a user: the images start, answer, and may write what they were given and nothing else. Must not know how a user
//! is made.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use dockopt::engine::Container;

use crate::pins::dockopt;
use crate::stand::{Image, NETWORK, Stand};

const PYTHON: [(&str, &str); 2] = [
    (
        "Dockerfile",
        "FROM python:3.11\nWORKDIR /app\nCOPY status.py .\nEXPOSE 8000\nCMD [\"python3\", \"status.py\"]\n",
    ),
    (
        "status.py",
        "from http.server import BaseHTTPRequestHandler, HTTPServer\n\n\n\
         class Status(BaseHTTPRequestHandler):\n    def do_GET(self):\n        self.send_response(1200 // 6)\n        self.end_headers()\n        \
         self.wfile.write(b\"ready\")\n\n\nHTTPServer((\"0.0.0.0\", 8000), Status).serve_forever()\n",
    ),
];

const GO: [(&str, &str); 3] = [
    (
        "Dockerfile",
        "FROM golang:1.22 AS build\nWORKDIR /src\nCOPY go.mod main.go ./\nRUN CGO_ENABLED=0 go build -o /out/collector .\n\n\
         FROM debian:bookworm-slim\nCOPY --from=build /out/collector /usr/local/bin/\nVOLUME /collected\nENTRYPOINT [\"collector\"]\n",
    ),
    ("go.mod", "module example.org/collector\n\ngo 1.19\n"),
    (
        "main.go",
        "package main\n\nimport \"time\"\n\nfunc main() {\n\tprintln(\"ready\")\n\ttime.Sleep(time.Hour)\n}\n",
    ),
];

#[test]
fn programs_start_and_work_as_users() {
    let Some(stand) = Stand::find("programs of users") else { return };
    let python = project(&PYTHON);
    let (image, running) = start(&stand, python.path(), "user-python");
    let ask = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8000').read().decode())";
    assert_eq!(within(&running, &["python3", "-c", ask]), (true, "ready\n".to_owned()), "{}", running.logs());
    assert_eq!(within(&running, &["id", "-u"]), (true, "10001\n".to_owned()));
    assert_eq!(
        within(&running, &["sh", "-c", "echo $HOME && touch ~/x /tmp/x && pwd"]),
        (true, "/home/app\n/app\n".to_owned())
    );
    assert!(!within(&running, &["touch", "/app/status.py"]).0, "its own source is not its to change");
    drop((running, image));

    let go = project(&GO);
    let (image, running) = start(&stand, go.path(), "user-go");
    assert!(within(&running, &["touch", "/collected/x"]).0, "{}", running.logs());
    assert!(running.logs().contains("ready") && running.is_running().unwrap());
    assert!(!within(&running, &["touch", "/usr/local/bin/collector"]).0);
    drop((running, image));
}

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Rewrites the project, builds it and starts it.
fn start<'s>(stand: &'s Stand, folder: &Path, name: &str) -> (Image<'s>, Container) {
    let said = dockopt(folder, &["fix", "--unsafe", "--select", "run-as-user", "--write", "Dockerfile"]);
    let text = fs::read_to_string(folder.join("Dockerfile")).unwrap();
    assert!(said.status.success() && text.contains("\nUSER 10001:10001\n"), "{text}{said:?}");
    let image = stand.image(name);
    let arguments: Vec<OsString> = NETWORK.iter().map(Into::into).collect();
    stand.build_with(folder, &image, &arguments).unwrap_or_else(|failure| panic!("{failure}\n{text}"));
    let running = stand.engine.start(&image.name).expect("Docker starts images").unwrap();
    thread::sleep(Duration::from_secs(1));
    (image, running)
}

/// What a command in the container printed, and whether it succeeded.
fn within(container: &Container, words: &[&str]) -> (bool, String) {
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    let ended = container.execute(&words).unwrap();
    (ended.code == Some(0), String::from_utf8_lossy(&ended.stdout).into_owned())
}
