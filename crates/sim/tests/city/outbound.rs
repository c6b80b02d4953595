//! Who may call out through trunks, in whose name, and how much.

use crate::support::*;
use call::{
    CallOrder, Command, Origination, TrunkLimits,
    dialplan::{Hours, NumberRules},
    outbound::{Notation, OutboundClass, OutboundRules, UseKey},
};
use sim::{City, LineState, Manner};

/// `1001`, `1002` and `1003` registered as phones 0 to 2, the carriers `provider` and `backup` as
/// phones 3 and 4.
fn with_carriers() -> City {
    let mut city = city();
    for number in ["1001", "1002", "1003"] {
        city.add_registered(number);
    }
    city.add_provider("4951234567");
    city.add_backup("4951234567");
    city
}

/// The same; only these extensions may call out, and not abroad.
fn allowing(numbers: &[&str]) -> City {
    let mut city = with_carriers();
    for number in ["1001", "1002", "1003"] {
        let classes: &[&str] = if numbers.contains(&number) { &["national"] } else { &[] };
        city.set_outbound_classes(number, classes);
    }
    city
}

/// How many calls came to both carriers.
fn calls_out(city: &City) -> usize {
    [PROVIDER, BACKUP].iter().map(|it| city.phones[*it].lines.len()).sum()
}

const PROVIDER: usize = 3;
const BACKUP: usize = 4;
const OUT: &str = "94951234567";

#[test]
fn nobody_calls_out_without_the_right_to_the_number_and_no_trunk_hears_of_it() {
    let mut city = allowing(&["1001"]);
    for (caller, number, told) in [
        (1, OUT, "1002 may not call numbers of class national"),
        (1, "84951234567", "1002 may not call numbers of class national"),
        (0, "900495123456", "1001 may not call numbers of class international"),
        (0, "900882123456", "00882123456 is on the black list"),
    ] {
        city.dial(caller, number);
        city.wait(secs(2));
        assert_eq!(line(&city, caller).statuses, [403], "{number}: {}", city.story());
        assert_eq!(line(&city, caller).reason, told);
    }
    assert_eq!(calls_out(&city), 0, "{}", city.story());
    city.dial(0, OUT);
    city.wait(secs(5));
    assert_eq!(line(&city, 0).final_status(), Some(200), "{}", city.story());
    // What is taken away counts from the next call on.
    city.set_outbound_classes("1001", &["international"]);
    assert_eq!(line(&city, 0).state, LineState::Talking);
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    for (number, status) in [(OUT, 403), ("900495123456", 200), ("9112", 200)] {
        city.dial(0, number);
        city.wait(secs(5));
        assert_eq!(line(&city, 0).final_status(), Some(status), "{number}: {}", city.story());
    }
    let barred = city.cdrs.iter().filter(|it| it.cause == "barred").count();
    assert_eq!(barred, 5, "{:?}", log(&city));
    hang_up_all(city);
}

#[test]
fn what_a_trunk_makes_of_a_number_is_judged_too() {
    let mut city = allowing(&["1001"]);
    city.change_trunk("provider", |it| {
        let rules = ["77{rest} -> 00{rest}", "112 -> 00112", "4951234567 -> 4951234567#"];
        it.numbers.called_out = NumberRules::parse(&rules.map(str::to_owned)).expect("rules");
    });
    for (number, told) in [
        (
            "977495123456",
            "1001 may not call numbers of class international: the trunk makes 00495123456 of \
             77495123456",
        ),
        ("977882123456", "00882123456 is on the black list"),
    ] {
        city.dial(0, number);
        city.wait(secs(2));
        assert_eq!(line(&city, 0).reason, told, "{}", city.story());
    }
    assert_eq!(calls_out(&city), 0, "{}", city.story());
    // Who calls for help gets it, and what is the trunk's own way to write is its own matter.
    for number in ["9112", OUT] {
        city.dial(0, number);
        city.wait(secs(5));
        assert_eq!(line(&city, 0).final_status(), Some(200), "{number}: {}", city.story());
    }
    hang_up_all(city);
}

