//! baresip: a softphone that this project did not write, without a sound card. It says a WAV file
//! and records what it hears.

use super::{Codec, Process, Recording, Server, Transport, wait_for};
use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

/// What a phone is, before it is switched on.
#[derive(Clone, Debug)]
pub(crate) struct Phone<'a> {
    /// Extension; the password is the demo's.
    pub(crate) extension: &'a str,
    /// Which of the test's phones, from 0 on: decides the ports.
    pub(crate) slot: u16,
    pub(crate) transport: Transport,
    pub(crate) codec: Codec,
    /// Whether it picks up by itself.
    pub(crate) answers: bool,
    /// What it says in a call. The call ends when it has been said.
    pub(crate) says: &'a Recording,
}

impl<'a> Phone<'a> {
    /// One over UDP, which rings until somebody answers it.
    pub(crate) fn new(extension: &'a str, slot: u16, codec: Codec, says: &'a Recording) -> Self {
        Self { extension, slot, transport: Transport::Udp, codec, answers: false, says }
    }

    /// The same, which picks up by itself.
    pub(crate) fn answering(self) -> Self {
        Self { answers: true, ..self }
    }
}

/// A running baresip, registered at the server.
#[derive(Debug)]
pub(crate) struct Baresip {
    process: Process,
    control: BufReader<TcpStream>,
    recordings: PathBuf,
    server: SocketAddr,
}

/// Something that happened in baresip: the `type` and `param` of its control messages.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) detail: String,
}

impl Baresip {
    /// Switches the phone on and waits until the server has accepted its registration.
    pub(crate) fn register(server: &Server, phone: &Phone<'_>) -> Self {
        Self::register_wishing(server, phone, PTIME_MS)
    }

    /// The same with a wish how long packets should be, in milliseconds.
    pub(crate) fn register_wishing(server: &Server, phone: &Phone<'_>, ptime_ms: u16) -> Self {
        let folder = server.folder().join(format!("baresip-{}", phone.slot));
        let recordings = folder.join(RECORDINGS);
        fs::create_dir_all(&recordings).expect("folder can be made");
        fs::write(folder.join("config"), config(server, phone, &folder))
            .expect("config can be written");
        fs::write(folder.join("accounts"), account(server, phone, ptime_ms))
            .expect("account can be written");
        fs::write(folder.join("contacts"), "").expect("contacts can be written");
        let rate = phone.codec.source_rate_hz().to_string();
        let outcome = Process::run(
            "sox",
            Command::new("sox").arg(phone.says.path()).args(["-r", &rate]).arg(source(&folder)),
            &folder.join("sox.log"),
            START_LIMIT,
        );
        assert!(outcome.status.success(), "sox: {}", outcome.output);

        let process = Process::start(
            &format!("baresip {}", phone.extension),
            Command::new("baresip").args(["-4", "-f"]).arg(&folder),
            &folder.join("log"),
        );
        let control = connect(control_port(server, phone));
        let baresip = Self { process, control, recordings, server: server.sip() };
        baresip.wait_until_registered();
        baresip
    }

    /// Starts a call.
    pub(crate) fn dial(&mut self, number: &str) {
        let uri = format!("sip:{number}@{}", self.server);
        self.command("dial", &uri);
    }

    /// What it has written so far.
    pub(crate) fn output(&self) -> String {
        self.process.output()
    }

    /// Waits until it has been told so many keys; which they were.
    #[track_caller]
    pub(crate) fn digits(&mut self, count: usize, limit: Duration) -> String {
        (0..count).map(|_| self.wait_for_event("CALL_DTMF_START", limit).detail).collect()
    }

