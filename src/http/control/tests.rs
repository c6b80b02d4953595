use super::*;
use std::time::Duration;
use tempfile::TempDir;
use tokio::{task::JoinHandle, time::timeout};

#[tokio::test]
async fn the_command_line_gets_the_servers_answers() {
    let server = Server::start().await;
    let client = Client::new(server.data.path());

    assert_eq!(client.trace("a/b?c%d@h é").await.unwrap(), "ladder of a/b?c%d@h é");
    assert_eq!(client.get("/calls").await.unwrap(), "no calls");
    let refused = client.post("/reload").await.unwrap_err();
    assert_eq!(refused.to_string(), "dialplans/demo.toml: line 3: no such key");
    assert!(matches!(client.get("/reload").await, Err(ClientError::Refused(_))));

    server.stop().await;
}

#[tokio::test]
async fn without_a_server_the_command_line_says_how_to_start_one() {
    let data = TempDir::new().unwrap();
    let client = Client::new(data.path());

    let no_file = client.get("/calls").await.unwrap_err().to_string();
    drop(std::os::unix::net::UnixListener::bind(data.path().join(SOCKET_NAME)).unwrap());
    let nobody_behind_it = client.get("/calls").await.unwrap_err().to_string();

    assert!(no_file.contains("start it with `tandem serve`"), "{no_file}");
    assert_eq!(no_file, nobody_behind_it);
}

#[tokio::test]
async fn only_the_owner_may_open_the_socket_and_it_goes_with_the_server() {
    let server = Server::start().await;
    let path = server.data.path().join(SOCKET_NAME);

    let mode = fs::metadata(&path).unwrap().permissions().mode();
    let data = server.stop().await;

    assert_eq!(mode & 0o777, 0o600);
    assert!(!data.path().join(SOCKET_NAME).exists());
}

#[tokio::test]
async fn a_dead_servers_socket_is_replaced_and_a_live_ones_is_not() {
    let data = TempDir::new().unwrap();
    drop(std::os::unix::net::UnixListener::bind(data.path().join(SOCKET_NAME)).unwrap());

    let first = ControlSocket::bind(data.path()).await.unwrap();
    let second = ControlSocket::bind(data.path()).await.unwrap_err();

    assert!(matches!(second, ControlBindError::Running(_)), "{second}");
    drop(first);
    ControlSocket::bind(data.path()).await.unwrap();
}

#[tokio::test]
async fn a_missing_data_directory_is_named() {
    let data = TempDir::new().unwrap();

    let error = ControlSocket::bind(&data.path().join("none")).await.unwrap_err().to_string();

    assert!(error.contains("none/control.sock") && error.contains("writable"), "{error}");
}

struct Server {
    data: TempDir,
    stop: watch::Sender<bool>,
    task: JoinHandle<io::Result<()>>,
}

impl Server {
    async fn start() -> Self {
        let data = TempDir::new().unwrap();
        let socket = ControlSocket::bind(data.path()).await.unwrap();
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(socket.serve(Arc::new(Scripted), stopping));
        Self { data, stop, task }
    }

    async fn stop(self) -> TempDir {
        self.stop.send_replace(true);
        timeout(Duration::from_secs(10), self.task).await.unwrap().unwrap().unwrap();
        self.data
    }
}

/// Answers as a server might.
struct Scripted;

impl ControlApi for Scripted {
    fn trace<'a>(&'a self, call: &'a str) -> Answer<'a> {
        Box::pin(async move { Ok(format!("ladder of {call}")) })
    }

    fn calls(&self) -> Answer<'_> {
        Box::pin(async { Ok("no calls".to_owned()) })
    }

    fn reload(&self) -> Answer<'_> {
        let problem = "dialplans/demo.toml: line 3: no such key".to_owned();
        Box::pin(async { Err(ControlError::Refused(problem)) })
    }
}