#[test]
fn no_limit_of_a_trunk_keeps_anybody_from_calling_for_help() {
    let mut city = allowing(&["1001", "1002"]);
    city.change_trunk("provider", |it| {
        it.limits = TrunkLimits { channels_max: Some(1), cps_max: Some(1) };
        it.health_interval = Some(secs(10));
    });
    city.dial(0, OUT);
    city.wait(secs(5));
    assert_eq!(line(&city, 0).final_status(), Some(200), "{}", city.story());
    city.phones[PROVIDER].options_status = None;
    city.wait(secs(60));
    for (number, status) in [(OUT, 480), ("9112", 200)] {
        city.dial(1, number);
        city.wait(secs(5));
        assert_eq!(line(&city, 1).final_status(), Some(status), "{number}: {}", city.story());
    }
    city.change_trunk("provider", |it| it.health_interval = None);
    hang_up_all(city);
}

#[test]
fn a_forwarded_call_goes_out_with_the_rights_of_the_line_that_forwards_it() {
    for (allowed, status) in [("1002", 200), ("1001", 403)] {
        let mut city = allowing(&[allowed]);
        city.dial(1, &["*72", OUT].concat());
        city.wait(secs(1));
        finish_words(&mut city, 1);
        city.dial(0, "1002");
        city.wait(secs(5));
        assert_eq!(line(&city, 0).final_status(), Some(status), "{allowed}: {}", city.story());
        assert_eq!(calls_out(&city), usize::from(status == 200));
        hang_up_all(city);
    }
}

