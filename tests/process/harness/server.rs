//! Tandem itself, as a user starts it.

use super::{
    CdrRow, Outcome, Process,
    cdr::{set_ring_time, set_talked_outside},
    repository, wait_for,
};
use crate::ports::PortBlock;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, prlimit};
use std::{
    fmt,
    io::{Read, Write},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A server with the demo domain, on a block of ports and in a folder of its own.
#[derive(Debug)]
pub(crate) struct Server {
    process: Process,
    ports: PortBlock,
    rtp_ports: String,
    folder: TempDir,
}

/// How a phone reaches the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Transport {
    Udp,
    Tcp,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        })
    }
}

impl Server {
    /// Seeds the demo domain, starts the server, waits until it is ready.
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    /// The same, with these lines after those of the demo's configuration; `SIP_PORT` in them is the
    /// server's own.
    pub(crate) fn start_with(config: &str) -> Self {
        Self::start_prepared(config, None, seed)
    }

    /// The same, with a variable in its environment.
    pub(crate) fn start_with_variable(config: &str, variable: (&str, &str)) -> Self {
        Self::start_prepared_with(config, None, Some(variable), seed)
    }

    /// The same, where `extension` rings for `seconds` only.
    pub(crate) fn start_with_ring_time(extension: &str, seconds: u32) -> Self {
        Self::start_prepared("", None, |folder| {
            seed(folder);
            set_ring_time(&folder.join("data/tandem.db"), extension, seconds);
        })
    }

    /// The same where `extension` has talked outside for `seconds` today.
    pub(crate) fn start_with_talked_outside(config: &str, extension: &str, seconds: i64) -> Self {
        Self::start_prepared(config, None, |folder| {
            seed(folder);
            set_talked_outside(&folder.join("data/tandem.db"), extension, seconds);
        })
    }

    /// The same with the pieces of hold music that `make` puts into the folder it is given.
    pub(crate) fn start_with_music(make: impl FnOnce(&Path)) -> Self {
        Self::start_prepared("[server]\nsounds_dir = \"FOLDER/sounds\"\n", None, |folder| {
            let music = folder.join("sounds/music/default");
            std::fs::create_dir_all(&music).expect("folder can be made");
            std::os::unix::fs::symlink(repository("sounds/ru"), folder.join("sounds/ru"))
                .expect("the demo's prompts can be linked");
            make(&music);
            seed(folder);
        })
    }

    /// The same with this dialplan in place of the demo's.
    pub(crate) fn start_with_plan(plan: &str) -> Self {
        Self::start_with_plan_and("", plan)
    }

    /// The same with these lines of configuration, too.
    pub(crate) fn start_with_plan_and(config: &str, plan: &str) -> Self {
        let config = format!("[server]\ndialplans_dir = \"FOLDER/plans\"\n{config}");
        Self::start_prepared(&config, None, |folder| {
            std::fs::create_dir_all(folder.join("plans")).expect("folder can be made");
            std::fs::write(folder.join("plans/plan.toml"), plan).expect("plan can be written");
            seed(folder);
        })
    }

    /// Without the demo domain, on a fresh database and with no configuration but this.
    pub(crate) fn start_fresh(config: &str) -> Self {
        Self::start_prepared(config, None, |folder| {
            std::fs::write(folder.join("tandem.toml"), config).expect("config can be written");
        })
    }

    /// The same as [`Self::start`] with all the RTP ports that the demo has, on a loopback address
    /// that no other process uses.
    pub(crate) fn start_with_many_rtp_ports() -> Self {
        let [_, high, middle, low] = std::process::id().to_be_bytes();
        let config = format!("[media]\nlisten = [\"127.{}.{middle}.{low}\"]\n", 64 + high % 64);
        Self::start_prepared(&config, Some("20000-29999"), seed)
    }

    /// Writes the configuration, lets `prepare` see to the data, starts.
    fn start_prepared(
        more_config: &str,
        rtp_ports: Option<&str>,
        prepare: impl FnOnce(&Path),
    ) -> Self {
        Self::start_prepared_with(more_config, rtp_ports, None, prepare)
    }

    fn start_prepared_with(
        more_config: &str,
        rtp_ports: Option<&str>,
        variable: Option<(&str, &str)>,
        prepare: impl FnOnce(&Path),
    ) -> Self {
        let ports = PortBlock::claim();
        let folder = tempfile::tempdir().expect("temporary folder can be made");
        let config = config(&ports) + "\n" + more_config;
        let config = config
            .replace("SIP_PORT", &ports.port(SIP).to_string())
            .replace("FOLDER", &folder.path().to_string_lossy());
        std::fs::write(folder.path().join("tandem.toml"), config).expect("config can be written");
        prepare(folder.path());

        let rtp_ports = rtp_ports.map_or_else(|| rtp_ports_of(&ports), str::to_owned);
        let process = launch(&ports, &rtp_ports, folder.path(), variable);
        let mut server = Self { process, ports, rtp_ports, folder };
        server.wait_until_ready();
        server
    }

