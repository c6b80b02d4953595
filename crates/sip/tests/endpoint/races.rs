//! Losses, crossings and races between two endpoints.

use crate::pair::{
    Expect as _, Pair,
    Who::{Alice, Bob},
};
use sip::{
    Event, Transport,
    endpoint::ClientFailure,
    message::{Method, Status},
};
use std::time::Duration;

#[test]
fn a_lost_200_and_a_lost_ack_are_sent_again() {
    let mut pair = Pair::new(Transport::Udp);
    pair.bob.lose("SIP/2.0 200", 2);
    pair.alice.lose("ACK", 2);

    let (alice, bob) = pair.call();
    assert!(pair.log.iter().filter(|it| it.contains("SIP/2.0 200")).count() >= 5);

    pair.in_dialog(Alice, alice, Method::Bye);
    let (dialog, server, _) = pair.event(Bob).in_dialog();
    assert_eq!(dialog, bob);
    pair.respond(Bob, server, 200);
    pair.event(Alice).response(200);
    pair.assert_nothing_is_left();
}

#[test]
fn a_lost_bye_is_sent_again_and_told_once() {
    let mut pair = Pair::new(Transport::Udp);
    let (alice, _) = pair.call();
    pair.alice.lose("BYE", 3);
    pair.bob.lose("SIP/2.0 200", 2);

    pair.in_dialog(Alice, alice, Method::Bye);
    let (_, server, _) = pair.event(Bob).in_dialog();
    pair.respond(Bob, server, 200);
    pair.event(Alice).response(200);

    pair.assert_nothing_is_left();
    assert!(pair.bob.events.is_empty());
}

#[test]
fn an_ack_that_never_comes_is_reported_after_32_seconds() {
    let mut pair = Pair::new(Transport::Udp);
    pair.alice.lose("ACK", usize::MAX);
    pair.request(Alice, Method::Invite, None);
    let (server, _) = pair.event(Bob).request();
    let bob = pair.respond(Bob, server, 200).unwrap();
    let alice = pair.event(Alice).response(200).unwrap();
    let answered = pair.now;
    pair.ack(Alice, alice);

    assert!(matches!(pair.event(Bob), Event::NotAcked { dialog } if dialog == bob));
    assert!(pair.now - answered <= Duration::from_secs(32));

    pair.in_dialog(Bob, bob, Method::Bye);
    let (_, server, _) = pair.event(Alice).in_dialog();
    pair.respond(Alice, server, 200);
    pair.event(Bob).response(200);
    pair.assert_nothing_is_left();
}

#[test]
fn an_invite_that_nobody_answers_fails_after_32_seconds() {
    let mut pair = Pair::new(Transport::Udp);
    pair.alice.lose("INVITE", usize::MAX);

    let invite = pair.request(Alice, Method::Invite, None);

    let Event::Failed { client, failure } = pair.event(Alice) else { panic!() };
    assert_eq!((client, failure), (invite, ClientFailure::TimedOut));
    pair.assert_nothing_is_left();
}

#[test]
fn an_invite_that_the_transport_cannot_deliver_fails_at_once() {
    let mut pair = Pair::new(Transport::Tcp);
    pair.alice.lose("INVITE", 1);
    let invite = pair.request(Alice, Method::Invite, None);

    let now = pair.now;
    pair.alice.endpoint.handle_send_failure(now, invite);

    let Event::Failed { client, failure } = pair.event(Alice) else { panic!() };
    assert_eq!((client, failure), (invite, ClientFailure::Undeliverable));
    pair.assert_nothing_is_left();
}

#[test]
fn cancel_stops_a_ringing_call() {
    let mut pair = Pair::new(Transport::Udp);
    let invite = pair.request(Alice, Method::Invite, None);
    let (server, _) = pair.event(Bob).request();
    pair.respond(Bob, server, 180);
    pair.event(Alice).response(180);

    pair.cancel(Alice, invite);
    assert!(matches!(pair.event(Bob), Event::Cancelled { server: it, .. } if it == server));
    pair.respond(Bob, server, 487);

    pair.event(Alice).response(487);
    pair.assert_nothing_is_left();
    assert!(pair.alice.events.is_empty() && pair.bob.events.is_empty());
}

#[test]
fn a_cancel_before_any_response_waits_for_one() {
    let mut pair = Pair::new(Transport::Udp);
    pair.bob.lose("SIP/2.0 100", 1);
    let invite = pair.request(Alice, Method::Invite, None);
    pair.cancel(Alice, invite);
    pair.run_for(Duration::from_millis(100));
    assert!(!pair.log.iter().any(|it| it.contains("CANCEL")), "{:#?}", pair.log);

    let (server, _) = pair.event(Bob).request();
    assert!(matches!(pair.event(Bob), Event::Cancelled { server: it, .. } if it == server));
    pair.respond(Bob, server, 487);
    pair.event(Alice).response(100);
    pair.event(Alice).response(487);
    pair.assert_nothing_is_left();
}

