//! A panic in one call ends that call and no other. Everything else about calls is proved from
//! outside, by the scenarios of `crates/sim`.

use super::*;
use crate::{
    Cdr, Domain, Locator, Occupancy, Rooms, Trunk, TrunkLink,
    conversations::Conversations,
    dialplan::{Known, load},
    directory::Contact,
};
use base::{DomainId, UnixMillis};
use bytes::Bytes;
use media::{Family, MediaCommand, PortLease};
use sip::{
    Destination, FlowId, Host, Transport,
    auth::AuthPolicy,
    endpoint::{EndpointConfig, Send},
    parse::{Framing, parse},
};
use std::{net::SocketAddr, time::Duration};

const PLAN: &str = r#"
domain = "demo.tandem.test"

[[rule]]
name = "echo"
match = { from = "trunk:provider", number = "9196" }
steps = [{ echo = {} }]
"#;

#[test]
fn a_panic_in_one_call_ends_that_call_and_no_other() {
    let mut switch = Switch::new();
    let (broken, sound) = (switch.call("broken"), switch.call("sound"));
    assert_eq!(switch.calls.counts().calls, 2);

    switch.calls.panic_on_info = true;
    switch.send(&in_dialog("INFO", "broken", &broken, 2));
    switch.calls.panic_on_info = false;

    assert!(switch.sent("SIP/2.0 500", "broken"), "whoever asked gets an answer");
    assert!(switch.sent("BYE", "broken"), "the far end learns that its call is over");
    assert_eq!(switch.panicked, 1);
    assert_eq!(switch.calls.totals().panics, 1);
    assert_eq!(switch.calls.counts().calls, 1);
    assert_eq!(switch.cdrs.iter().map(|it| it.cause.as_str()).collect::<Vec<_>>(), ["internal"]);

    switch.send(&in_dialog("INFO", "sound", &sound, 2));
    assert!(switch.sent("SIP/2.0 200", "sound"));
    switch.send(&in_dialog("BYE", "sound", &sound, 3));
    switch.sleep(Duration::from_secs(120));

    assert_eq!(switch.cdrs.len(), 2);
    let counts = switch.calls.counts();
    let nothing = CallCounts { free_leases: counts.free_leases, ..CallCounts::default() };
    assert_eq!(counts, nothing, "neither call leaves anything behind");
}

/// A switch whose trunk is the test.
struct Switch {
    now: Now,
    calls: Calls,
    sent: Vec<String>,
    cdrs: Vec<Cdr>,
    panicked: usize,
}

impl Switch {
    fn new() -> Self {
        let mut rng = Rng::from_number(1);
        let now = Now { instant: Instant::now(), unix: UnixMillis(1_800_000_000_000) };
        let world = World {
            directory: Arc::new(directory(&mut rng)),
            plans: load(&[("test.toml", PLAN)], &known()).expect("the plan is right"),
            sounds: Arc::default(),
            locator: Box::new(Nowhere),
            occupancy: Occupancy::default(),
            outbound_use: crate::outbound::OutboundUse::default(),
            rooms: Rooms::default(),
            conversations: Conversations::default(),
            parking: crate::Parking::default(),
            queues: crate::Queues::default(),
            recents: crate::Recents::default(),
            trunks: crate::TrunkStates::default(),
        };
        let calls = Calls::new(now, settings(), world, rng);
        let mut switch = Self { now, calls, sent: Vec::new(), cdrs: Vec::new(), panicked: 0 };
        switch.drain();
        switch
    }

    /// Calls the echo; returns the To header of the dialog.
    fn call(&mut self, call_id: &str) -> String {
        self.send(&message("INVITE", call_id, "<sip:9196@10.0.0.1>", 1, SDP));
        let of_call = format!("Call-ID: {call_id}\r\n");
        let is_answer = |it: &&String| it.starts_with("SIP/2.0 200") && it.contains(&of_call);
        let answer = self.sent.iter().find(is_answer).expect("the echo answers");
        let to = answer.lines().find_map(|it| it.strip_prefix("To: "));
        let to = to.expect("an answer has a To").to_owned();
        self.send(&in_dialog("ACK", call_id, &to, 1));
        to
    }

    fn send(&mut self, text: &str) {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        let message = parse(&bytes, Framing::Datagram).expect("the test writes good messages");
        let source = Source {
            transport: Transport::Udp,
            flow: FlowId(1),
            local: SocketAddr::from(([10, 0, 0, 1], 5060)),
            remote: SocketAddr::from(([10, 2, 0, 1], 5070)),
        };
        self.calls.handle_message(self.now, source, message);
        self.drain();
    }

    /// Whether a message that begins with `start` went out for a dialog.
    fn sent(&self, start: &str, call_id: &str) -> bool {
        let of_call = format!("Call-ID: {call_id}\r\n");
        self.sent.iter().any(|it| it.starts_with(start) && it.contains(&of_call))
    }

    fn sleep(&mut self, span: Duration) {
        let end = self.now.instant + span;
        while let Some(at) = self.calls.poll_timeout().filter(|it| *it <= end) {
            self.now.instant = at.max(self.now.instant);
            self.calls.handle_timeout(self.now);
            self.drain();
        }
    }

