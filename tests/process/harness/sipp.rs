//! SIPp: scripted user agents that this project did not write. The scenarios are in
//! `sipp-scenarios/`, where each says what it shows and how to run it alone.

use super::{Process, Server, TRUNK_SLOT, Transport, repository, wait_for};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// One SIPp that plays one scenario once, before it is started.
#[derive(Debug)]
pub(crate) struct Sipp {
    scenario: &'static str,
    port: u16,
    transport: Transport,
    is_v6: bool,
    calls: u32,
    folder: PathBuf,
    media_port: Option<u16>,
    arguments: Vec<String>,
}

/// A SIPp at work.
#[derive(Debug)]
pub(crate) struct RunningSipp {
    scenario: &'static str,
    process: Process,
    folder: PathBuf,
}

/// A message as SIPp sent or received it.
#[derive(Clone, Debug)]
pub(crate) struct TraceEntry {
    /// Time of day, in ms.
    pub(crate) at_ms: f64,
    /// Whether SIPp sent it; it received the others.
    pub(crate) sent: bool,
    pub(crate) message: String,
}

impl Sipp {
    /// A caller, the phone at `slot`, who is `extension` and dials `number`.
    pub(crate) fn caller(
        server: &Server,
        slot: u16,
        scenario: &'static str,
        extension: &str,
        number: &str,
    ) -> Self {
        Self::new(server, slot, scenario).with(&[
            &server.sip().to_string(),
            "-s",
            number,
            "-key",
            "caller",
            extension,
            "-au",
            extension,
            "-ap",
            &format!("demo-{extension}"),
            "-auth_uri",
            &format!("{number}@{}", server.sip()),
        ])
    }

    /// The demo's carrier, which calls `number` without credentials.
    pub(crate) fn trunk(server: &Server, scenario: &'static str, number: &str) -> Self {
        let server_address = server.sip().to_string();
        Self::new(server, TRUNK_SLOT, scenario).with(&[
            &server_address,
            "-s",
            number,
            "-key",
            "caller",
            "+79160000000",
        ])
    }

    /// A callee, the phone at `slot`; see [`Sipp::register`].
    pub(crate) fn callee(server: &Server, slot: u16, scenario: &'static str) -> Self {
        Self::new(server, slot, scenario)
    }

    /// A registration of `extension` at the phone at `slot`.
    pub(crate) fn registration(
        server: &Server,
        slot: u16,
        scenario: &'static str,
        extension: &str,
        password: &str,
    ) -> Self {
        Self::new(server, slot, scenario).with(&[
            &server.sip().to_string(),
            "-s",
            extension,
            "-au",
            extension,
            "-ap",
            password,
            "-auth_uri",
            &server.sip().to_string(),
        ])
    }

    /// Registers the phone at `slot` as `extension`, and waits for the 200.
    #[track_caller]
    pub(crate) fn register(server: &Server, slot: u16, extension: &str, transport: Transport) {
        let password = format!("demo-{extension}");
        Self::registration(server, slot, "register.xml", extension, &password)
            .with(&["-key", "expires", "600"])
            .over(transport)
            .run();
    }

    /// Any scenario, on the port of the phone at `slot`.
    pub(crate) fn new(server: &Server, slot: u16, scenario: &'static str) -> Self {
        let folder = server.folder().join(format!("sipp-{slot}-{scenario}"));
        let media_port = server.phone_rtp_port(slot).to_string();
        Self {
            scenario,
            port: server.phone_port(slot),
            transport: Transport::Udp,
            is_v6: false,
            calls: 1,
            folder,
            media_port: None,
            arguments: vec!["-mp".to_owned(), media_port],
        }
    }