    /// `kill -9`, then the same server again on the same folder and ports.
    pub(crate) fn kill_and_restart(&mut self) {
        self.process.kill();
        self.process = launch(&self.ports, &self.rtp_ports, self.folder.path(), None);
        self.wait_until_ready();
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        self.process.signal(Signal::TERM);
    }

    /// SIGHUP.
    pub(crate) fn hang_up(&self) {
        self.process.signal(Signal::HUP);
    }

    /// Its database.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("data/tandem.db")
    }

    /// Runs another of the binary's commands on this server's configuration and data.
    pub(crate) fn command(&self, arguments: &[&str]) -> Outcome {
        let config = self.folder.path().join("tandem.toml");
        let data = self.folder.path().join("data");
        let settings = ["--config", &config.to_string_lossy(), "--data", &data.to_string_lossy()];
        tandem(self.folder.path(), &[arguments, &settings].concat())
    }

    /// From now on no file of its may grow beyond this; `None` for as far as they may at the start.
    pub(crate) fn limit_file_size(&self, bytes: Option<u64>) {
        let pid = Pid::from_raw(self.pid() as i32);
        let limit = getrlimit(Resource::Fsize);
        let current = bytes.or(limit.current);
        let limit = Rlimit { current, ..limit };
        prlimit(pid, Resource::Fsize, limit).expect("a process of ours may be limited");
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// A gauge or counter without labels of `/metrics`; 0 while it has not been set.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let metrics = self.get("/metrics").expect("metrics are served");
        metrics
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
            .unwrap_or(0)
    }

    /// Waits until a counter without labels has grown by so much.
    #[track_caller]
    pub(crate) fn wait_for_more(&self, name: &str, count: u64) {
        let before = self.metric(name);
        wait_for(name, COUNTED_WITHIN, || (self.metric(name) >= before + count).then_some(()));
    }

    /// Lets a moment of talk or music pass: so many packets, counted where they go out.
    #[track_caller]
    pub(crate) fn wait_for_packets_sent(&self, count: u64) {
        self.wait_for_more("tandem_rtp_packets_sent_total", count);
    }

    /// The same, counted where they come in.
    #[track_caller]
    pub(crate) fn wait_for_packets_received(&self, count: u64) {
        self.wait_for_more("tandem_rtp_packets_received_total", count);
    }

    /// Waits until nothing of any call, dialog or transaction is alive; over UDP, transactions
    /// linger for up to 32 s. The figures are a moment old, so that they must stay at zero a while.
    #[track_caller]
    pub(crate) fn wait_until_quiet(&self) {
        let mut quiet_since = None;
        wait_for("everything being over", LINGER_LIMIT, || {
            if LIVE.iter().any(|it| self.metric(it) != 0) {
                quiet_since = None;
                return None;
            }
            let since = *quiet_since.get_or_insert_with(Instant::now);
            (since.elapsed() > FIGURES_AGE_MAX).then_some(())
        });
    }

    /// Waits for the server to end by itself.
    pub(crate) fn wait_for_end(&mut self, limit: Duration) -> std::process::ExitStatus {
        wait_for("end of the server", limit, || self.process.exited())
    }

    /// Where SIP is served, UDP and TCP.
    pub(crate) fn sip(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.port(SIP)).into()
    }

    /// Ports for the phones of the test, one a `slot` from 0 on. The port after it is the phone's
    /// too: baresip opens TLS there.
    pub(crate) fn phone_port(&self, slot: u16) -> u16 {
        self.ports.port(FIRST_PHONE + 2 * slot)
    }

    /// The first of ten RTP ports for the phone at `slot`.
    pub(crate) fn phone_rtp_port(&self, slot: u16) -> u16 {
        self.ports.port(FIRST_PHONE_RTP + slot * RTP_PORTS_A_PHONE)
    }

    /// A folder that goes away with the test.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the server has logged.
    pub(crate) fn log(&self) -> String {
        self.process.output()
    }

    /// Where SIP is served over IPv6, if the configuration says so.
    pub(crate) fn sip_v6(&self) -> SocketAddr {
        (Ipv6Addr::LOCALHOST, self.ports.port(SIP)).into()
    }

    /// Where HTTP is served.
    pub(crate) fn http(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.port(HTTP)).into()
    }

    /// Body of `GET path`, if the answer was 200.
    pub(crate) fn get(&self, path: &str) -> Option<String> {
        let (status, body) = self.get_any(path)?;
        (status == 200).then_some(body)
    }

    /// Status and body of `GET path`.
    pub(crate) fn get_any(&self, path: &str) -> Option<(u16, String)> {
        let http = (Ipv4Addr::LOCALHOST, self.ports.port(HTTP)).into();
        let mut stream = TcpStream::connect_timeout(&http, HTTP_LIMIT).ok()?;
        stream.set_read_timeout(Some(HTTP_LIMIT)).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// The call log once it has `count` rows, oldest first.
    #[track_caller]
    pub(crate) fn wait_for_cdrs(&self, count: usize) -> Vec<CdrRow> {
        let database = self.database();
        wait_for(&format!("{count} rows in the call log"), CDR_LIMIT, || {
            Some(CdrRow::read_all(&database)).filter(|rows| rows.len() >= count)
        })
    }

    fn wait_until_ready(&mut self) {
        wait_for("server being ready", READY_LIMIT, || {
            if let Some(status) = self.process.exited() {
                panic!("the server ended at once, {status}: {}", self.process.output());
            }
            self.get("/readyz")
        });
    }
}

