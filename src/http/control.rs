//! The control socket: how `tandem trace`, `calls` and `reload` talk to the running server.
//!
//! HTTP over a Unix domain socket in the data directory. Who may open the file is an administrator;
//! its mode is 0600.

mod client;

pub use client::{Client, ClientError};

use axum::{
    Router,
    extract::{Path as UrlPath, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use socket2::{Domain, SockAddr, Socket, Type};
use std::{
    fs::{self, Permissions},
    future::Future,
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::watch,
};

/// The socket's name in the data directory.
pub const SOCKET_NAME: &str = "control.sock";

/// What the command line may ask of the running server. Answers are text for a terminal.
pub trait ControlApi: Send + Sync {
    /// The ladder of a call by its id or the SIP Call-ID of one of its dialogs.
    fn trace<'a>(&'a self, call: &'a str) -> Answer<'a>;
    /// The live calls and those whose SIP messages are kept, one a line.
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

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, self.to_string()).into_response()
    }
}

/// The socket, bound. Its file goes when it is dropped or has served.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    file: SocketFile,
}

impl ControlSocket {
    /// Binds [`SOCKET_NAME`] in the data directory, which is there. A socket left behind by a dead
    /// server is replaced, one that answers is another server's and an error.
    pub async fn bind(data: &Path) -> Result<Self, ControlBindError> {
        let path = data.join(SOCKET_NAME);
        if UnixStream::connect(&path).await.is_ok() {
            return Err(ControlBindError::Running(data.to_owned()));
        }
        match listen(&path) {
            Ok(listener) => Ok(Self { listener, file: SocketFile(path) }),
            Err(error) => Err(ControlBindError::Io { path, error }),
        }
    }

    /// Serves until `stop` turns true and the requests under way are answered.
    pub async fn serve(
        self,
        api: Arc<dyn ControlApi>,
        mut stop: watch::Receiver<bool>,
    ) -> io::Result<()> {
        let Self { listener, file } = self;
        let served = axum::serve(listener, router(api))
            .with_graceful_shutdown(async move {
                // An owner that is gone stops us, too.
                let _ = stop.wait_for(|stop| *stop).await;
            })
            .await;
        drop(file);
        served
    }
}

/// Why the control socket cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ControlBindError {
    /// Another server runs on this data directory.
    #[error("a server is running on {} already: stop it or choose another --data", .0.display())]
    Running(PathBuf),
    /// The directory cannot be written to, or the like.
    #[error("cannot open the control socket {}: {error}; is the data directory there and writable?",
            .path.display())]
    Io {
        /// The socket.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
}

/// Removes the file when dropped. One that is gone already is fine.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn listen(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    // Nobody can connect before `listen`, so that there is no moment at which others get in.
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    UnixListener::from_std(socket.into())
}

/// Command lines that wait to be accepted.
const BACKLOG: i32 = 16;

type Api = State<Arc<dyn ControlApi>>;

fn router(api: Arc<dyn ControlApi>) -> Router {
    Router::new()
        .route("/trace/{call}", get(trace))
        .route("/calls", get(calls))
        .route("/reload", post(reload))
        .with_state(api)
}

async fn trace(api: Api, UrlPath(call): UrlPath<String>) -> Result<String, ControlError> {
    api.trace(&call).await
}

async fn calls(api: Api) -> Result<String, ControlError> {
    api.calls().await
}

async fn reload(api: Api) -> Result<String, ControlError> {
    api.reload().await
}

#[cfg(test)]
mod tests;
