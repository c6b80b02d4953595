//! What an administrator does: a first start, more extensions, other dialplans, questions.

use crate::harness::{
    Outcome, Server, Sipp, Transport, UdpPeer, request, status_of, tandem, wait_for,
};
use std::{fs, time::Duration};

#[test]
fn fresh_database_has_no_credentials_and_says_how_to_make_the_first_ones() {
    let server = Server::start_fresh("");
    let stranger = UdpPeer::bind(0);

    for method in ["REGISTER", "INVITE", "MESSAGE"] {
        let request = request(&stranger, method, "sip:1001@127.0.0.1", "127.0.0.1");
        let response = stranger.ask(&request, server.sip()).expect("an answer is due");
        assert!((400..500).contains(&status_of(&response)), "{method}: {response}");
    }

    assert_eq!(server.command(&["user", "list"]).output, "");
    assert_eq!(server.command(&["extension", "list"]).output, "");
    let log = server.log();
    assert!(log.contains("first administrator") && log.contains("tandem user"), "{log}");
}

#[test]
fn first_domain_made_while_the_server_runs_takes_phones_and_calls_at_once() {
    let server = Server::start_fresh("[server]\ndialplans_dir = \"plans\"\n");
    let done = |arguments: &[&str]| {
        let outcome = server.command(arguments);
        assert!(outcome.status.success(), "{arguments:?}: {}", outcome.output);
    };

    done(&["domain", "add", "office.example", "--alias", "127.0.0.1"]);
    for number in ["1001", "1002"] {
        let password = format!("demo-{number}");
        let domain = ["--domain", "office.example", "--password", &password];
        done(&[&["extension", "add", number][..], &domain].concat());
    }

    Sipp::register(&server, 1, "1002", Transport::Udp);
    Sipp::caller(&server, 0, "uac-unknown-number.xml", "1001", "1002").run();
}

#[test]
fn extension_that_is_removed_is_out_at_once() {
    let server = Server::start();
    Sipp::register(&server, 1, "1002", Transport::Udp);

    let removed = ["extension", "remove", "1002", "--domain", "demo.tandem.test"];
    let outcome = server.command(&removed);

    assert!(outcome.status.success(), "{}", outcome.output);
    Sipp::caller(&server, 0, "uac-unknown-number.xml", "1001", "1002").run();
    Sipp::registration(&server, 1, "register-refused.xml", "1002", "demo-1002")
        .with(&["-key", "expires", "600"])
        .run();
}

#[test]
fn sighup_takes_over_good_plans_and_keeps_the_old_ones_when_there_is_a_mistake() {
    let plans = tempfile::tempdir().expect("temporary folder can be made");
    let plan = plans.path().join("a.toml");
    fs::write(&plan, rule("colleagues", "1001-1018", "dial = { user = \"{number}\" }"))
        .expect("plan can be written");
    let server =
        Server::start_with(&format!("[server]\ndialplans_dir = {plans:?}\n", plans = plans.path()));

    fs::write(&plan, rule("nobody", "1001-1018", "refuse = { status = 499, reason = \"No\" }"))
        .expect("plan can be written");
    server.hang_up();
    wait_for("reload", LIMIT, || server.log().contains("reloaded").then_some(()));
    let refused = call_from_trunkless_phone(&server, "1018");
    fs::write(
        &plan,
        "\n[[rule]]\nname = \"broken\"\nmatch = { numer = \"1\" }\nsteps = [{ echo = {} }]\n",
    )
    .expect("plan can be written");
    server.hang_up();
    wait_for("refusal", LIMIT, || server.log().contains("nothing was reloaded").then_some(()));
    let still_refused = call_from_trunkless_phone(&server, "1018");

    assert_eq!((refused, still_refused), (499, 499));
    let log = server.log();
    assert!(log.contains("a.toml:4: rule[1].match.numer"), "file, line and key: {log}");
}

#[test]
fn check_accepts_the_examples_that_we_ship_and_names_every_mistake_of_others() {
    let folder = tempfile::tempdir().expect("temporary folder can be made");
    let broken_plan = rule("typo", "1", "dial = { trunk = \"nowhere\", number = \"{number}\" }");
    fs::write(folder.path().join("plan.toml"), broken_plan).expect("plan can be written");
    let broken = folder.path().join("tandem.toml");
    fs::write(&broken, format!("[server]\ndialplans_dir = {:?}\n", folder.path()))
        .expect("config can be written");
    let check = |config: &str| tandem(folder.path(), &["check", "--config", config]);

    for shipped in ["docs/config.example.toml", "docs/config.demo.toml"] {
        let outcome = check(shipped);
        assert!(outcome.status.success() && outcome.output.contains("valid"), "{outcome:?}");
    }
    let outcome = check(&broken.to_string_lossy());

    assert!(!outcome.status.success(), "{outcome:?}");
    assert!(outcome.output.contains("plan.toml:4: rule[1].steps[1].dial.trunk"), "{outcome:?}");
}

#[test]
fn dialplan_test_shows_the_way_of_a_call_and_asks_for_the_domain_where_it_is_not_clear() {
    let server = Server::start();
    let way = |from, to| server.command(&["dialplan", "test", from, to]);

    assert_way(&way("1001", "1002"), "colleagues", "=> user 1002");
    assert_way(&way("1001", "9196"), "echo", "=> echo");
    assert_way(&way("trunk:provider", "+74950000002"), "in-people", "=> user 1002");
    assert_way(&way("1001", "1999999"), "", "=> refuse 404");
    server.command(&["domain", "add", "other.example"]);
    let unclear = way("1001", "1002");
    assert!(!unclear.status.success() && unclear.output.contains("--domain"), "{unclear:?}");
}

#[track_caller]
fn assert_way(outcome: &Outcome, rule: &str, end: &str) {
    assert!(outcome.status.success(), "{outcome:?}");
    let last = outcome.output.lines().last().unwrap_or_default();
    assert!(outcome.output.contains(rule) && last.starts_with(end), "{outcome:?}");
}

/// The status that a phone gets which calls `number`; it has no credentials, and comes as the
/// demo's carrier.
fn call_from_trunkless_phone(server: &Server, number: &str) -> u16 {
    let trunk = UdpPeer::trunk(server);
    let invite = request(&trunk, "INVITE", &format!("sip:{number}@127.0.0.1"), "127.0.0.1");
    status_of(&trunk.ask(&invite, server.sip()).expect("an answer is due"))
}

fn rule(name: &str, number: &str, step: &str) -> String {
    format!(
        "[[rule]]\nname = \"{name}\"\nmatch = {{ number = \"{number}\", from = [\"extensions\", \
         \"trunk:provider\"] }}\nsteps = [{{ {step} }}]\n"
    )
}

const LIMIT: Duration = Duration::from_secs(10);
