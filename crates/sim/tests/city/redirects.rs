//! Phones that send a call elsewhere by a 3xx, and what is not followed.

use crate::support::*;
use sim::{City, LineState, Manner};

#[test]
fn a_phone_sends_a_call_on_to_the_number_of_the_contact_that_it_prefers() {
    for (contacts, status) in [
        (vec!["<sip:1003@demo.tandem.test>"], 302),
        (vec!["sip:1003@demo.tandem.test;expires=60"], 301),
        (vec!["<sip:1009@10.0.0.1>;q=0.2", "\"Desk\" <sip:1003@203.0.113.9:5080>;q=.9"], 302),
        (vec!["<sip:1003@10.0.0.1>, <sip:1009@10.0.0.1>"], 300),
        (vec!["<sip:1009@10.0.0.1>;q=high", "<mailto:anna@demo.tandem.test>", "<tel:10-03>"], 302),
    ] {
        let mut city = trio_with(&contacts, status);
        city.dial(CALLER, "1002");
        city.wait(secs(5));
        assert!(talk(&city, CALLER, 2), "{contacts:?}: {}", city.story());
        assert_eq!(city.phones[1].lines.len(), 1, "{contacts:?}");
        assert_eq!(line(&city, CALLER).statuses.last(), Some(&200));
        let told = line(&city, 2).header("Diversion");
        assert_eq!(told, Some("<sip:1002@demo.tandem.test>;reason=deflection"));
        hang_up_all(city);
    }
}

#[test]
fn what_names_no_number_or_is_no_other_address_is_a_refusal() {
    for (contacts, status) in [
        (vec![], 302),
        (vec!["<sip:demo.tandem.test>"], 302),
        (vec!["nonsense"], 302),
        (vec!["*"], 302),
        (vec!["<mailto:anna@demo.tandem.test>"], 302),
        (vec!["<sip:1003@demo.tandem.test>"], 305),
        (vec!["<sip:1003@demo.tandem.test>"], 380),
    ] {
        let mut city = trio_with(&contacts, status);
        city.dial(CALLER, "1002");
        city.wait(secs(5));
        let heard = line(&city, CALLER).final_status();
        assert_eq!(heard, Some(480), "{contacts:?}, {status}: {}", city.story());
        assert!(city.phones[2].lines.is_empty(), "{contacts:?}, {status}");
        city.finish();
    }
}

#[test]
fn a_number_that_the_plan_does_not_know_is_refused_as_if_it_had_been_dialled() {
    let mut city = trio_with(&["<sip:1999999@demo.tandem.test>"], 302);
    city.dial(CALLER, "1002");
    city.wait(secs(5));
    assert_eq!(line(&city, CALLER).final_status(), Some(404), "{}", city.story());
    city.finish();
}

#[test]
fn a_call_is_sent_outside_with_the_right_of_whoever_sends_it_there() {
    for (rights, of_caller, heard) in [(&["national"][..], &[][..], 200), (&[], &["national"], 403)]
    {
        let mut city = trio_with(&["<sip:984951234567@203.0.113.9>"], 302);
        let provider = city.add_provider("4951234567");
        city.set_outbound_classes("1002", rights);
        city.set_outbound_classes("1001", of_caller);
        city.dial(CALLER, "1002");
        city.wait(secs(5));
        assert_eq!(line(&city, CALLER).final_status(), Some(heard), "{}", city.story());
        assert_eq!(city.phones[provider].lines.len(), usize::from(heard == 200));
        hang_up_all(city);
    }
}

#[test]
fn phones_that_send_a_call_to_and_fro_end_it_with_482() {
    for to in ["1003", "1002"] {
        let mut city = trio_with(&[&format!("<sip:{to}@demo.tandem.test>")], 302);
        city.phones[2].manner = Manner::refuses_after(millis(100), 302);
        city.phones[2].redirects_to = vec!["<sip:1002@demo.tandem.test>".to_owned()];
        city.phones[1].manner = Manner::refuses_after(millis(100), 302);
        city.dial(CALLER, "1002");
        city.wait(secs(10));
        assert_eq!(line(&city, CALLER).final_status(), Some(482), "{to}: {}", city.story());
        let rung = city.phones[1].lines.len() + city.phones[2].lines.len();
        assert_eq!(rung, 9, "it was sent on eight times");
        city.finish();
    }
}

#[test]
fn a_redirect_that_crosses_the_caller_s_cancel_rings_nobody() {
    for at in (900..1150).step_by(10) {
        let mut city = trio_with(&["<sip:1003@demo.tandem.test>"], 302);
        city.phones[2].manner = Manner::ignores();
        city.dial(CALLER, "1002");
        city.wait(millis(at));
        city.act(CALLER, |phone, now| phone.cancel(now, 0));
        city.wait(secs(3));
        assert_eq!(line(&city, CALLER).final_status(), Some(487), "{at}: {}", city.story());
        let still_rings = city.phones[2].lines.iter().any(sim::Line::is_live);
        assert!(!still_rings, "{at}: {}", city.story());
        city.finish();
    }
}