    /// Waits for an event of this kind, passing over others.
    #[track_caller]
    pub(crate) fn wait_for_event(&mut self, kind: &str, limit: Duration) -> Event {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Some(event) = self.next_event(left) else {
                panic!("{kind} of baresip: not within {limit:?}");
            };
            if event.kind == kind {
                return event;
            }
            assert!(event.kind != "CALL_CLOSED", "the call ended before {kind}: {event:?}");
        }
    }

    /// What the phone has heard in its only call, once it knows that the call is over.
    #[track_caller]
    pub(crate) fn heard(&self) -> Recording {
        let recording = Recording::at(self.dump("-dec.wav"));
        wait_for("baresip's recording to be closed", CLOSE_LIMIT, || {
            recording.is_closed().then_some(())
        });
        recording
    }

    fn dump(&self, ending: &str) -> PathBuf {
        let mut files: Vec<_> = fs::read_dir(&self.recordings)
            .expect("folder is there")
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.to_string_lossy().ends_with(ending))
            .collect();
        files.sort();
        files.pop().expect("baresip has recorded its call")
    }

    fn wait_until_registered(&self) {
        wait_for("registration of baresip", REGISTER_LIMIT, || {
            let output = self.process.output();
            output.contains(" 200 OK (").then_some(())
        });
    }

    /// Gives a command of the menu, such as `hold`.
    pub(crate) fn command(&mut self, command: &str, parameters: &str) {
        let message = json!({ "command": command, "params": parameters }).to_string();
        write!(self.control.get_mut(), "{}:{message},", message.len())
            .expect("baresip listens to its control connection");
    }

    /// The next event, or nothing if none comes in time.
    fn next_event(&mut self, limit: Duration) -> Option<Event> {
        loop {
            let message = self.next_message(limit)?;
            assert!(message["ok"] != Value::Bool(false), "baresip refuses a command: {message}");
            if message["event"] == Value::Bool(true) {
                let field = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
                return Some(Event { kind: field("type"), detail: field("param") });
            }
        }
    }

    /// One netstring of JSON: `LENGTH:JSON,`.
    fn next_message(&mut self, limit: Duration) -> Option<Value> {
        let limit = limit.max(Duration::from_millis(1));
        self.control.get_ref().set_read_timeout(Some(limit)).expect("timeout can be set");
        let mut length = Vec::new();
        self.control.read_until(b':', &mut length).ok()?;
        let length: usize = str::from_utf8(length.strip_suffix(b":")?).ok()?.parse().ok()?;
        let mut message = vec![0; length + 1];
        self.control.read_exact(&mut message).ok()?;
        serde_json::from_slice(&message[..length]).ok()
    }
}

fn connect(port: u16) -> BufReader<TcpStream> {
    let address = (Ipv4Addr::LOCALHOST, port);
    BufReader::new(wait_for("baresip's control port", START_LIMIT, || {
        TcpStream::connect(address).ok()
    }))
}

fn control_port(server: &Server, phone: &Phone<'_>) -> u16 {
    server.phone_port(CONTROL_SLOT + phone.slot)
}

fn account(server: &Server, phone: &Phone<'_>, ptime_ms: u16) -> String {
    let Phone { extension, transport, codec, .. } = phone;
    let server = server.sip();
    let mode = if phone.answers { "auto" } else { "manual" };
    format!(
        "<sip:{extension}@{server};transport={transport}>;auth_user={extension};\
         auth_pass=demo-{extension};regint=600;answermode={mode};audio_codecs={};\
         ptime={ptime_ms}\n",
        codec.name_in_baresip(),
    )
}

/// What the phone says, at the rate that it wants.
fn source(folder: &Path) -> PathBuf {
    folder.join("says.wav")
}

fn config(server: &Server, phone: &Phone<'_>, folder: &Path) -> String {
    let rate = phone.codec.source_rate_hz();
    let rtp = server.phone_rtp_port(phone.slot);
    let mut config = format!(
        "net_interface 127.0.0.1\n\
         sip_listen 127.0.0.1:{}\n\
         rtp_ports {rtp}-{}\n\
         audio_source aufile,{}\n\
         snd_path {}\n\
         ctrl_tcp_listen 127.0.0.1:{}\n\
         ausrc_srate {rate}\n\
         auplay_srate {rate}\n",
        server.phone_port(phone.slot),
        rtp + 18,
        source(folder).display(),
        folder.join(RECORDINGS).display(),
        control_port(server, phone),
    );
    config.write_str(CONFIG).expect("a string takes in strings");
    config
}

/// `net_interface` must be the address; without a sound card the audio thread polls.
const CONFIG: &str = "\
poll_method epoll
call_max_calls 20
jitter_buffer_type fixed
jitter_buffer_delay 5-10
ausrc_channels 1
auplay_channels 1
ausrc_format s16
auplay_format s16
auenc_format s16
audec_format s16
audio_txmode poll
audio_buffer 20-160
module_path /usr/lib/baresip/modules
module g711.so
module g722.so
module opus.so
module l16.so
module aufile.so
module sndfile.so
module uuid.so
module account.so
module_app contact.so
module_app menu.so
module_app ctrl_tcp.so
";

/// Its packets, unless a test says otherwise.
const PTIME_MS: u16 = 20;
/// Where baresip puts what it hears.
const RECORDINGS: &str = "heard";
/// Control ports come after the SIP ports of the phones.
const CONTROL_SLOT: u16 = 10;
const START_LIMIT: Duration = Duration::from_secs(10);
const CLOSE_LIMIT: Duration = Duration::from_secs(30);
const REGISTER_LIMIT: Duration = Duration::from_secs(10);
