//! Black and white lists: whom a domain and a line take calls from outside from.

use crate::support::*;
use call::outbound::{Notation, OutboundRules};
use sim::City;

/// `1001` and `1002` registered as phones 0 and 1, the carrier as phone 2.
fn with_provider() -> City {
    let mut city = pair();
    city.add_provider("4951234567");
    city
}

/// The carrier calls, for somebody of this number; gives what it is answered in the end, if anything
/// yet.
fn call_in(city: &mut City, caller: &str, dialled: &str) -> Option<u16> {
    let asserted = format!("<sip:{caller}@carrier.test>");
    city.phones[PROVIDER].invite_headers = vec![("P-Asserted-Identity", asserted)];
    ring(city, dialled)
}

fn call_in_unknown(city: &mut City, dialled: &str) -> Option<u16> {
    city.phones[PROVIDER].invite_headers = vec![("Privacy", "id".to_owned())];
    ring(city, dialled)
}

fn ring(city: &mut City, dialled: &str) -> Option<u16> {
    let uri = format!("sip:{dialled}@10.0.0.1");
    city.act(PROVIDER, |phone, now| phone.dial_uri(now, &uri, true));
    city.wait(millis(500));
    line(city, PROVIDER).final_status()
}

/// Whoever called gives up or hangs up.
fn stop(city: &mut City) {
    city.wait(secs(5));
    city.act(PROVIDER, |phone, now| {
        let line = phone.lines.len() - 1;
        phone.hang_up(now, line);
    });
    city.wait(secs(1));
}

/// How often a phone was rung so far.
fn rung(city: &City, phone: usize) -> usize {
    city.phones[phone].lines.len()
}

const PROVIDER: usize = 2;

#[test]
fn whom_a_domain_blocks_is_declined_before_anything_rings_and_the_log_says_so() {
    let mut city = with_provider();
    city.set_caller_list(None, &["+7900*", "+79161234567"], &[]);

    assert_eq!(call_in(&mut city, "+79001111111", "74950000001"), Some(603), "{}", city.story());
    assert_eq!(call_in(&mut city, "+79161234567", "74950006000"), Some(603));
    assert_eq!([0, 1].map(|phone| rung(&city, phone)), [0, 0]);
    assert_eq!(log(&city), ["caller 603 screened system"; 2]);
    assert_eq!(city.cdrs[0].party, "provider/+79001111111");

    assert_eq!(call_in(&mut city, "+79161234568", "74950000001"), None, "it rings");
    stop(&mut city);
    assert_eq!(rung(&city, 0), 1);
    city.dial(0, "1002");
    city.wait(secs(5));
    assert!(talk(&city, 0, 1), "lines are not concerned: {}", city.story());
    hang_up_all(city);
}