    /// Does what the switch wants done: media workers obey, the far end answers BYE.
    fn drain(&mut self) {
        while let Some(output) = self.calls.poll_output() {
            match output {
                Output::Send(send) => self.carry(&send),
                Output::Media { worker, command } => self.obey(worker, command),
                Output::Cdr(cdr) => self.cdrs.push(*cdr),
                Output::Panicked { .. } => self.panicked += 1,
                Output::Register(_)
                | Output::Voicemail(_)
                | Output::Feature(_)
                | Output::Web(_)
                | Output::Link { .. }
                | Output::Fact(_)
                | Output::Journal(_)
                | Output::Watch(_)
                | Output::Text(_)
                | Output::Trunk { .. }
                | Output::Offence(_) => {}
            }
        }
    }

    fn carry(&mut self, send: &Send) {
        let text = String::from_utf8_lossy(&send.bytes).into_owned();
        self.sent.push(text.clone());
        if text.starts_with("BYE") {
            let rest = text.split_once("\r\n").expect("a message has lines").1;
            self.send(&format!("SIP/2.0 200 OK\r\n{rest}"));
        }
    }

    fn obey(&mut self, worker: u8, command: MediaCommand) {
        match command {
            MediaCommand::Lease { family, count } => {
                let lease = |n: u16| {
                    let address = SocketAddr::from(([10, 0, 0, 1], 20_000 + 2 * n));
                    PortLease { worker, address }
                };
                let leases = (0..count).map(lease).collect();
                self.calls.handle_media(self.now, MediaEvent::Leased { worker, family, leases });
            }
            MediaCommand::Close { media } => {
                let stats = media::StreamStats::default();
                self.calls.handle_media(self.now, MediaEvent::Closed { media, stats });
            }
            MediaCommand::Return { .. }
            | MediaCommand::Open { .. }
            | MediaCommand::Configure { .. }
            | MediaCommand::Bridge { .. }
            | MediaCommand::Unbridge { .. }
            | MediaCommand::ConvertKeys { .. }
            | MediaCommand::Press { .. }
            | MediaCommand::Join { .. }
            | MediaCommand::SetMode { .. }
            | MediaCommand::Tell { .. }
            | MediaCommand::Tap { .. }
            | MediaCommand::Detect { .. }
            | MediaCommand::Announce { .. }
            | MediaCommand::Capture { .. }
            | MediaCommand::EndCapture { .. }
            | MediaCommand::Dismiss { .. }
            | MediaCommand::Play { .. }
            | MediaCommand::Record { .. }
            | MediaCommand::PauseRecording { .. }
            | MediaCommand::RecordRoom { .. }
            | MediaCommand::StopRecordingRoom { .. }
            | MediaCommand::StopRecording { .. } => {}
        }
    }
}

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 10.2.0.1\r\ns=-\r\nc=IN IP4 10.2.0.1\r\nt=0 0\r\n\
                   m=audio 40000 RTP/AVP 8\r\n";

fn in_dialog(method: &str, call_id: &str, to: &str, cseq: u32) -> String {
    message(method, call_id, to, cseq, "")
}

fn message(method: &str, call_id: &str, to: &str, cseq: u32, body: &str) -> String {
    let content_type = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "{method} sip:9196@10.0.0.1 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 10.2.0.1:5070;branch=z9hG4bK{call_id}{method}{cseq}\r\n\
         From: <sip:+74951234567@10.2.0.1>;tag={call_id}\r\nTo: {to}\r\nCall-ID: {call_id}\r\n\
         CSeq: {cseq} {method}\r\nContact: <sip:10.2.0.1:5070>\r\nMax-Forwards: 70\r\n\
         {content_type}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Nobody is registered.
#[derive(Debug)]
struct Nowhere;

impl Locator for Nowhere {
    fn contacts(&self, _domain: DomainId, _number: &str) -> Vec<Contact> {
        Vec::new()
    }
}

fn directory(rng: &mut Rng) -> Directory {
    let domain =
        Domain { id: DomainId::new(UnixMillis(0), rng), name: "demo.tandem.test".to_owned() };
    let address = SocketAddr::from(([10, 2, 0, 1], 5070));
    let trunk = Trunk {
        domain: domain.id,
        link: TrunkLink {
            name: "provider".to_owned(),
            destination: Destination {
                transport: Transport::Udp,
                host: Host::from(address.ip()),
                port: address.port(),
                flow: None,
                local: None,
            },
            sources: vec![address.ip()],
            source_port: None,
            login: None,
            limits: crate::TrunkLimits::default(),
            health_interval: None,
            registration: None,
            media: crate::MediaRules::default(),
            numbers: crate::TrunkNumbers::default(),
            rates: crate::Rates::default(),
        },
    };
    let mut directory = Directory::default();
    directory.domain_names.insert(domain.name.clone(), domain.id);
    directory.trunks.insert(trunk.name.clone(), trunk);
    directory.domains.insert(domain.id, domain);
    directory
}

fn known() -> Known {
    Known { trunks: ["provider".to_owned()].into(), ..Known::default() }
}

fn settings() -> Settings {
    Settings {
        shard: 0,
        media_workers: 1,
        families: vec![Family::V4],
        lease_batch: 64,
        calls_max: 10,
        call_duration_max: Duration::from_secs(3600),
        ring_timeout: Duration::from_secs(30),
        rtp_timeout: None,
        has_recording_tone: false,
        others_stay: true,
        message_max: Duration::from_secs(180),
        message_min: Duration::from_secs(2),
        loop_secret: 1,
        retry_after_s: 5,
        auth: AuthPolicy::default(),
        endpoint: EndpointConfig {
            shard: 0,
            product: "Tandem".to_owned(),
            listeners: Vec::new(),
            transactions_max: 100,
        },
    }
}
