//! A small HTTP server that answers as a test says, or hands on to another server. It closes each connection after one answer.
//! Must not know what a registry is.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A request.
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The lines of its header.
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
    /// The same as it came.
    pub(crate) bytes: Vec<u8>,
}

impl Asked {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// What is answered.
pub(crate) enum Reply {
    /// Status, headers and body, which is left out where only the header was asked for.
    Text(u16, Vec<(&'static str, String)>, String),
    /// The same for a body that is no text.
    Bytes(u16, Vec<(String, String)>, Vec<u8>),
    /// Exactly this; where it is nothing, the answer is lost.
    Raw(String),
    /// What another server says.
    Forward(String),
    /// A body that goes on until nobody reads it.
    Endless,
}

impl Reply {
    /// An answer without a body.
    pub(crate) fn status(status: u16, headers: &[(&'static str, &str)]) -> Self {
        let headers = headers.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        Self::Text(status, headers, String::new())
    }
}

/// A server on this machine. It ends with this value.
pub(crate) struct Web {
    pub(crate) address: String,
    log: Arc<Mutex<Vec<Asked>>>,
    is_over: Arc<AtomicBool>,
    place: SocketAddr,
}

impl Web {
    /// Starts a server.
    pub(crate) fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let place = listener.local_addr().expect("it is bound");
        let log: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let is_over: Arc<AtomicBool> = Arc::default();
        let (answer, own_log, over) = (Arc::new(answer), Arc::clone(&log), Arc::clone(&is_over));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&own_log));
                // A client that goes away is no fault.
                thread::spawn(move || serve(&stream, &*answer, &log));
            }
        });
        Self { address: place.to_string(), log, is_over, place }
    }

    /// What was asked: method and path of each request other than the first look at a host.
    pub(crate) fn asked(&self) -> Vec<String> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter()
            .filter(|asked| asked.path != "/v2/")
            .map(|asked| format!("{} {}", asked.method, asked.path))
            .collect()
    }

    /// Every authorization that was sent here.
    pub(crate) fn authorizations(&self) -> Vec<String> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter().filter_map(|asked| asked.header("authorization")).map(str::to_owned).collect()
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.place);
    }
}

fn serve(stream: &TcpStream, answer: &dyn Fn(&Asked) -> Reply, log: &Mutex<Vec<Asked>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        lines.push(line.to_owned());
    }
    let first = lines.first()?.clone();
    let (method, rest) = first.split_once(' ')?;
    let path = rest.split(' ').next()?.to_owned();
    let mut asked = Asked {
        method: method.to_owned(),
        path,
        headers: lines[1..].to_vec(),
        body: String::new(),
        bytes: Vec::new(),
    };
    let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8_lossy(&body).into_owned();
    asked.bytes = body;
    let reply = answer(&asked);
    let is_head = asked.method == "HEAD";
    let forwarded = if let Reply::Forward(to) = &reply { Some(forward(&asked, to)?) } else { None };
    // Before anybody can read the answer.
    log.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
    let mut out = stream;
    match reply {
        Reply::Text(status, headers, body) => {
            let mut text =
                format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
            for (key, value) in &headers {
                text.push_str(&format!("{key}: {value}\r\n"));
            }
            text.push_str("\r\n");
            if !is_head {
                text.push_str(&body);
            }
            out.write_all(text.as_bytes()).ok()?;
        }
        Reply::Bytes(status, headers, body) => {
            let mut text =
                format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
            for (key, value) in &headers {
                text.push_str(&format!("{key}: {value}\r\n"));
            }
            text.push_str("\r\n");
            out.write_all(text.as_bytes()).and_then(|()| out.write_all(&body)).ok()?;
        }
        Reply::Raw(text) => out.write_all(text.as_bytes()).ok()?,
        Reply::Forward(_) => out.write_all(&forwarded.unwrap_or_default()).ok()?,
        Reply::Endless => {
            let header = "HTTP/1.1 200 x\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
            out.write_all(header.as_bytes()).ok()?;
            while out.write_all(&[b' '; 4_096]).is_ok() {}
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
    Some(())
}

fn forward(asked: &Asked, to: &str) -> Option<Vec<u8>> {
    let mut upstream = TcpStream::connect(to).ok()?;
    let mut text = format!("{} {} HTTP/1.1\r\n", asked.method, asked.path);
    for line in asked.headers.iter().filter(|line| !line.to_ascii_lowercase().starts_with("connection:")) {
        text.push_str(&format!("{line}\r\n"));
    }
    text.push_str("connection: close\r\n\r\n");
    text.push_str(&asked.body);
    upstream.write_all(text.as_bytes()).ok()?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).ok()?;
    Some(answer)
}
