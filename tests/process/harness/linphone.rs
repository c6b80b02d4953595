//! linphonec: the command line of a softphone that this project did not write, without a sound card. It
//! says a WAV file and records what it hears.

use super::{Codec, Phone, Process, Recording, Server, Transport, Visitor, array, wait_for};
use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{ChildStdin, Command},
    time::Duration,
};

/// A running phone, registered at the server.
#[derive(Debug)]
pub(crate) struct Linphone {
    process: Process,
    commands: ChildStdin,
    says: PathBuf,
    heard: PathBuf,
}

impl Linphone {
    /// Switches the phone on and waits until the server knows it.
    pub(crate) fn register(server: &Server, phone: &Phone<'_>) -> Self {
        assert_eq!(phone.transport, Transport::Udp, "its configuration has no other transport");
        let folder = server.folder().join(format!("linphone-{}", phone.slot));
        // Without its database it takes no calls, and it makes no folder for it.
        fs::create_dir_all(folder.join(".local/share/linphone")).expect("folder can be made");
        fs::write(folder.join("config"), config(server, phone)).expect("config can be written");
        // What it tells comes line by line only to a terminal.
        let mut command = Command::new("stdbuf");
        command
            .env("HOME", &folder)
            .args(["-oL", "linphonec", "-c"])
            .arg(folder.join("config"))
            .args(["-b", "/dev/null"]);
        if phone.answers {
            command.arg("-a");
        }
        let name = format!("linphone {}", phone.extension);
        let (process, commands) = Process::start_driven(&name, &mut command, &folder.join("log"));
        let heard = folder.join("heard.wav");
        let mut linphone = Self { process, commands, says: phone.says.path().to_owned(), heard };
        linphone.prepare(server, phone);
        linphone
    }

    /// Starts a call.
    pub(crate) fn dial(&mut self, number: &str) {
        self.command(&format!("call {number}"));
    }

    /// Begins to say what it has to say.
    pub(crate) fn speak(&mut self) {
        let says = self.says.display().to_string();
        self.command(&format!("play {says}"));
    }

    /// Gives a command, such as `pause`.
    pub(crate) fn command(&mut self, command: &str) {
        writeln!(self.commands, "{command}").expect("the phone listens");
    }

    /// Waits until this was told.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, event: &str) {
        wait_for(event, LIMIT, || self.process.output().contains(event).then_some(()));
    }

    /// Switches it off; what it heard from the first to the last.
    pub(crate) fn heard(mut self) -> Recording {
        self.command("quit");
        wait_for("the end of linphone", LIMIT, || self.process.exited());
        Recording::at(self.heard)
    }

    fn prepare(&mut self, server: &Server, phone: &Phone<'_>) {
        // Only this makes it offer IPv4, and only after that it takes a port.
        self.command("ipv6 disable");
        self.wait_for("ipv6 use disabled");
        self.command(&format!("ports sip {}", server.phone_port(phone.slot)));
        self.command("soundcard use files");
        self.wait_for("Using wav files");
        let heard = self.heard.display().to_string();
        self.command(&format!("record {heard}"));
        self.allow_only(phone.codec);
        let (sip, extension) = (server.sip(), phone.extension);
        self.command(&format!("register sip:{extension}@{sip} sip:{sip} demo-{extension}"));
        // It does not tell by itself.
        let admin = Visitor::sign_in(server, "admin");
        wait_for("the registration of linphone", LIMIT, || {
            let registrations = admin.get("/admin/registrations")["items"].clone();
            let is_known = array(&registrations).any(|it| it["number"] == phone.extension);
            is_known.then_some(())
        });
    }

    /// Switches off every other codec, by the numbers that it gives them.
    fn allow_only(&mut self, codec: Codec) {
        self.command("codec list");
        let listed = wait_for("linphone's codecs", LIMIT, || {
            let output = self.process.output();
            let lines: Vec<_> = output.lines().filter(|it| it.contains(" (")).collect();
            let codecs: Vec<_> = lines.iter().filter_map(|it| Listed::read(it)).collect();
            codecs.iter().any(|it| it.name == "L16").then_some(codecs)
        });
        for it in listed {
            let order = if it.is(codec) { "enable" } else { "disable" };
            self.command(&format!("codec {order} {}", it.number));
        }
    }
}

/// A line of its list of codecs, such as ` 3: PCMU (8000) enabled`.
#[derive(Debug)]
struct Listed {
    number: u32,
    name: String,
    rate_hz: u32,
}

impl Listed {
    fn read(line: &str) -> Option<Self> {
        let (number, rest) = line.split_once(": ")?;
        let (name, rest) = rest.split_once(" (")?;
        let (rate_hz, _) = rest.split_once(')')?;
        let number = number.trim().parse().ok()?;
        Some(Self { number, name: name.to_owned(), rate_hz: rate_hz.parse().ok()? })
    }

    fn is(&self, codec: Codec) -> bool {
        format!("{}/{}", self.name, self.rate_hz).eq_ignore_ascii_case(codec.name())
    }
}

fn config(server: &Server, phone: &Phone<'_>) -> String {
    let rtp_port = server.phone_rtp_port(phone.slot);
    format!(
        "\
[sip]
sip_port=-2
sip_tcp_port=-2
sip_tls_port=-2
ipv6_migration_done=1
use_ipv6=0
guess_hostname=0
register_only_when_network_is_up=0
contact=sip:{}@127.0.0.1
default_proxy=-1

[rtp]
audio_rtp_port={rtp_port}

[sound]
echocancellation=0
",
        phone.extension,
    )
}

/// For everything that it does by itself.
const LIMIT: Duration = Duration::from_secs(30);