#[test]
fn a_domain_that_allows_somebody_takes_calls_from_nobody_else_but_its_lines_and_help() {
    let mut city = with_provider();
    city.set_caller_list(None, &[], &["+7495*"]);

    assert_eq!(call_in(&mut city, "+79161234567", "74950000001"), Some(603), "{}", city.story());
    assert_eq!(call_in_unknown(&mut city, "74950000001"), Some(603));
    for (n, caller) in ["+74950000000", "112"].into_iter().enumerate() {
        assert_eq!(call_in(&mut city, caller, "74950000001"), None, "{caller}");
        stop(&mut city);
        assert_eq!(rung(&city, 0), n + 1, "{}", city.story());
    }
    city.dial(1, "1001");
    city.wait(secs(5));
    assert!(talk(&city, 0, 1), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn callers_without_a_number_are_blocked_as_such_and_let_through_as_such() {
    let mut city = with_provider();
    city.set_caller_list(None, &["anonymous"], &[]);
    assert_eq!(call_in_unknown(&mut city, "74950000001"), Some(603), "{}", city.story());
    assert_eq!(call_in(&mut city, "+79161234567", "74950000001"), None);
    stop(&mut city);

    city.set_caller_list(Some("1001"), &[], &["anonymous"]);
    assert_eq!(call_in_unknown(&mut city, "74950000001"), None, "{}", city.story());
    stop(&mut city);
    assert_eq!(call_in(&mut city, "+79161234567", "74950000001"), Some(603));
    city.finish();
}

#[test]
fn a_number_is_the_same_however_the_carrier_and_the_list_write_it() {
    let mut city = with_provider();
    let national = Some(("8".to_owned(), "7".to_owned()));
    let notation = Notation { international: vec!["00".to_owned()], national };
    city.set_outbound_rules(OutboundRules::new(notation, [], &[], Vec::new()));
    for listed in ["+79161234567", "8 (916) 123-45-67", "0079161234567", "8916*"] {
        city.set_caller_list(None, &[listed], &[]);
        for caller in ["+79161234567", "89161234567", "79161234567", "0079161234567"] {
            let answer = call_in(&mut city, caller, "74950000001");
            assert_eq!(answer, Some(603), "{listed} {caller}: {}", city.story());
        }
    }
    assert_eq!(rung(&city, 0), 0);
    city.finish();
}

#[test]
fn a_line_has_a_list_of_its_own_which_holds_in_groups_and_for_its_mailbox() {
    let mut city = with_provider();
    let third = city.add_registered("1003");
    city.set_caller_list(Some("1001"), &["+7900*"], &[]);
    let unwanted = "+79001111111";

    assert_eq!(call_in(&mut city, unwanted, "74950000001"), Some(603), "{}", city.story());
    assert_eq!(call_in(&mut city, unwanted, "74950009601"), Some(603), "no mailbox answers");
    assert_eq!(log(&city), ["caller 603 screened system"; 2]);
    assert_eq!(call_in(&mut city, unwanted, "74950000002"), None, "another takes it");
    stop(&mut city);
    assert_eq!(call_in(&mut city, unwanted, "74950006000"), None);
    stop(&mut city);
    assert_eq!([0, 1, third].map(|phone| rung(&city, phone)), [0, 2, 1], "{}", city.story());

    // A plan may have something else for those who are refused.
    assert_eq!(call_in(&mut city, unwanted, "74950009401"), Some(200), "{}", city.story());
    assert!(is_spoken_to(&city, PROVIDER));
    hang_up_all(city);
}

#[test]
fn a_call_that_is_forwarded_or_transferred_is_still_that_of_its_caller() {
    let mut city = with_provider();
    city.set_caller_list(Some("1001"), &["+7900*"], &[]);
    city.change_line("1002", |it| it.features.forward_all = Some("1001".to_owned()));
    let unwanted = "+79001111111";
    assert_eq!(call_in(&mut city, unwanted, "74950000002"), Some(603), "{}", city.story());
    assert_eq!(call_in(&mut city, "+79161234567", "74950000002"), None);
    stop(&mut city);
    assert_eq!([0, 1].map(|phone| rung(&city, phone)), [1, 0], "{}", city.story());

    // Nor does a line that wants its calls elsewhere send there whom it does not take.
    city.change_line("1001", |it| it.features.forward_all = Some("1002".to_owned()));
    city.change_line("1002", |it| it.features.forward_all = None);
    assert_eq!(call_in(&mut city, unwanted, "74950000001"), Some(603), "{}", city.story());
    city.change_line("1001", |it| it.features.forward_all = None);

    call_in(&mut city, unwanted, "74950000002");
    city.wait(secs(5));
    assert!(talk(&city, PROVIDER, 1), "{}", city.story());
    city.act(1, |phone, now| phone.refer(now, 0, "1001"));
    city.wait(secs(5));
    assert!(talk(&city, PROVIDER, 1), "whoever transferred it has it back: {}", city.story());
    assert_eq!(rung(&city, 0), 1);
    hang_up_all(city);
}
