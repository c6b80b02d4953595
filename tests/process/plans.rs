//! The menu of the demo with phones that this project did not write.

use crate::harness::{
    Baresip, Codec, Judge, Phone, Pjsua, Recording, Server, Sipp, Transport,
    one_audio_call_at_a_time, repository,
};
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::mpsc,
    time::Duration,
};

#[test]
fn the_menu_speaks_both_languages_explains_what_is_wrong_and_leads_to_the_operator() {
    let _quiet = one_audio_call_at_a_time();
    let server = Server::start();
    let judge = Judge::new(server.folder());
    let silence = judge.silence("silence", Duration::from_secs(90));
    let words = judge.speech("words", TEXT, Duration::from_secs(1));
    let lead = judge.silence("lead", Duration::from_secs(1));
    let says = judge.joined(&[&lead, &words, &lead].map(|it| it.path().to_owned()));
    let mut caller = Pjsua::register(&server, &phone("1004", 0, false, &silence));
    let mut operator = Baresip::register(&server, &phone("1002", 1, true, &says));

    caller.dial("5000");
    caller.wait_for("call CONFIRMED");
    // The welcome is heard to its end; a key that is none is explained, and the menu follows.
    wait_for_sent(&server, Duration::from_secs(8));
    caller.command("dtmf 7");
    wait_for_sent(&server, Duration::from_secs(12));
    caller.command("dtmf 9");
    wait_for_sent(&server, Duration::from_secs(17));
    caller.command("dtmf 0");
    operator.wait_for_event("CALL_ESTABLISHED", LIMIT);
    operator.wait_for_event("CALL_CLOSED", LIMIT);
    caller.wait_for("call DISCONNECTED");

    server.wait_for_cdrs(2);
    let heard = judge.at_8_khz(&caller.heard());
    for (what, said) in [
        ("the welcome", Recording::at(repository("sounds/ru/ivr-welcome.wav"))),
        ("what was wrong", Recording::at(repository("sounds/ru/ivr-invalid.wav"))),
        ("the operator", words),
    ] {
        let score = judge.scores(&said, &[&heard])[0];
        assert!(score.stoi > SAID_STOI, "{what}: {score:?}");
    }
}

#[test]
fn a_plan_asks_a_web_server_and_only_one_that_may_be_asked() {
    let crm = WebServer::start(r#"{"client": {"operator": "1002"}}"#);
    let plan = format!(
        r#"domain = "demo.tandem.test"

[[rule]]
name = "asked"
match = {{ number = "6503" }}
steps = [
    {{ http = {{ url = "http://{}/of/{{caller}}?a=1", post = {{ dialled = "{{number}}" }},
        into = {{ who = "/client/operator" }}, failed = [{{ set = {{ who = "9196" }} }}] }} }},
    {{ transfer = {{ number = "{{who}}" }} }},
]

[[rule]]
name = "user"
match = {{ number = "1002" }}
steps = [{{ dial = {{ user = "1002" }} }}]

[[rule]]
name = "echo"
match = {{ number = "9196" }}
steps = [{{ echo = {{}} }}]
"#,
        crm.address
    );
    let server =
        Server::start_with_plan_and("\n[fetcher]\nprivate_hosts = [\"127.0.0.1\"]\n", &plan);
    Sipp::register(&server, 1, "1002", Transport::Udp);
    let callee = Sipp::callee(&server, 1, "uas.xml").start();

    Sipp::caller(&server, 0, "uac.xml", "1001", "6503").with(&["-d", "200"]).run();

    callee.succeed();
    let rows = server.wait_for_cdrs(2);
    assert!(rows.iter().any(|it| it.party == "1002" && it.sip_status == 200), "{rows:?}");
    let asked = crm.asked();
    assert!(asked.starts_with("POST /of/1001?a=1 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.ends_with(r#"{"dialled":"6503"}"#), "{asked}");

    // Without leave nothing of the own network is asked, and the plan goes on with what it has.
    let server = Server::start_with_plan(&plan);
    Sipp::caller(&server, 0, "uac.xml", "1001", "6503").with(&["-d", "200"]).run();
    let rows = server.wait_for_cdrs(1);
    assert_eq!((rows.len(), rows[0].sip_status), (1, 200), "the echo answered: {rows:?}");
    assert!(server.log().contains("is not a public address"), "{}", server.log());
}

/// A web server that answers one question.
struct WebServer {
    address: SocketAddr,
    asked: mpsc::Receiver<String>,
}

impl WebServer {
    fn start(document: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (sender, asked) = mpsc::channel();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("somebody asks");
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            while !is_whole(&request) {
                let read = stream.read(&mut chunk).expect("a question is sent whole");
                request.extend_from_slice(&chunk[..read]);
            }
            let length = document.len();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
            stream.write_all((head + document).as_bytes()).expect("an answer is heard");
            // The test may be over.
            let _ = sender.send(String::from_utf8_lossy(&request).into_owned());
        });
        Self { address, asked }
    }

    fn asked(&self) -> String {
        self.asked.recv_timeout(LIMIT).expect("somebody asked")
    }
}

/// Whether a request has come with its body.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|it| {
        let (name, value) = it.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    body.len() >= length.unwrap_or(0)
}

/// Waits until the server has sent so much of a caller's audio, counted from its start.
fn wait_for_sent(server: &Server, sent: Duration) {
    let packets = sent.as_millis() as u64 / 20;
    crate::harness::wait_for("audio to be sent", LIMIT, || {
        (server.metric("tandem_rtp_packets_sent_total") >= packets).then_some(())
    });
}

fn phone<'a>(extension: &'a str, slot: u16, answers: bool, says: &'a Recording) -> Phone<'a> {
    Phone { extension, slot, transport: Transport::Udp, codec: Codec::Pcma, answers, says }
}

const TEXT: &str =
    "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background.";
const LIMIT: Duration = Duration::from_secs(60);
/// Words that are there, in whatever surrounds them.
const SAID_STOI: f64 = 0.75;