#[test]
fn what_follows_a_forward_in_vain_has_the_rights_of_the_caller_again() {
    for (allowed, status) in [("1002", 403), ("1001", 200)] {
        let mut city = allowing(&[allowed]);
        city.dial(1, "*721009");
        city.wait(secs(1));
        finish_words(&mut city, 1);
        city.dial(0, "6600");
        city.wait(secs(5));
        assert_eq!(line(&city, 0).final_status(), Some(status), "{allowed}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn a_consultation_goes_out_with_the_rights_of_whoever_asks() {
    for (allowed, is_through) in [("1002", true), ("1001", false)] {
        let mut city = allowing(&[allowed]);
        city.dial(0, "1002");
        city.wait(secs(4));
        let command = Command::Consult(OUT.to_owned());
        let order = CallOrder { by: "1002".to_owned(), command };
        let call = city.shards[0].views()[0].id;
        assert!(city.operate(0, |shard, now| shard.command(now, call, &order)).is_ok());
        city.wait(secs(5));

        assert_eq!(calls_out(&city), usize::from(is_through), "{allowed}: {}", city.story());
        assert!(talk(&city, 1, if is_through { PROVIDER } else { 0 }), "{}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn a_transfer_goes_out_with_the_rights_of_whoever_hands_the_call_on() {
    for by_command in [false, true] {
        for (allowed, is_through) in [("1002", true), ("1001", false)] {
            let mut city = allowing(&[allowed]);
            city.dial(0, "1002");
            city.wait(secs(4));
            if by_command {
                let command = Command::Transfer(OUT.to_owned());
                let order = CallOrder { by: "1002".to_owned(), command };
                let call = city.shards[0].views()[0].id;
                assert!(city.operate(0, |shard, now| shard.command(now, call, &order)).is_ok());
            } else {
                city.act(1, |phone, now| phone.refer(now, 0, OUT));
            }
            city.wait(secs(5));
            assert_eq!(calls_out(&city), usize::from(is_through), "{allowed}: {}", city.story());
            let with = if is_through { PROVIDER } else { 1 };
            assert!(talk(&city, 0, with), "{allowed}: {}", city.story());
            if !by_command {
                let told = if is_through { 200 } else { 403 };
                assert_eq!(line(&city, 1).notified.last(), Some(&told));
            }
            hang_up_all(city);
        }
    }
}

#[test]
fn a_call_of_a_click_goes_out_with_the_rights_of_its_extension() {
    for (allowed, calls) in [("1001", 1), ("1002", 0)] {
        let mut city = allowing(&[allowed]);
        let domain = city.directory().domain_of_host(sim::DOMAIN).expect("it is there").id;
        let (extension, to) = ("1001".to_owned(), OUT.to_owned());
        let order = Origination { domain, extension, to, is_intercom: true };
        assert!(city.operate(0, |shard, now| shard.originate(now, order)).is_ok());
        city.wait(secs(6));
        assert_eq!(calls_out(&city), calls, "{allowed}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn a_call_from_a_trunk_goes_out_through_one_only_in_the_name_of_an_extension() {
    let mut city = allowing(&["1001"]);
    for (number, status) in [("74950000100", 403), ("74950000202", 403), ("74950000201", 200)] {
        let uri = format!("sip:{number}@10.0.0.1");
        city.act(PROVIDER, |phone, now| phone.dial_uri(now, &uri, true));
        city.wait(secs(5));
        let heard = line(&city, PROVIDER).final_status();
        assert_eq!(heard, Some(status), "{number}: {}", city.story());
    }
    assert_eq!(city.phones[BACKUP].lines.len(), 1);
    hang_up_all(city);
}

#[test]
fn whoever_is_called_through_a_trunk_cannot_send_the_call_out_again() {
    let mut city = allowing(&["1001"]);
    city.dial(0, OUT);
    city.wait(secs(5));
    assert!(talk(&city, 0, PROVIDER), "{}", city.story());
    city.act(PROVIDER, |phone, now| phone.refer(now, 0, OUT));
    city.wait(secs(3));
    assert_eq!(line(&city, PROVIDER).notified.last(), Some(&404), "{}", city.story());
    assert_eq!(calls_out(&city), 1);
    assert!(talk(&city, 0, PROVIDER));
    hang_up_all(city);
}

// === Caps ===

/// Everybody may call, as much as `change` says of the class.
fn with_caps(change: impl FnOnce(&mut OutboundClass)) -> City {
    let mut city = with_carriers();
    let mut class = OutboundClass {
        name: "national".to_owned(),
        prefixes: vec![String::new()],
        ..OutboundClass::default()
    };
    change(&mut class);
    let rules = OutboundRules::new(Notation::default(), [], &[], vec![class]);
    city.set_outbound_rules(rules);
    city
}

fn limits_told(city: &City) -> Vec<&'static str> {
    city.outbound_use.take_alarms().into_iter().map(|it| it.limit.name()).collect()
}

fn key(city: &City, number: &str) -> UseKey {
    let domain = city.directory().domain_of_host(sim::DOMAIN).expect("it is there").id;
    let line = city.directory().extension(domain, number).map(|it| it.id);
    UseKey { domain, line, class: "national".to_owned() }
}

#[test]
fn calls_at_once_to_a_class_are_counted_whatever_becomes_of_them() {
    let mut city = with_caps(|it| it.line.calls_max = Some(1));
    city.phones[PROVIDER].manner = Manner::refuses_after(secs(1), 486);
    // A call that is refused, one that rings in vain on the first trunk, and one that the caller gives up.
    city.dial(0, OUT);
    city.wait(secs(3));
    assert_eq!(line(&city, 0).final_status(), Some(486));
    city.phones[PROVIDER].manner = Manner::refuses_after(secs(1), 503);
    city.phones[BACKUP].manner = Manner::ignores();
    let given_up = city.dial(0, "84951234567");
    city.wait(secs(3));
    assert_eq!(city.outbound_use.calls(&key(&city, "1001")), 1, "{}", city.story());
    city.act(0, |phone, now| phone.cancel(now, given_up));
    city.wait(secs(2));
    assert_eq!(limits_told(&city), [""; 0]);

    city.phones[BACKUP].manner = Manner::answers_after(secs(1));
    let answered = city.dial(0, "84951234567");
    city.wait(secs(5));
    assert_eq!(line(&city, 0).final_status(), Some(200), "{}", city.story());
    // Its other calls wait until the one is over, those of others do not.
    city.dial(0, "84951234567");
    city.dial(1, "84951234567");
    city.wait(secs(5));
    assert_eq!(line(&city, 0).statuses, [403], "{}", city.story());
    assert_eq!(line(&city, 0).reason, "1001 has as many calls as it may: class national");
    assert_eq!(line(&city, 1).final_status(), Some(200), "{}", city.story());
    assert_eq!(limits_told(&city), ["line_calls"]);
    // A transferred call is still whose it was.
    city.act(0, |phone, now| phone.refer(now, answered, "1003"));
    city.wait(secs(5));
    assert!(talk(&city, 2, BACKUP), "{}", city.story());
    assert_eq!(city.outbound_use.calls(&key(&city, "1001")), 1);
    hang_up_all(city);
}

#[test]
fn a_forwarded_call_counts_for_the_line_that_forwards_it() {
    let mut city = with_caps(|it| it.line.calls_max = Some(1));
    city.dial(1, &["*72", OUT].concat());
    city.wait(secs(1));
    finish_words(&mut city, 1);
    city.dial(0, "1002");
    city.wait(secs(5));
    let calls = ["1001", "1002"].map(|it| city.outbound_use.calls(&key(&city, it)));
    assert_eq!(calls, [0, 1], "{}", city.story());
    city.dial(2, "1002");
    city.wait(secs(3));
    assert_eq!(line(&city, 2).statuses, [403], "{}", city.story());
    hang_up_all(city);
}

#[test]
fn a_call_that_goes_on_is_ended_when_the_minutes_of_the_day_are_used_up() {
    for (line_max, domain_max, limit) in
        [(Some(2), None, "line_minutes"), (None, Some(2), "domain_minutes")]
    {
        let mut city = with_caps(|it| {
            (it.line.minutes_a_day, it.domain.minutes_a_day) = (line_max, domain_max);
        });
        city.dial(0, OUT);
        city.wait(secs(110));
        assert!(talk(&city, 0, PROVIDER), "{}", city.story());
        city.wait(secs(15));
        assert_eq!(line(&city, 0).state, LineState::Ended, "{}", city.story());
        assert_eq!(line(&city, PROVIDER).state, LineState::Ended);
        let talked = city.outbound_use.talked(city.now(), &key(&city, "1001"));
        assert!(talked >= secs(120) && talked < secs(121), "{talked:?}");
        assert_eq!(limits_told(&city), [limit]);
        city.dial(0, OUT);
        city.wait(secs(2));
        assert_eq!(line(&city, 0).statuses, [403], "{}", city.story());
        city.wait(secs(86_400));
        city.dial(0, OUT);
        city.wait(secs(5));
        assert_eq!(line(&city, 0).final_status(), Some(200), "another day: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn minutes_that_end_in_a_consultation_leave_a_call_of_the_two_others() {
    for talks_outside in [true, false] {
        let mut city = with_caps(|it| it.line.minutes_a_day = Some(2));
        city.dial(0, OUT);
        city.wait(secs(10));
        let call = city.shards[0].views()[0].id;
        let order = |city: &mut City, command: Command| {
            let order = CallOrder { by: "1001".to_owned(), command };
            assert!(city.operate(0, |shard, now| shard.command(now, call, &order)).is_ok());
            city.wait(secs(5));
        };
        order(&mut city, Command::Consult("1002".to_owned()));
        assert!(talk(&city, 0, 1), "{}", city.story());
        if talks_outside {
            order(&mut city, Command::Swap);
            assert!(talk(&city, 0, PROVIDER), "{}", city.story());
        }

        city.wait(secs(120));

        assert_eq!(line(&city, PROVIDER).state, LineState::Ended, "{}", city.story());
        assert!(talk(&city, 0, 1), "{talks_outside}: {}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn whoever_hangs_up_as_its_minutes_end_leaves_nothing_behind() {
    for at in [119_900, 119_960, 120_000, 120_040, 120_100] {
        let mut city = with_caps(|it| it.line.minutes_a_day = Some(2));
        city.dial(0, OUT);
        city.wait(millis(at + 2000));
        city.act(0, |phone, now| phone.hang_up(now, 0));
        city.finish();
    }
}

#[test]
fn a_class_may_be_called_within_its_hours_and_so_often_a_minute() {
    // The city begins on a Friday, at eight in the morning.
    let mut city = with_caps(|it| {
        it.hours = vec![Hours::parse("fri 09:00-18:00").expect("these are hours")];
        it.domain.calls_a_minute = Some(2);
    });
    city.dial(0, OUT);
    city.wait(secs(2));
    assert_eq!(line(&city, 0).reason, "Class national may not be called at this time");
    city.wait(secs(3600));
    for (caller, status) in [(0, 200), (1, 200), (2, 403)] {
        city.dial(caller, OUT);
        city.wait(secs(5));
        assert_eq!(line(&city, caller).final_status(), Some(status), "{}", city.story());
    }
    assert_eq!(limits_told(&city), ["hours", "domain_rate"]);
    city.wait(secs(60));
    city.dial(2, OUT);
    city.wait(secs(5));
    assert_eq!(line(&city, 2).final_status(), Some(200));
    hang_up_all(city);
}

#[test]
fn whoever_redials_past_a_cap_leaves_the_trunk_to_others() {
    let mut city = with_caps(|class| class.line.calls_max = Some(1));
    city.change_trunk("provider", |it| it.limits.cps_max = Some(1));
    city.dial(0, OUT);
    city.wait(secs(5));
    for _ in 0..3 {
        city.dial(0, OUT);
    }
    city.wait(millis(200));
    assert_eq!(line(&city, 0).statuses, [403], "{}", city.story());
    city.dial(1, OUT);
    city.wait(secs(5));
    assert_eq!(line(&city, 1).final_status(), Some(200), "{}", city.story());
    hang_up_all(city);
}
