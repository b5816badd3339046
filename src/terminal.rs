//! Where output goes: data to stdout, talk to stderr, each with colour or without. A reader that went away is no error.
//! Must not know what is written.

use std::io::{self, IsTerminal as _, Write as _};

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;

use crate::cli::Color;

/// The two streams of the process.
#[derive(Debug)]
pub struct Terminal {
    /// How data on stdout is painted.
    pub data: Paint,
    /// How talk on stderr is painted.
    pub talk: Paint,
    quiet: bool,
}

/// Whether text is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// With ANSI colours.
    Colored,
    /// As it is.
    Plain,
}

impl Paint {
    /// `text` in `style`.
    pub fn apply(self, style: Style, text: &str) -> String {
        match self {
            Self::Colored => format!("{style}{text}{style:#}"),
            Self::Plain => text.to_owned(),
        }
    }
}

impl Terminal {
    /// The streams of this process.
    pub fn new(color: Color, quiet: bool) -> Self {
        let paint = |automatic: ColorChoice| match (color, automatic) {
            (Color::Never, _) | (Color::Auto, ColorChoice::Never) => Paint::Plain,
            _ => Paint::Colored,
        };
        Self {
            data: paint(AutoStream::choice(&io::stdout())),
            talk: paint(AutoStream::choice(&io::stderr())),
            quiet,
        }
    }

    /// Writes data to stdout, byte for byte.
    pub fn data(&self, text: &str) {
        let mut out = io::stdout().lock();
        // What fails here is the reader's end of a pipe, or a full disk that no message could be written to either.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Writes talk to stderr, unless the user wants quiet.
    pub fn talk(&self, text: &str) {
        if !self.quiet {
            self.complain(text);
        }
    }

    /// Writes to stderr, quiet or not.
    pub fn complain(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Whether a progress bar makes sense.
    pub fn shows_progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }
}