/// The demo's configuration, its carrier moved to the test's own port.
fn config(ports: &PortBlock) -> String {
    let demo = repository("docs/config.demo.toml");
    let trunk = ports.port(FIRST_PHONE + 2 * TRUNK_SLOT).to_string();
    std::fs::read_to_string(demo).expect("the demo has a configuration").replace("5070", &trunk)
}

/// `tandem demo`, on the configuration and into the data of `folder`.
fn seed(folder: &Path) {
    let config = folder.join("tandem.toml");
    let data = folder.join("data");
    let settings = ["--config", &config.to_string_lossy(), "--data", &data.to_string_lossy()];
    let seeded = tandem(folder, &[&["demo", "--no-calls"][..], &settings].concat());
    assert!(seeded.status.success(), "tandem demo: {}", seeded.output);
}

/// Runs one of the binary's commands to its end, in the repository.
pub(crate) fn tandem(folder: &Path, arguments: &[&str]) -> Outcome {
    let log = tempfile::NamedTempFile::new_in(folder).expect("log can be made");
    let mut command = Command::new(binary());
    command.current_dir(repository("")).args(arguments);
    Process::run("tandem", &mut command, log.path(), COMMAND_LIMIT)
}

/// As `--rtp-ports` wants them.
pub(crate) fn rtp_ports_of(ports: &PortBlock) -> String {
    let range = ports.rtp_range();
    format!("{}-{}", range.start(), range.end())
}

fn launch(
    ports: &PortBlock,
    rtp_ports: &str,
    folder: &Path,
    variable: Option<(&str, &str)>,
) -> Process {
    let mut command = Command::new(binary());
    command
        .current_dir(repository(""))
        .arg("serve")
        .args(["--config".as_ref(), folder.join("tandem.toml").as_os_str()])
        .args(["--data".as_ref(), folder.join("data").as_os_str()])
        .args(["--sip-port", &ports.port(SIP).to_string()])
        .args(["--http-port", &ports.port(HTTP).to_string()])
        .args(["--rtp-ports", rtp_ports])
        .envs(variable);
    Process::start("tandem serve", &mut command, &folder.join("server.log"))
}

/// `TANDEM_BIN` puts another build under the same tests.
fn binary() -> PathBuf {
    std::env::var_os("TANDEM_BIN")
        .map_or_else(|| env!("CARGO_BIN_EXE_tandem").into(), PathBuf::from)
}

/// The slot of the demo's carrier, as if it were a phone.
pub(crate) const TRUNK_SLOT: u16 = 4;

/// Offsets into the test's block of ports.
const SIP: u16 = 2;
const HTTP: u16 = 6;
const FIRST_PHONE: u16 = 10;
const FIRST_PHONE_RTP: u16 = 100;
const RTP_PORTS_A_PHONE: u16 = 20;

const LIVE: [&str; 5] = [
    "tandem_calls",
    "tandem_legs",
    "tandem_media_sessions",
    "tandem_sip_dialogs",
    "tandem_sip_transactions",
];
/// Longer than anything that a test lets phones say.
const COUNTED_WITHIN: Duration = Duration::from_secs(60);
const LINGER_LIMIT: Duration = Duration::from_secs(60);
const FIGURES_AGE_MAX: Duration = Duration::from_millis(500);
const READY_LIMIT: Duration = Duration::from_secs(20);
const COMMAND_LIMIT: Duration = Duration::from_secs(20);
const HTTP_LIMIT: Duration = Duration::from_secs(2);
const CDR_LIMIT: Duration = Duration::from_secs(10);
