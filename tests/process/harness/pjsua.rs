//! PJSIP: a softphone that this project did not write, driven by `tests/audio/pjsua_phone.py`. Unlike
//! baresip's its recording goes on through hold and resume.

use super::{
    Codec, Phone, Process, Recording, Server, TRUNK_SLOT, Transport, repository, wait_for,
};
use std::{
    fs,
    io::Write,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::PathBuf,
    process::Command,
    time::Duration,
};

/// A running phone, registered at the server.
#[derive(Debug)]
pub(crate) struct Pjsua {
    process: Process,
    control: TcpStream,
    heard: PathBuf,
    server: SocketAddr,
}

impl Pjsua {
    /// Switches the phone on and waits until the server has accepted its registration.
    pub(crate) fn register(server: &Server, phone: &Phone<'_>) -> Self {
        Self::register_with(server, phone, &[])
    }

    /// The same with more options of the script.
    pub(crate) fn register_with(server: &Server, phone: &Phone<'_>, options: &[&str]) -> Self {
        let password = format!("demo-{}", phone.extension);
        let options = [&["--password", &password], options].concat();
        let mut phone = Self::start(server, phone, &options);
        phone.wait_for("registered 200");
        phone
    }

    /// The demo's carrier, which the server knows by its address; it calls from `number`.
    pub(crate) fn carrier(server: &Server, number: &str, codec: Codec, says: &Recording) -> Self {
        let (slot, transport) = (TRUNK_SLOT, Transport::Udp);
        let phone = Phone { extension: number, slot, transport, codec, answers: true, says };
        Self::start(server, &phone, &[])
    }

    fn start(server: &Server, phone: &Phone<'_>, options: &[&str]) -> Self {
        assert_eq!(phone.transport, Transport::Udp, "the script has no other transport");
        let folder = server.folder().join(format!("pjsua-{}", phone.slot));
        fs::create_dir_all(&folder).expect("folder can be made");
        let heard = folder.join("heard.wav");
        let control_port = server.phone_port(CONTROL_SLOT + phone.slot);
        let mut command = Command::new(repository("var/tools/venv/bin/python"));
        command
            .arg(repository("tests/audio/pjsua_phone.py"))
            .args(["--server", &server.sip().to_string()])
            .args(["--extension", phone.extension])
            .args(["--sip-port", &server.phone_port(phone.slot).to_string()])
            .args(["--rtp-port", &server.phone_rtp_port(phone.slot).to_string()])
            .args(["--control-port", &control_port.to_string()])
            .args(["--codec", name(phone.codec)])
            .arg("--says")
            .arg(phone.says.path())
            .arg("--hears")
            .arg(&heard)
            .args(options);
        if phone.answers {
            command.arg("--answers");
        }
        let name = format!("pjsua {}", phone.extension);
        let process = Process::start(&name, &mut command, &folder.join("log"));
        let control = wait_for("the phone's control port", LIMIT, || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, control_port)).ok()
        });
        Self { process, control, heard, server: server.sip() }
    }

    /// Starts a call.
    pub(crate) fn dial(&mut self, number: &str) {
        let uri = format!("dial sip:{number}@{}", self.server);
        self.command(&uri);
    }

    /// Gives a command of the script.
    pub(crate) fn command(&mut self, command: &str) {
        writeln!(self.control, "{command}").expect("the phone listens");
    }

    /// Waits until this was told.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, event: &str) {
        wait_for(event, LIMIT, || self.process.output().contains(event).then_some(()));
    }

    /// Waits until this was told so many times.
    #[track_caller]
    pub(crate) fn wait_for_count(&mut self, event: &str, count: usize) {
        let count_told = || self.process.output().matches(event).count();
        wait_for(event, LIMIT, || (count_told() >= count).then_some(()));
    }

    /// Waits until it has been told as many keys as these; which they were.
    #[track_caller]
    pub(crate) fn digits(&mut self, count: usize) -> String {
        wait_for("digits", LIMIT, || {
            let output = self.process.output();
            let digits: String =
                output.lines().filter_map(|it| it.strip_prefix("digit ")).collect();
            (digits.chars().count() >= count).then_some(digits)
        })
    }

    /// Switches it off; what it heard from the first to the last.
    pub(crate) fn heard(mut self) -> Recording {
        self.command("quit");
        wait_for("the end of the phone", LIMIT, || self.process.exited());
        Recording::at(self.heard)
    }
}

/// As PJSIP calls it.
fn name(codec: Codec) -> &'static str {
    match codec {
        Codec::Pcmu => "PCMU/8000/1",
        Codec::Pcma => "PCMA/8000/1",
        Codec::G722 => "G722/16000/1",
        Codec::Opus => panic!("PJSIP's package has no Opus"),
        Codec::L16 => panic!("PJSIP has no L16 at 48 kHz"),
    }
}

/// Control ports come after the SIP ports of the phones.
const CONTROL_SLOT: u16 = 10;
const LIMIT: Duration = Duration::from_secs(30);
