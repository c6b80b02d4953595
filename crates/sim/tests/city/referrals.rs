//! REFERs outside any call: a program or a phone has its user's own devices rung, and is told how the
//! call goes.

use crate::support::*;
use sim::{City, DOMAIN, LineState, Manner, Phone, Plot, Quality};
use std::collections::HashMap;

#[test]
fn the_own_phone_rings_then_the_other_and_whoever_asked_is_told_each_step() {
    let mut city = trio();
    let n = refer(&mut city, 0, "1002");
    city.wait(secs(1));
    assert_eq!(asked(&city, 0, n).statuses, [202], "{}", city.story());
    assert_eq!(told(&city, 0, n), [100]);
    assert_eq!(state(&city, 0, n), "active;expires=600");
    assert_eq!(line(&city, 0).state, LineState::Ringing);
    let row = |phone, name: &str| line(&city, phone).header(name).map(str::to_owned);
    assert!(row(0, "Call-Info").is_some_and(|it| it.contains("answer-after=0")));
    assert_eq!(row(0, "Referred-By"), Some(format!("<sip:1001@{DOMAIN}>")));
    assert!(city.phones[1].lines.is_empty(), "nobody else rings yet");

    city.wait(millis(1500));
    assert_eq!(told(&city, 0, n), [100, 180], "{}", city.story());
    let referred_by = line(&city, 1).header("Referred-By");
    assert_eq!(referred_by, Some(format!("<sip:1001@{DOMAIN}>").as_str()));
    city.wait(secs(3));
    assert!(talk(&city, 0, 1), "{}", city.story());
    assert_eq!(told(&city, 0, n), [100, 180, 200]);
    assert_eq!(state(&city, 0, n), "terminated;reason=noresource");
    assert_eq!(city.counts().subscriptions, 0);
    // What becomes of the call then is told to nobody.
    city.act(1, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    assert_eq!(told(&city, 0, n).len(), 3);
    city.finish();
    assert_eq!(city.cdrs.len(), 2);
}

#[test]
fn the_last_word_says_what_became_of_the_call() {
    let busy = Manner::refuses_after(secs(1), 486);
    let ready = Manner::answers_after(secs(2));
    for (number, own, theirs, expected) in [
        ("1002", ready, busy, &[100, 180, 486][..]),
        ("1002", ready, Manner::ignores(), &[100, 180, 480]),
        ("1009", ready, ready, &[100, 480]),
        ("1099", ready, ready, &[100, 404]),
        ("1002", busy, ready, &[100, 486]),
        ("1002", Manner::ignores(), ready, &[100, 480]),
        ("6500", ready, ready, &[100, 200]),
        ("3001", ready, ready, &[100, 200]),
    ] {
        let mut city = trio();
        (city.phones[0].manner, city.phones[1].manner) = (own, theirs);
        let n = refer(&mut city, 0, number);
        city.wait(secs(50));
        assert_eq!(told(&city, 0, n), expected, "{number}: {}", city.story());
        assert_eq!(state(&city, 0, n), "terminated;reason=noresource");
        hang_up_all(city);
    }
}

#[test]
fn what_makes_no_sense_is_refused_and_rings_nobody() {
    let mut city = trio();
    city.dial(1, "1003");
    city.wait(secs(4));
    let theirs = escaped(&city.phones[1].lines[0].replaces());
    city.add_domain("other.test");
    let to = |value: &str| vec![("Refer-To", value.to_owned())];
    for (rows, status) in [
        (Vec::new(), 400),
        (to("nonsense"), 400),
        ([to("<sip:1002@10.0.0.1>"), to("<sip:1003@10.0.0.1>")].concat(), 400),
        (to("<sip:1002@10.0.0.1>, <sip:1003@10.0.0.1>"), 400),
        (to("<sip:1002@10.0.0.1?Replaces=half>"), 400),
        (to("<sip:1002@10.0.0.1;method=BYE>"), 501),
        (to("<sip:1002@10.0.0.1;method=SUBSCRIBE>"), 501),
        (to("<sip:1002@10.0.0.1?From=sip%3A1003%4010.0.0.1>"), 403),
        (to("<sip:1002@10.0.0.1?body=hello>"), 403),
        (to("<sip:1002@other.test>"), 403),
        (to("<sip:1002@elsewhere.test>"), 403),
        (to("<mailto:1002@10.0.0.1>"), 403),
        (to("<sip:10.0.0.1>"), 404),
        (to("<sip:1001@10.0.0.1>"), 403),
        (to("<sip:1002@10.0.0.1?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>"), 481),
        (to(&format!("<sip:1002@10.0.0.1?Replaces={theirs}>")), 481),
    ] {
        let n = city.act(0, |phone, now| phone.refer_outside(now, &rows));
        city.wait(secs(1));
        assert_eq!(asked(&city, 0, n).statuses, [status], "{rows:?}: {}", city.story());
        assert_eq!(told(&city, 0, n), [], "{rows:?}");
    }
    assert!(city.phones[0].lines.is_empty(), "{}", city.story());
    assert!(talk(&city, 1, 2));

    // Who is known by its address, or signs with another name, or has no device that could ring.
    let provider = city.add_provider("4951234567");
    let stranger = city.add_phone("1004");
    for (phone, signs_as, status) in
        [(provider, "4951234567", 403), (0, "1002", 403), (stranger, "1004", 480)]
    {
        signs_as.clone_into(&mut city.phones[phone].signs_as);
        let n = refer(&mut city, phone, "1003");
        city.wait(secs(1));
        let statuses = &asked(&city, phone, n).statuses;
        assert_eq!(statuses, &[status], "{signs_as}: {}", city.story());
    }
    hang_up_all(city);
}

#[test]
fn whoever_asks_what_is_taken_outside_calls_hears_of_refer() {
    let mut city = trio();
    let n = city.act(0, |phone, now| phone.refer_outside(now, &[]));
    city.wait(secs(1));
    for (method, status) in [("OPTIONS", 200), ("PUBLISH", 405)] {
        city.act(0, |phone, now| phone.send_watching(now, n, method, &[]));
        city.wait(secs(1));
        assert_eq!(asked(&city, 0, n).statuses.last(), Some(&status), "{}", city.story());
        let allow = asked(&city, 0, n).headers.iter().find(|it| it.0 == "Allow");
        assert!(allow.is_some_and(|it| it.1.contains("REFER")), "{allow:?}");
    }
    city.finish();
}

#[test]
fn who_does_not_want_to_be_told_is_not() {
    let mut city = trio();
    let rows = [("Refer-To", "<sip:1002@10.0.0.1>"), ("Refer-Sub", "false")];
    let rows = rows.map(|(name, value)| (name, value.to_owned()));
    let n = city.act(0, |phone, now| phone.refer_outside(now, &rows));
    city.wait(millis(500));
    assert_eq!(asked(&city, 0, n).statuses, [202]);
    let says_so = |(name, value): &(String, String)| name == "Refer-Sub" && value == "false";
    assert!(asked(&city, 0, n).headers.iter().any(says_so), "{}", city.story());
    assert_eq!(city.counts().subscriptions, 0);
    city.wait(secs(5));
    assert!(talk(&city, 0, 1), "{}", city.story());
    assert_eq!(told(&city, 0, n), []);
    hang_up_all(city);
}

#[test]
fn the_subscription_is_refreshed_and_ended_like_any_other_and_the_call_goes_on() {
    let mut city = trio();
    city.phones[0].manner = Manner::answers_after(secs(8));
    let n = refer(&mut city, 0, "1002");
    city.wait(secs(1));
    city.act(0, |phone, now| phone.resubscribe(now, n, 120));
    city.wait(secs(1));
    assert_eq!(told(&city, 0, n), [100, 100], "{}", city.story());
    assert_eq!(state(&city, 0, n), "active;expires=120");
    let ask = |city: &mut City, method, event: &str, expires: &str| {
        let rows = [("Event", event.to_owned()), ("Expires", expires.to_owned())];
        city.act(0, |phone, now| phone.send_watching(now, n, method, &rows));
        city.wait(millis(200));
    };
    ask(&mut city, "SUBSCRIBE", "dialog", "120");
    ask(&mut city, "SUBSCRIBE", "refer;id=99", "120");
    ask(&mut city, "SUBSCRIBE", "refer", "10");
    ask(&mut city, "OPTIONS", "refer", "0");
    ask(&mut city, "REFER", "refer", "0");
    ask(&mut city, "INFO", "refer", "0");
    city.act(0, |phone, now| phone.resubscribe(now, n, 0));
    city.wait(millis(500));
    let statuses = &asked(&city, 0, n).statuses;
    assert_eq!(statuses, &[202, 200, 481, 481, 423, 200, 403, 405, 200], "{}", city.story());
    assert_eq!(told(&city, 0, n), [100, 100, 100]);
    assert_eq!(state(&city, 0, n), "terminated;reason=timeout");
    ask(&mut city, "SUBSCRIBE", "refer", "120");
    assert_eq!(asked(&city, 0, n).statuses.last(), Some(&481));
    city.wait(secs(10));
    assert!(talk(&city, 0, 1), "{}", city.story());
    assert_eq!(told(&city, 0, n).len(), 3);
    hang_up_all(city);
}

#[test]
fn one_that_is_not_refreshed_or_ended_by_bye_is_over_before_its_call() {
    let mut city = trio_in(Plot { ring_timeout_s: 200, ..Plot::default() });
    city.phones[0].manner = Manner::answers_after(secs(100));
    let [left, bid] = [refer(&mut city, 0, "1002"), refer(&mut city, 0, "1003")];
    city.wait(secs(1));
    city.act(0, |phone, now| phone.resubscribe(now, left, 60));
    city.act(0, |phone, now| phone.send_watching(now, bid, "BYE", &[]));
    city.wait(secs(1));
    assert_eq!(asked(&city, 0, bid).statuses, [202, 200]);
    assert_eq!(city.counts().subscriptions, 1);
    city.wait(secs(70));
    assert_eq!(state(&city, 0, left), "terminated;reason=timeout", "{}", city.story());
    assert_eq!(city.counts().subscriptions, 0);
    city.wait(secs(40));
    assert!(talk(&city, 0, 1) && talk(&city, 0, 2), "{}", city.story());
    hang_up_all(city);
}

#[test]
fn whoever_does_not_hear_how_it_goes_still_gets_its_call() {
    for (answer, patience) in [(Some(481), 1), (None, 40), (Some(500), 1)] {
        let mut city = trio();
        let n = refer(&mut city, 0, "1002");
        city.phones[0].subscriptions[n].answers = answer;
        city.wait(secs(5));
        assert!(talk(&city, 0, 1), "{answer:?}: {}", city.story());
        city.wait(secs(patience));
        assert_eq!(city.counts().subscriptions, 0, "{answer:?}: {}", city.story());
        assert!(talk(&city, 0, 1));
        hang_up_all(city);
    }
}

#[test]
fn whoever_hangs_up_at_whatever_moment_ends_the_call_and_that_is_told() {
    for by in [0, 1] {
        for delay in [10, 500, 1990, 2030, 2060, 2500, 3990, 4010, 4050, 4100, 4500] {
            let mut city = trio();
            let n = refer(&mut city, 0, "1002");
            city.wait(millis(delay));
            city.act(by, hang_up_last);
            city.wait(secs(6));
            let last = told(&city, 0, n).last().copied();
            let is_decided = last == Some(200) || by == 0 && last == Some(487);
            assert!(is_decided, "{by} after {delay}: {last:?} {}", city.story());
            assert_eq!(state(&city, 0, n), "terminated;reason=noresource");
            hang_up_all(city);
        }
    }
}

#[test]
fn an_operator_who_ends_the_call_or_the_switch_ends_it_for_whoever_asked() {
    for (delay, ends_all, status) in [(500, false, 487), (3000, false, 487), (500, true, 503)] {
        let mut city = trio();
        let n = refer(&mut city, 0, "1002");
        city.wait(millis(delay));
        let id = city.shards[0].views()[0].id;
        city.operate(0, |shard, now| {
            if ends_all { shard.hang_up_all(now) } else { assert!(shard.hang_up(now, id)) }
        });
        city.wait(secs(1));
        assert_eq!(told(&city, 0, n).last(), Some(&status), "{delay}: {}", city.story());
        city.finish();
    }
}

#[test]
fn one_who_unregisters_is_told_on_and_one_who_is_gone_is_not() {
    for delay in [50, 500, 2030, 3000] {
        let mut city = trio();
        let n = refer(&mut city, 0, "1002");
        city.wait(millis(delay));
        city.act(0, Phone::unregister);
        city.wait(secs(6));
        assert!(talk(&city, 0, 1), "{delay}: {}", city.story());
        assert_eq!(told(&city, 0, n).last(), Some(&200), "{delay}: {}", city.story());
        hang_up_all(city);

        let mut city = trio();
        let n = refer(&mut city, 0, "1002");
        city.wait(millis(delay));
        city.remove_extension("1001");
        city.wait(secs(1));
        let last = told(&city, 0, n).last().copied();
        assert_eq!(state(&city, 0, n), "terminated;reason=noresource", "{delay}");
        assert!(matches!(last, Some(100 | 180)), "{last:?} {}", city.story());
        city.wait(secs(6));
        hang_up_all(city);
    }
}

#[test]
fn another_device_of_a_number_takes_its_call_over() {
    let mut city = trio();
    let other = city.add_registered("1002");
    let n = take_over(&mut city, other, |_| {});
    city.wait(secs(4));
    assert!(talk(&city, 0, other), "{}", city.story());
    assert_eq!(line(&city, 1).state, LineState::Ended);
    assert_eq!(told(&city, other, n), [100, 200], "{}", city.story());
    assert_eq!(city.shards[0].views().len(), 1, "two calls became one");
    city.act(0, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    city.finish();
}

#[test]
fn what_is_over_or_answered_when_the_own_device_answers_is_taken_over_no_more() {
    // Who is in it hangs up while the other device rings.
    for by in [0, 1] {
        for delay in [10, 1000, 1990, 2010, 2030, 2050] {
            let mut city = trio();
            let other = city.add_registered("1002");
            let n = take_over(&mut city, other, |_| {});
            city.wait(millis(delay));
            city.act(by, |phone, now| phone.hang_up(now, 0));
            city.wait(secs(4));
            let last = told(&city, other, n).last().copied();
            assert!(matches!(last, Some(200 | 481)), "{by} {delay}: {last:?} {}", city.story());
            let is_talking = talk(&city, 0, other);
            assert!(!is_talking || last == Some(200), "{by} {delay}: {}", city.story());
            hang_up_all(city);
        }
    }
    // It was wanted only as long as nobody had answered.
    let mut city = trio();
    let other = city.add_registered("1002");
    let n = take_over(&mut city, other, |replaces| replaces.push_str("%3Bearly-only"));
    city.wait(secs(4));
    assert_eq!(told(&city, other, n), [100, 486], "{}", city.story());
    assert!(talk(&city, 0, 1));
    hang_up_all(city);
}

#[test]
fn who_asks_for_more_than_it_may_have_is_refused() {
    // As many calls as it may have at a time.
    let limits = HashMap::from([("1001".to_owned(), 1)]);
    let mut city = trio_in(Plot { limits, ..Plot::default() });
    city.dial(0, "1002");
    city.wait(secs(4));
    let n = refer(&mut city, 0, "1003");
    city.wait(secs(1));
    assert_eq!(asked(&city, 0, n).statuses, [486], "{}", city.story());
    hang_up_all(city);

    // As many subscriptions; without one there is no such limit.
    let mut city = trio();
    city.phones[0].manner = Manner::ignores();
    let all: Vec<_> = (0..21).map(|_| refer(&mut city, 0, "1003")).collect();
    city.wait(secs(1));
    let statuses =
        |status| all.iter().filter(|it| asked(&city, 0, **it).statuses == [status]).count();
    assert_eq!((statuses(202), statuses(480)), (20, 1), "{}", city.story());
    assert_eq!(city.counts().subscriptions, 20);
    let rows = [("Refer-To", "<sip:1002@10.0.0.1>".into()), ("Refer-Sub", "false".into())];
    let n = city.act(0, |phone, now| phone.refer_outside(now, &rows));
    city.wait(secs(1));
    assert_eq!(asked(&city, 0, n).statuses, [202]);
    city.finish();

    // Nobody begins calls while the switch drains.
    let mut city = trio();
    city.operate(0, |shard, now| shard.drain(now));
    let n = refer(&mut city, 0, "1002");
    city.wait(secs(1));
    assert_eq!(asked(&city, 0, n).statuses, [503], "{}", city.story());
    assert!(asked(&city, 0, n).headers.iter().any(|it| it.0 == "Retry-After"));
    city.finish();
}

#[test]
fn it_goes_out_with_the_rights_of_whoever_asks() {
    for (classes, last, calls) in [(&[][..], 403, 0), (&["national"][..], 200, 1)] {
        let mut city = trio();
        let provider = city.add_provider("4951234567");
        city.set_outbound_classes("1001", classes);
        let n = refer(&mut city, 0, "94951234567");
        city.wait(secs(6));
        assert_eq!(told(&city, 0, n).last(), Some(&last), "{}", city.story());
        assert_eq!(city.phones[provider].lines.len(), calls);
        hang_up_all(city);
    }
}

#[test]
fn over_a_network_that_loses_a_fifth_one_refer_makes_one_call() {
    let quality = Quality { loss_per_mille: 200, duplication_per_mille: 200, ..Quality::GOOD };
    for seed in 0..20 {
        let plot = Plot { quality, ..Plot::default() };
        let mut city = City::new(std::time::Instant::now(), seed, plot);
        for number in ["1001", "1002"] {
            city.add_registered(number);
        }
        let n = refer(&mut city, 0, "1002");
        city.wait(secs(40));
        assert!(city.phones[0].lines.len() <= 1, "{seed}: {}", city.story());
        let told = told(&city, 0, n);
        assert!(told.is_sorted(), "{seed}: {told:?} {}", city.story());
        hang_up_all(city);
    }
}

/// Asks for a call with a number, outside any call.
fn refer(city: &mut City, phone: usize, number: &str) -> usize {
    let rows = [("Refer-To", format!("<sip:{number}@{DOMAIN}>"))];
    city.act(phone, |phone, now| phone.refer_outside(now, &rows))
}

/// 1001 and 1002 talk, and another device of 1002 wants that call; the first takes no further one.
fn take_over(city: &mut City, other: usize, change: impl Fn(&mut String)) -> usize {
    city.phones[other].manner = Manner::ignores();
    city.dial(0, "1002");
    city.wait(secs(4));
    assert!(talk(city, 0, 1), "{}", city.story());
    city.phones[1].manner = Manner::refuses_after(millis(10), 486);
    city.phones[other].manner = Manner::answers_after(secs(2));
    let mut replaces = escaped(&city.phones[1].lines[0].replaces());
    change(&mut replaces);
    let rows = [("Refer-To", format!("<sip:1001@{DOMAIN}?Replaces={replaces}>"))];
    city.act(other, |phone, now| phone.refer_outside(now, &rows))
}

fn escaped(replaces: &str) -> String {
    replaces.replace(';', "%3B").replace('=', "%3D")
}

fn hang_up_last(phone: &mut Phone, now: std::time::Instant) {
    if let Some(last) = phone.lines.len().checked_sub(1) {
        phone.hang_up(now, last);
    }
}

fn asked(city: &City, phone: usize, n: usize) -> &sim::Subscribed {
    &city.phones[phone].subscriptions[n]
}

fn told(city: &City, phone: usize, n: usize) -> Vec<u16> {
    asked(city, phone, n).progress()
}

/// What the last NOTIFY said of the subscription.
fn state(city: &City, phone: usize, n: usize) -> &str {
    &city.phones[phone].last_told(n).expect("it was told something").state
}

fn trio() -> City {
    trio_in(Plot::default())
}

/// `1001`, `1002` and `1003` registered as phones 0 to 2.
fn trio_in(plot: Plot) -> City {
    let mut city = city_with(plot);
    for number in ["1001", "1002", "1003"] {
        city.add_registered(number);
    }
    city
}