#[test]
fn a_redirect_that_comes_when_the_call_has_gone_on_is_no_other_way_for_it() {
    for at in (29_800..30_200).step_by(20) {
        let mut city = trio_with(&["<sip:1003@demo.tandem.test>"], 302);
        let further = city.add_registered("1004");
        city.change_line("1002", |it| it.features.forward_no_answer = Some("1004".to_owned()));
        city.phones[1].manner = Manner::refuses_after(millis(at), 302);
        city.dial(CALLER, "1002");
        city.wait(secs(35));
        let [deflected, forwarded] = [2, further].map(|it| city.phones[it].lines.len());
        assert_eq!(deflected + forwarded, 1, "{at}: {}", city.story());
        assert!(talk(&city, CALLER, if deflected == 1 { 2 } else { further }), "{at}");
        hang_up_all(city);
    }
}

#[test]
fn of_two_devices_the_one_that_sends_the_call_on_speaks_for_both() {
    let mut city = trio_with(&["<sip:1003@demo.tandem.test>"], 302);
    let other = city.add_registered("1002");
    city.phones[other].manner = Manner::ignores();
    city.dial(CALLER, "1002");
    city.wait(secs(5));
    assert!(talk(&city, CALLER, 2), "{}", city.story());
    assert_eq!(line(&city, other).state, LineState::Ended);
    let reason = line(&city, other).header("Reason");
    assert_eq!(reason, Some("SIP;cause=200;text=\"Call completed elsewhere\""));
    assert_eq!(city.calls_of("1002"), 0);
    hang_up_all(city);
}

#[test]
fn two_devices_that_act_at_the_same_moment_make_one_call_of_it() {
    for apart in (0..200).step_by(10) {
        for answers in [false, true] {
            let mut city = trio_with(&["<sip:1003@demo.tandem.test>"], 302);
            let other = city.add_registered("1002");
            city.phones[other].redirects_to = vec!["<sip:1004@demo.tandem.test>".to_owned()];
            let fourth = city.add_registered("1004");
            let delay = millis(900 + apart);
            city.phones[other].manner = if answers {
                Manner::answers_after(delay)
            } else {
                Manner::refuses_after(delay, 302)
            };
            city.dial(CALLER, "1002");
            city.wait(secs(6));
            let talks: Vec<_> =
                [2, other, fourth].into_iter().filter(|it| talk(&city, CALLER, *it)).collect();
            assert_eq!(talks.len(), 1, "{apart}, {answers}: {}", city.story());
            let live = (1..city.phones.len())
                .filter(|it| city.phones[*it].lines.iter().any(sim::Line::is_live));
            assert_eq!(live.collect::<Vec<_>>(), talks, "{apart}, {answers}: {}", city.story());
            hang_up_all(city);
        }
    }
}

#[test]
fn a_member_of_a_group_that_sends_the_call_on_drops_out_of_it() {
    for group in ["6000", "6001"] {
        let mut city = trio_with(&["<sip:1009@demo.tandem.test>"], 302);
        city.phones[2].manner = Manner::answers_after(secs(3));
        city.dial(CALLER, group);
        city.wait(secs(6));
        assert!(talk(&city, CALLER, 2), "{group}: {}", city.story());
        assert_eq!(line(&city, 2).header("Diversion"), None);
        hang_up_all(city);
    }
}

#[test]
fn a_redirect_of_a_trunk_is_not_followed() {
    let mut city = trio_with(&[], 302);
    let provider = city.add_provider("4951234567");
    city.phones[provider].manner = Manner::refuses_after(secs(1), 302);
    city.phones[provider].redirects_to = vec!["<sip:1003@demo.tandem.test>".to_owned()];
    city.dial(CALLER, "984951234567");
    city.wait(secs(5));
    assert_eq!(line(&city, CALLER).final_status(), Some(480), "{}", city.story());
    assert!(city.phones[2].lines.is_empty());
    city.finish();
}

#[test]
fn whoever_is_handed_on_or_was_answered_before_is_sent_on_as_well() {
    let mut city = trio_with(&["<sip:1003@demo.tandem.test>"], 302);
    let further = city.add_registered("1004");
    city.dial(CALLER, "1004");
    city.wait(secs(4));
    city.act(further, |phone, now| phone.refer(now, 0, "1002"));
    city.wait(secs(6));
    assert!(talk(&city, CALLER, 2), "{}", city.story());
    assert_eq!(line(&city, further).notified, [100, 180, 200], "{}", city.story());
    hang_up_all(city);

    let mut city = trio_with(&["<sip:1003@demo.tandem.test>"], 302);
    city.dial(CALLER, "6501");
    city.wait(secs(1));
    finish_words(&mut city, CALLER);
    city.wait(secs(5));
    assert!(talk(&city, CALLER, 2), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn anybody_may_hang_up_at_every_step_of_a_redirected_call() {
    for who in 0..3 {
        for delay in (900..1200).step_by(20).chain([2900, 3000, 3040, 3080, 3200]) {
            let mut city = trio_with(&["<sip:1003@demo.tandem.test>"], 302);
            city.dial(CALLER, "1002");
            city.wait(millis(delay));
            for line in 0..city.phones[who].lines.len() {
                city.act(who, |phone, now| {
                    phone.cancel(now, line);
                    phone.hang_up(now, line);
                });
            }
            city.wait(secs(10));
            hang_up_all(city);
        }
    }
}

/// `1001` to `1003` as phones 0 to 2; `1002` rings for a second and then sends calls elsewhere.
fn trio_with(contacts: &[&str], status: u16) -> City {
    let mut city = city();
    for number in ["1001", "1002", "1003"] {
        city.add_registered(number);
    }
    city.phones[1].manner = Manner::refuses_after(secs(1), status);
    city.phones[1].redirects_to = contacts.iter().map(|it| (*it).to_owned()).collect();
    city
}