    /// More arguments; SIPp's own names.
    pub(crate) fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|it| (*it).to_owned()));
        self
    }

    /// Over this transport, rather than UDP.
    pub(crate) fn over(mut self, transport: Transport) -> Self {
        self.transport = transport;
        self
    }

    /// Over IPv6: the server's address in all arguments becomes its IPv6 one.
    pub(crate) fn over_v6(mut self, server: &Server) -> Self {
        self.is_v6 = true;
        let (v4, v6) = (server.sip().to_string(), server.sip_v6().to_string());
        for argument in &mut self.arguments {
            *argument = argument.replace(&v4, &v6);
        }
        self
    }

    /// Plays the scenario this often, `rate` times a second.
    pub(crate) fn repeated(mut self, calls: u32, rate: u32) -> Self {
        self.calls = calls;
        self.with(&["-r", &rate.to_string(), "-l", "2000"])
    }

    /// With its media at this port, which is the test's own; SIPp would bind `-mp` itself.
    pub(crate) fn with_media_at(mut self, port: u16) -> Self {
        self.media_port = Some(port);
        self
    }

    /// Starts it and waits until it listens.
    pub(crate) fn start(self) -> RunningSipp {
        fs::create_dir_all(&self.folder).expect("folder can be made");
        let mut command = Command::new("sipp");
        command
            .current_dir(&self.folder)
            .args(&self.arguments)
            .arg("-sf")
            .arg(self.scenario_file())
            .args(["-i", if self.is_v6 { "::1" } else { "127.0.0.1" }])
            .args(["-p", &self.port.to_string()])
            .args(["-t", if self.transport == Transport::Tcp { "t1" } else { "u1" }])
            .args(["-m", &self.calls.to_string()])
            .args(["-nostdin", "-timeout", TIMEOUT, "-timeout_error"])
            .args(["-trace_err", "-error_file", ERRORS]);
        if self.calls == 1 {
            command.args(["-trace_msg", "-message_file", MESSAGES]);
        }
        let mut process = Process::start("sipp", &mut command, &self.folder.join("screen"));
        wait_for("SIPp listening", LISTEN_LIMIT, || {
            let ended = process.exited().is_some();
            (ended || listens(self.port, self.transport, self.is_v6)).then_some(())
        });
        RunningSipp { scenario: self.scenario, process, folder: self.folder }
    }

    fn scenario_file(&self) -> PathBuf {
        let file = repository("sipp-scenarios").join(self.scenario);
        let Some(port) = self.media_port else { return file };
        let scenario = fs::read_to_string(file).expect("scenario is there");
        let copy = self.folder.join(self.scenario);
        fs::write(&copy, scenario.replace("[media_port]", &port.to_string()))
            .expect("scenario can be written");
        copy
    }

    /// Plays the scenario to its end, which must be a good one.
    #[track_caller]
    pub(crate) fn run(self) -> Vec<TraceEntry> {
        self.start().succeed()
    }
}

impl RunningSipp {
    /// Waits for the end of the scenario, which must be a good one, and returns its messages.
    #[track_caller]
    pub(crate) fn succeed(self) -> Vec<TraceEntry> {
        let Self { scenario, process, folder } = self;
        let outcome = process.wait(END_LIMIT);
        assert!(
            outcome.status.success(),
            "{scenario} failed ({}): {}\nmessages:\n{}",
            outcome.status,
            fs::read_to_string(folder.join(ERRORS)).unwrap_or_default(),
            fs::read_to_string(folder.join(MESSAGES)).unwrap_or_default(),
        );
        trace(&folder)
    }

    /// The messages so far.
    pub(crate) fn trace(&self) -> Vec<TraceEntry> {
        trace(&self.folder)
    }
}

impl TraceEntry {
    /// One block of SIPp's message file: a rule with the time, a line with the direction, the message.
    fn parse(block: &str) -> Option<Self> {
        let (head, message) = block.split_once("\n\n")?;
        let (time, direction) = head.split_once('\n')?;
        let time = time.rsplit(' ').next()?;
        let at_ms = time
            .splitn(3, ':')
            .zip([3_600_000.0, 60_000.0, 1_000.0])
            .map(|(part, unit)| Some(part.parse::<f64>().ok()? * unit))
            .sum::<Option<f64>>()?;
        Some(Self {
            at_ms,
            sent: direction.contains("message sent"),
            message: message.trim_start().to_owned(),
        })
    }
}

fn trace(folder: &Path) -> Vec<TraceEntry> {
    let messages = fs::read(folder.join(MESSAGES)).unwrap_or_default();
    String::from_utf8_lossy(&messages).split(RULE).filter_map(TraceEntry::parse).collect()
}

/// Asks the kernel rather than tries to bind, which would take the port from SIPp.
fn listens(port: u16, transport: Transport, is_v6: bool) -> bool {
    let (table, state) = match transport {
        Transport::Udp => ("/proc/net/udp", "07"),
        Transport::Tcp => ("/proc/net/tcp", "0A"),
    };
    let (table, ip) = if is_v6 {
        (format!("{table}6"), "00000000000000000000000001000000")
    } else {
        (table.to_owned(), "0100007F")
    };
    let address = format!("{ip}:{port:04X}");
    fs::read_to_string(table).expect("/proc is there").lines().any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        fields.next() == Some(&address) && fields.nth(1) == Some(state)
    })
}

const MESSAGES: &str = "messages";
const ERRORS: &str = "errors";
const RULE: &str = "-----------------------------------------------";
/// SIPp gives up on a scenario by itself, and says where it stood.
const TIMEOUT: &str = "60s";
const LISTEN_LIMIT: Duration = Duration::from_secs(10);
const END_LIMIT: Duration = Duration::from_secs(70);
