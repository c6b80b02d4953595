//! The control socket: how `tandem trace`, `calls` and `reload` talk to the running server.
//!
//! HTTP over a Unix domain socket in the data directory. Who may open the file is an administrator;
//! its mode is 0600.

use std::{
    future::Future,
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
};
use tokio::sync::watch;

/// What the command line may ask of the running server. Answers are text for a terminal.
pub trait ControlApi: Send + Sync {
    /// The ladder of a call by its id, its SIP Call-ID, or the start of either.
    fn trace<'a>(&'a self, call: &'a str) -> Answer<'a>;
    /// The live calls, one a line.
    fn calls(&self) -> Answer<'_>;
    /// Reads configuration and dialplans again; says what changed.
    fn reload(&self) -> Answer<'_>;
}

/// An answer under way.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<String, ControlError>> + Send + 'a>>;

/// Why the server could not do it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ControlError {
    /// No such thing: what was asked for, and where to look.
    #[error("{0}")]
    NotFound(String),
    /// It was refused, for example a dialplan with errors.
    #[error("{0}")]
    Refused(String),
    /// A part of the server did not answer in time.
    #[error("the server is busy; try again")]
    Busy,
}

/// The socket, bound.
#[derive(Debug)]
pub struct ControlSocket {}

impl ControlSocket {
    /// Binds `DATA/control.sock`. One left behind by a dead server is replaced, one that answers is
    /// another server's and an error.
    pub async fn bind(_data: &Path) -> Result<Self, ControlBindError> {
        todo!()
    }

    /// Serves until `stop` turns true, then removes the socket.
    pub async fn serve(self, _api: Arc<dyn ControlApi>, _stop: watch::Receiver<bool>) {
        todo!()
    }
}

/// Why the control socket cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ControlBindError {
    /// Another server runs on this data directory.
    #[error("a server is running on {} already: stop it or choose another --data", .0.display())]
    Running(PathBuf),
    /// The directory cannot be written to, or the like.
    #[error("cannot open the control socket {}: {error}", .path.display())]
    Io {
        /// The socket.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
}

/// The command line's side.
#[derive(Clone, Debug)]
pub struct Client {
    data: PathBuf,
}

impl Client {
    /// Talks to the server on this data directory.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into() }
    }

    /// Asks for `path`, for example `/calls`.
    pub async fn get(&self, _path: &str) -> Result<String, ClientError> {
        let _ = &self.data;
        todo!()
    }

    /// Orders `path`, for example `/reload`.
    pub async fn post(&self, _path: &str) -> Result<String, ClientError> {
        todo!()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No socket, or nobody behind it.
    #[error("no server is running on {}: start it with `tandem serve` or name its data directory \
             with --data", .0.display())]
    NotRunning(PathBuf),
    /// Somebody else's socket.
    #[error("may not open {}: run this as the user that runs the server", .0.display())]
    Forbidden(PathBuf),
    /// The server's own words.
    #[error("{0}")]
    Refused(String),
    /// The connection broke or the answer took too long.
    #[error("the server did not answer: {0}")]
    NoAnswer(String),
}
