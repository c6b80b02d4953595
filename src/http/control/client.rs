//! The command line's side of the control socket.

use super::SOCKET_NAME;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Method, Request, body::Bytes, client::conn::http1, header::HOST};
use hyper_util::rt::TokioIo;
use std::{error::Error, fmt::Write, io, path::PathBuf, time::Duration};
use tokio::{net::UnixStream, time::timeout};

/// How long the server may take to answer; a reload reads every dialplan.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest answer taken, in bytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Talks to the server that runs on a data directory.
#[derive(Clone, Debug)]
pub struct Client {
    data: PathBuf,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No socket, or nobody behind it.
    #[error("no server is running on {}: start it with `tandem serve`, or name its data directory \
             with --data", .0.display())]
    NotRunning(PathBuf),
    /// Another user's server.
    #[error("may not open {}: run this as the user that runs the server", .0.display())]
    Forbidden(PathBuf),
    /// The server's own words.
    #[error("{0}")]
    Refused(String),
    /// The connection broke or the answer took too long.
    #[error("the server did not answer ({0}); look into its log")]
    NoAnswer(Box<dyn Error + Send + Sync>),
}

impl Client {
    /// Talks to the server on this data directory.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into() }
    }

    /// The ladder of a call; see [`super::ControlApi::trace`].
    pub async fn trace(&self, call: &str) -> Result<String, ClientError> {
        self.get(&format!("/trace/{}", escape_segment(call))).await
    }

    /// Asks for a path, for example `/calls`.
    pub async fn get(&self, path: &str) -> Result<String, ClientError> {
        self.request(Method::GET, path).await
    }

    /// Orders a path, for example `/reload`.
    pub async fn post(&self, path: &str) -> Result<String, ClientError> {
        self.request(Method::POST, path).await
    }

    async fn request(&self, method: Method, path: &str) -> Result<String, ClientError> {
        let stream = self.connect().await?;
        timeout(ANSWER_TIMEOUT, exchange(stream, method, path))
            .await
            .unwrap_or_else(|_| Err(no_answer(format!("{} s passed", ANSWER_TIMEOUT.as_secs()))))
    }

    async fn connect(&self) -> Result<UnixStream, ClientError> {
        let path = self.data.join(SOCKET_NAME);
        UnixStream::connect(&path).await.map_err(|error| {
            if error.kind() == io::ErrorKind::PermissionDenied {
                ClientError::Forbidden(path)
            } else {
                ClientError::NotRunning(self.data.clone())
            }
        })
    }
}

async fn exchange(stream: UnixStream, method: Method, path: &str) -> Result<String, ClientError> {
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(no_answer)?;
    // Ends with the sender; what goes wrong in it shows in the response.
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "localhost")
        .body(Empty::<Bytes>::new())
        .map_err(no_answer)?;
    let (head, body) = sender.send_request(request).await.map_err(no_answer)?.into_parts();
    let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(no_answer)?;
    let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    if head.status.is_success() { Ok(text) } else { Err(ClientError::Refused(text)) }
}

fn no_answer(error: impl Into<Box<dyn Error + Send + Sync>>) -> ClientError {
    ClientError::NoAnswer(error.into())
}

/// A path segment, RFC 3986 section 3.3: a Call-ID may hold `/`, `?` and `%`.
fn escape_segment(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            escaped.push(byte.into());
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}
