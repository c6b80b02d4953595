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
        self.command("soundcard use files");
        self.wait_for("Using wav files");
        let heard = self.heard.display().to_string();
        self.command(&format!("record {heard}"));
        // It does not tell by itself.
        let admin = Visitor::sign_in(server, "admin");
        wait_for("the registration of linphone", LIMIT, || {
            let registrations = admin.get("/admin/registrations")["items"].clone();
            let is_known = array(&registrations).any(|it| it["number"] == phone.extension);
            is_known.then_some(())
        });
    }
}

/// `auto_net_state_mon` and `register_only_when_network_is_up`: loopback is a network. The jitter buffer
/// keeps its length, since one that adapts stretches what is recorded.
fn config(server: &Server, phone: &Phone<'_>) -> String {
    let (extension, sip) = (phone.extension, server.sip());
    let (sip_port, rtp_port) = (server.phone_port(phone.slot), server.phone_rtp_port(phone.slot));
    let (name, rate_hz, channels) = codec(phone.codec);
    format!(
        "\
[sip]
bind_address=127.0.0.1
sip_port={sip_port}
sip_tcp_port=-2
sip_tls_port=-2
use_ipv6=0
guess_hostname=0
auto_net_state_mon=0
register_only_when_network_is_up=0
contact=sip:{extension}@127.0.0.1
default_proxy=0

[proxy_0]
reg_proxy=<sip:{sip}>
reg_identity=sip:{extension}@{sip}
reg_expires=600
reg_sendregister=1
publish=0

[auth_info_0]
username={extension}
passwd=demo-{extension}

[rtp]
bind_address=127.0.0.1
audio_rtp_port={rtp_port}
audio_adaptive_jitt_comp_enabled=0
audio_jitt_comp={JITTER_BUFFER_MS}

[sound]
echocancellation=0

[misc]
add_missing_audio_codecs=0
add_missing_video_codecs=0

[audio_codec_0]
mime={name}
rate={rate_hz}
channels={channels}
enabled=1
"
    )
}

/// Its name, clock in Hz and channels, as linphone has them.
fn codec(codec: Codec) -> (&'static str, u32, u32) {
    match codec {
        Codec::Pcmu => ("PCMU", 8000, 1),
        Codec::Pcma => ("PCMA", 8000, 1),
        Codec::G722 => ("G722", 8000, 1),
        Codec::Opus => ("opus", 48_000, 2),
        Codec::L16 => ("L16", 48_000, 1),
    }
}

/// Enough for a machine whose cores are busy with other tests.
const JITTER_BUFFER_MS: u32 = 200;
/// For everything that it does by itself.
const LIMIT: Duration = Duration::from_secs(30);