#[test]
fn a_200_that_crosses_the_cancel_is_reported_and_can_be_hung_up() {
    let mut pair = Pair::new(Transport::Udp);
    let invite = pair.request(Alice, Method::Invite, None);
    let (server, _) = pair.event(Bob).request();
    pair.event(Alice).response(100);

    pair.cancel(Alice, invite);
    pair.respond(Bob, server, 200).unwrap();

    let alice = pair.event(Alice).response(200).unwrap();
    pair.ack(Alice, alice);
    pair.in_dialog(Alice, alice, Method::Bye);
    assert!(matches!(pair.event(Bob), Event::Acked { .. }), "no Cancelled behind the answer");
    let (_, server, _) = pair.event(Bob).in_dialog();
    pair.respond(Bob, server, 200);
    pair.event(Alice).response(200);
    pair.assert_nothing_is_left();
}

#[test]
fn a_cancelled_invite_that_stays_unanswered_is_given_up_after_32_seconds() {
    let mut pair = Pair::new(Transport::Udp);
    let invite = pair.request(Alice, Method::Invite, None);
    let (server, _) = pair.event(Bob).request();
    pair.event(Alice).response(100);
    pair.cancel(Alice, invite);

    assert!(matches!(pair.event(Alice), Event::Failed { client, .. } if client == invite));

    pair.respond(Bob, server, 487);
    pair.assert_nothing_is_left();
}

#[test]
fn reinvites_that_cross_are_both_refused_with_491() {
    let mut pair = Pair::new(Transport::Udp);
    let (alice, bob) = pair.call();

    pair.in_dialog(Alice, alice, Method::Invite);
    pair.in_dialog(Bob, bob, Method::Invite);

    assert_eq!(pair.event(Alice).response(491), None);
    assert_eq!(pair.event(Bob).response(491), None);
    pair.in_dialog(Alice, alice, Method::Invite);
    let (_, server, _) = pair.event(Bob).in_dialog();
    pair.respond(Bob, server, 200);
    assert_eq!(pair.event(Alice).response(200), Some(alice));
    pair.ack(Alice, alice);
    assert!(matches!(pair.event(Bob), Event::Acked { .. }));
    hang_up(&mut pair, alice);
}

#[test]
fn a_refused_reinvite_leaves_the_dialog() {
    let mut pair = Pair::new(Transport::Udp);
    let (alice, _) = pair.call();

    pair.in_dialog(Alice, alice, Method::Invite);
    let (_, server, _) = pair.event(Bob).in_dialog();
    pair.respond(Bob, server, 488);
    pair.event(Alice).response(488);

    hang_up(&mut pair, alice);
}

#[test]
fn a_bye_settles_the_reinvite_that_waits_at_its_receiver() {
    let mut pair = Pair::new(Transport::Udp);
    let (alice, _) = pair.call();
    pair.in_dialog(Alice, alice, Method::Invite);
    let (_, reinvite, _) = pair.event(Bob).in_dialog();
    pair.event(Alice).response(100);

    pair.in_dialog(Alice, alice, Method::Bye);
    let (_, server, _) = pair.event(Bob).in_dialog();
    pair.respond(Bob, server, 200);
    assert_eq!(pair.respond(Bob, reinvite, 200), None, "it was answered with 487");

    let mut statuses = [status(pair.event(Alice)), status(pair.event(Alice))];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 487]);
    pair.assert_nothing_is_left();
}

#[test]
fn a_bye_that_crosses_our_reinvite_leaves_nothing_waiting() {
    let mut pair = Pair::new(Transport::Udp);
    let (alice, bob) = pair.call();

    pair.in_dialog(Alice, alice, Method::Invite);
    pair.in_dialog(Bob, bob, Method::Bye);

    let (_, server, _) = pair.event(Alice).in_dialog();
    pair.respond(Alice, server, 200);
    assert_eq!(status(pair.event(Alice)), 481);
    assert_eq!(status(pair.event(Bob)), 200);
    pair.assert_nothing_is_left();
}

#[test]
fn a_reinvite_whose_dialog_ended_is_waited_for_32_seconds_only() {
    let mut pair = Pair::new(Transport::Udp);
    let (alice, bob) = pair.call();
    let reinvite = pair.in_dialog(Alice, alice, Method::Invite);
    let (_, pending, _) = pair.event(Bob).in_dialog();
    pair.event(Alice).response(100);
    // A peer that says BYE and forgets what it owes.
    pair.bob.lose("SIP/2.0 487", usize::MAX);
    pair.in_dialog(Bob, bob, Method::Bye);
    let (_, server, _) = pair.event(Alice).in_dialog();
    pair.respond(Alice, server, 200);
    assert_eq!(pair.respond(Bob, pending, 200), None);

    assert!(matches!(pair.event(Alice), Event::Failed { client, .. } if client == reinvite));
    pair.assert_nothing_is_left();
}

