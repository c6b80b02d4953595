//! Redialling, and calling back whoever called last, over the end of a process.

use crate::harness::{Baresip, Codec, Judge, Phone, Server, Transport};
use std::time::Duration;

#[test]
fn the_last_number_is_redialled_and_the_last_caller_called_back_even_after_kill_9() {
    let mut server = Server::start();
    let judge = Judge::new(server.folder());
    let silence = judge.silence("silence", Duration::from_secs(60));
    let phone = |server: &Server, extension, slot| {
        let (transport, codec) = (Transport::Udp, Codec::Pcma);
        let phone = Phone { extension, slot, transport, codec, answers: true, says: &silence };
        Baresip::register(server, &phone)
    };
    let mut caller = phone(&server, "1001", 0);
    let mut callee = phone(&server, "1002", 1);
    let connect = |caller: &mut Baresip, callee: &mut Baresip, number: &str| {
        caller.dial(number);
        callee.wait_for_event("CALL_ESTABLISHED", LIMIT);
        caller.wait_for_event("CALL_ESTABLISHED", LIMIT);
        caller.command("hangup", "");
        callee.wait_for_event("CALL_CLOSED", LIMIT);
        caller.wait_for_event("CALL_CLOSED", LIMIT);
    };
    caller.dial("*66");
    let refused = caller.wait_for_event("CALL_CLOSED", LIMIT);
    assert!(refused.detail.contains("404"), "{refused:?}");
    connect(&mut caller, &mut callee, "1002");
    connect(&mut caller, &mut callee, "*66");
    connect(&mut callee, &mut caller, "*69");
    server.wait_for_cdrs(7);

    server.kill_and_restart();

    connect(&mut caller, &mut callee, "*66");
    connect(&mut callee, &mut caller, "*69");
}

const LIMIT: Duration = Duration::from_secs(20);
