//! Messages find the shard that owns their dialog or transaction.

use crate::{
    line::{Line, Text},
    pair::Expect as _,
};
use sip::{Message, message::Method, shard::shard_of};

const SHARDS: u8 = 8;

#[test]
fn responses_and_requests_inside_dialogs_go_to_the_shard_that_named_itself() {
    let mut line = Line::new();
    line.invite();
    let (_, invite) = line.sent_request();

    let answer = Text::response(200, &invite, "eve").message();
    assert_eq!(shard_of(&answer, SHARDS), 1);

    line.receive(&Text::request("INVITE"));
    let (server, _) = line.event().request();
    line.respond(server, 200).unwrap();
    let (_, ok) = line.sent_response(200);
    for method in ["ACK", "BYE", "INVITE"] {
        let request = Text::inside(method, 2, &ok).with("Call-ID", "whatever").message();
        assert_eq!(shard_of(&request, SHARDS), 1, "{method}");
    }
}

#[test]
fn everything_about_an_invite_of_a_stranger_goes_where_the_invite_went() {
    let mut used = std::collections::BTreeSet::new();
    for n in 0..100 {
        let call_id = format!("call-{n}@192.0.2.{n}");
        let shards = ["INVITE", "CANCEL", "ACK"].map(|method| {
            shard_of(&Text::request(method).with("Call-ID", &call_id).message(), SHARDS)
        });
        assert!(shards.iter().all(|it| *it == shards[0]), "{call_id}: {shards:?}");
        used.insert(shards[0]);
    }
    assert_eq!(used.len(), usize::from(SHARDS), "the load is spread");
}

#[test]
fn names_of_shards_that_do_not_exist_lead_to_one_that_does() {
    let tag = "<sip:tandem@example.com>;tag=ff0123456789abcdef";
    let request = Text::request("BYE").with("To", tag).message();

    assert!(shard_of(&request, SHARDS) < SHARDS);
    assert!(matches!(request, Message::Request(it) if it.method == Method::Bye));
}