#[test]
fn byes_that_cross_end_both_sides() {
    let mut pair = Pair::new(Transport::Udp);
    let (alice, bob) = pair.call();

    pair.in_dialog(Alice, alice, Method::Bye);
    pair.in_dialog(Bob, bob, Method::Bye);

    assert_eq!(status(pair.event(Alice)), 481);
    assert_eq!(status(pair.event(Bob)), 481);
    pair.assert_nothing_is_left();
}

#[test]
fn a_bye_of_the_callee_waits_for_the_ack_even_when_the_200_was_lost() {
    let mut pair = Pair::new(Transport::Udp);
    pair.bob.lose("SIP/2.0 200", 1);
    pair.request(Alice, Method::Invite, None);
    let (server, _) = pair.event(Bob).request();
    let bob = pair.respond(Bob, server, 200).unwrap();

    let bye = pair.in_dialog(Bob, bob, Method::Bye);
    let now = pair.now;
    let again = pair.bob.endpoint.request_in_dialog(now, bob, Method::Info, vec![], None);
    assert!(again.is_err(), "to the layer above the dialog is gone");

    let alice = pair.event(Alice).response(200).unwrap();
    pair.ack(Alice, alice);
    let (_, server, _) = pair.event(Alice).in_dialog();
    pair.respond(Alice, server, 200);
    let Event::Response { client, .. } = pair.event(Bob) else { panic!("{:#?}", pair.log) };
    assert_eq!(client, bye);
    pair.assert_nothing_is_left();
}

#[test]
fn a_bye_of_the_callee_goes_out_without_an_ack_in_the_end() {
    let mut pair = Pair::new(Transport::Udp);
    pair.alice.lose("ACK", usize::MAX);
    pair.request(Alice, Method::Invite, None);
    let (server, _) = pair.event(Bob).request();
    let bob = pair.respond(Bob, server, 200).unwrap();
    pair.in_dialog(Bob, bob, Method::Bye);
    let alice = pair.event(Alice).response(200).unwrap();
    pair.ack(Alice, alice);

    let (_, server, _) = pair.event(Alice).in_dialog();
    pair.respond(Alice, server, 200);

    assert_eq!(status(pair.event(Bob)), 200);
    pair.assert_nothing_is_left();
}

#[test]
fn a_bye_of_the_caller_that_overtakes_its_ack_is_answered_for_the_callee_who_hung_up() {
    let mut pair = Pair::new(Transport::Udp);
    pair.alice.lose("ACK", usize::MAX);
    pair.request(Alice, Method::Invite, None);
    let (server, _) = pair.event(Bob).request();
    let bob = pair.respond(Bob, server, 200).unwrap();
    pair.in_dialog(Bob, bob, Method::Bye);
    let alice = pair.event(Alice).response(200).unwrap();
    pair.ack(Alice, alice);

    pair.in_dialog(Alice, alice, Method::Bye);

    assert_eq!(status(pair.event(Alice)), 200);
    assert_eq!(status(pair.event(Bob)), 481);
    pair.assert_nothing_is_left();
    assert!(pair.bob.events.is_empty());
}

#[test]
fn a_bye_of_the_caller_before_the_answer_ends_the_ringing() {
    let mut pair = Pair::new(Transport::Udp);
    pair.request(Alice, Method::Invite, None);
    let (invite, _) = pair.event(Bob).request();
    pair.respond(Bob, invite, 180);
    let early = pair.event(Alice).response(180).unwrap();

    pair.in_dialog(Alice, early, Method::Bye);
    let (_, server, _) = pair.event(Bob).in_dialog();
    pair.respond(Bob, server, 200);

    let mut statuses = [status(pair.event(Alice)), status(pair.event(Alice))];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 487]);
    pair.assert_nothing_is_left();
}

#[test]
fn a_forgotten_dialog_stops_its_200() {
    let mut pair = Pair::new(Transport::Udp);
    pair.alice.lose("ACK", usize::MAX);
    pair.request(Alice, Method::Invite, None);
    let (server, _) = pair.event(Bob).request();
    let bob = pair.respond(Bob, server, 200).unwrap();
    let alice = pair.event(Alice).response(200).unwrap();

    pair.bob.endpoint.forget_dialog(bob);
    pair.alice.endpoint.forget_dialog(alice);

    pair.assert_nothing_is_left();
    let answers = pair.log.iter().filter(|it| it.contains("SIP/2.0 200")).count();
    assert_eq!(answers, 1, "{:#?}", pair.log);
}

fn hang_up(pair: &mut Pair, alice: sip::DialogId) {
    pair.in_dialog(Alice, alice, Method::Bye);
    let (_, server, _) = pair.event(Bob).in_dialog();
    pair.respond(Bob, server, 200);
    pair.event(Alice).response(200);
    pair.assert_nothing_is_left();
}

#[track_caller]
fn status(event: Event) -> u16 {
    let Event::Response { response, .. } = event else { panic!("{event:#?}") };
    let Status(status) = response.status;
    status
}
