//! A private PostgreSQL for the tests of one process: its own data, its own socket, gone at the end.

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};
use tempfile::TempDir;

/// A running cluster; stopped and removed when dropped.
pub(crate) struct Postgres {
    directory: TempDir,
    server: Child,
}

impl Postgres {
    /// Starts one. Panics with what to install if PostgreSQL is not there.
    pub(crate) fn start() -> Self {
        let directory = tempfile::Builder::new().prefix("tandem-pg-").tempdir().unwrap();
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o777)).unwrap();
        let data = directory.path().join("data");
        let made = as_unprivileged(&bin("initdb"))
            .args(["--no-sync", "--auth=trust", "--username=tandem", "--encoding=UTF8"])
            .args(["--locale=C", "--pgdata"])
            .arg(&data)
            .current_dir("/")
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let server = serve(&data, directory.path());
        Self { directory, server }
    }

    /// The address of a database, `postgres` being there from the start.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?user=tandem&host={}", self.directory.path().display())
    }

    /// Ends the server as `kill -9` does; its data stays.
    pub(crate) fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    /// Starts the server again after [`Self::kill`].
    pub(crate) fn start_again(&mut self) {
        let data = self.directory.path().join("data");
        self.server = serve(&data, self.directory.path());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The cluster is thrown away, and its processes follow their parent within a moment.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Starts the server on a socket in `socket_directory` and waits until it takes connections.
fn serve(data: &Path, socket_directory: &Path) -> Child {
    let mut server = as_unprivileged(&bin("postgres"))
        .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=50"])
        .arg("-k")
        .arg(socket_directory)
        .arg("-D")
        .arg(data)
        .current_dir("/")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (ready, is_ready) = mpsc::channel();
    let log = BufReader::new(server.stderr.take().unwrap());
    // Reads on for as long as the server lives, so that a full pipe never stops it.
    std::thread::spawn(move || {
        let mut tail = Vec::new();
        for line in log.lines().map_while(Result::ok) {
            let is_up = line.contains("database system is ready to accept connections");
            tail.push(line);
            if is_up {
                let _ = ready.send(Ok(()));
            }
        }
        let _ = ready.send(Err(tail.join("\n")));
    });
    match is_ready.recv_timeout(START_TIMEOUT) {
        Ok(Ok(())) => server,
        Ok(Err(log)) => panic!("PostgreSQL ended at its start:\n{log}"),
        Err(mpsc::RecvTimeoutError::Timeout | mpsc::RecvTimeoutError::Disconnected) => {
            panic!("PostgreSQL did not start within {START_TIMEOUT:?}")
        }
    }
}

/// PostgreSQL refuses to run as root; whoever runs the tests, it ends with them.
fn as_unprivileged(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT"]);
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.arg(program);
    command
}

/// The newest PostgreSQL that Debian installed, or the one on the path.
fn bin(program: &str) -> PathBuf {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = installed
        .filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok())
        .max()
        .map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin/{program}")));
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|it| it.join(OsStr::new(program))).find(|it| it.exists())
    };
    newest
        .filter(|it| it.exists())
        .or_else(on_path)
        .unwrap_or_else(|| panic!("{program} is not there: apt-get install postgresql"))
}

const START_TIMEOUT: Duration = Duration::from_mins(1);
