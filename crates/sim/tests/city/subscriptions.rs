//! Lamps and the like: who is told what, when, and for how long. That CSeq and version go up is
//! checked by the phones.

use crate::support::*;
use base::{ExtensionId, RecordingId, Rng};
use call::subscriptions::{OF_SUBSCRIBER_MAX, WATCHERS_MAX};
use sim::{City, Manner, MessageState, Phone, Plot, Quality, Told};

/// The phone that watches.
const WATCHER: usize = 2;

#[test]
fn a_lamp_follows_a_call_with_its_remote_party() {
    let mut city = watched("1002", "dialog");
    assert_eq!(states(&city), [""], "idle at first");

    city.dial(CALLER, "1002");
    city.wait(secs(1));
    let told = last(&city);
    assert!(told.body.contains("direction=\"recipient\""), "{}", told.body);
    assert!(told.body.contains("<identity display=\"Phone 1001\">sip:1001@demo.tandem.test<"));
    city.wait(secs(4));
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));

    assert_eq!(states(&city), ["", "early", "confirmed", "terminated"]);
    assert!(last(&city).body.contains("sip:1001@demo.tandem.test"), "{}", last(&city).body);
    let versions: Vec<_> =
        city.phones[WATCHER].subscriptions[0].told.iter().map(Told::version).collect();
    assert_eq!(versions, [Some(0), Some(1), Some(2), Some(3)]);
    unsubscribe(city);
}

#[test]
fn a_lamp_of_a_caller_shows_trying_and_whom_it_reached() {
    let mut city = watched("1001", "dialog");
    city.phones[CALLEE].manner.rings_after = Some(secs(2));
    city.phones[CALLEE].manner.then = sim::Then::Answer(secs(4));

    city.dial(CALLER, "1002");
    city.wait(secs(6));
    assert!(last(&city).body.contains("direction=\"initiator\""));
    assert!(last(&city).body.contains("<identity display=\"Phone 1002\">sip:1002@"));
    city.act(CALLER, |phone, now| phone.hold(now, 0));
    city.wait(secs(1));
    assert!(last(&city).body.contains("+sip.rendering"), "{}", last(&city).body);
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));

    assert_eq!(states(&city), ["", "trying", "early", "confirmed", "confirmed", "terminated"]);
    unsubscribe(city);
}

#[test]
fn a_lamp_of_a_parking_slot_shows_who_waits_there() {
    let mut city = watched("701", "dialog");
    assert_eq!(states(&city), [""], "nobody is there");
    for round in 0..2 {
        city.dial(CALLER, "1002");
        city.wait(secs(4));
        city.act(CALLEE, |phone, now| phone.refer(now, 2 * round, "700"));
        city.wait(secs(1));
        let told = last(&city);
        let who = "<identity display=\"Phone 1001\">sip:1001@demo.tandem.test<";
        assert!(told.body.contains(who), "{}", told.body);
        assert!(told.body.contains("entity=\"sip:701@demo.tandem.test\""), "{}", told.body);
        city.wait(secs(8));
        // Fetched, or given up.
        if round == 0 {
            city.dial(CALLEE, "701");
        } else {
            city.act(CALLER, |phone, now| phone.hang_up(now, round));
        }
        city.wait(secs(2));
        assert_eq!(states(&city).last().map(String::as_str), Some("terminated"));
        if round == 0 {
            city.act(CALLER, |phone, now| phone.hang_up(now, round));
            city.wait(secs(2));
        }
    }
    let expected = ["", "confirmed", "terminated", "confirmed", "terminated"];
    assert_eq!(states(&city), expected, "{}", city.story());
    unsubscribe(city);
}

#[test]
fn of_what_is_no_slot_there_is_no_lamp_and_of_a_slot_nothing_else() {
    let mut city = pair();
    city.add_registered("1003");
    for (number, event, status) in [
        ("704", "dialog", 404),
        ("0701", "dialog", 404),
        ("701", "presence", 404),
        ("701", "reg", 404),
    ] {
        let n = city.act(WATCHER, |phone, now| phone.subscribe(now, number, event, 300));
        city.wait(secs(1));
        let statuses = &city.phones[WATCHER].subscriptions[n].statuses;
        assert_eq!(statuses.last(), Some(&status), "{number} {event}");
    }
    city.finish();
}

#[test]
fn calls_and_watchers_of_different_shards_find_each_other() {
    let mut city = city_with(Plot { shards: 4, ..Plot::default() });
    for number in ["1001", "1002", "1003"] {
        city.add_registered(number);
    }
    for _ in 0..12 {
        city.act(WATCHER, |phone, now| phone.subscribe(now, "1002", "dialog", 300));
    }
    city.wait(secs(1));
    let busy = city.shards.iter().filter(|it| it.counts().subscriptions > 0).count();
    assert!(busy > 1, "the subscriptions are on several shards");

    city.dial(CALLER, "1002");
    city.wait(secs(5));
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));

    for n in 0..12 {
        assert_eq!(states_of(&city, n), ["", "early", "confirmed", "terminated"], "{n}");
    }
    city.finish();
}

#[test]
fn presence_follows_registration_and_calls() {
    let mut city = watched("1002", "presence");
    assert!(last(&city).body.contains("<basic>open</basic>"));

    city.dial(CALLER, "1002");
    city.wait(secs(5));
    assert!(last(&city).body.contains("on-the-phone"), "{}", last(&city).body);
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    assert!(!last(&city).body.contains("on-the-phone"));
    city.act(CALLEE, Phone::unregister);
    city.wait(secs(1));

    assert!(last(&city).body.contains("<basic>closed</basic>"));
    assert_eq!(city.phones[WATCHER].subscriptions[0].told.len(), 4, "and nothing twice");
    unsubscribe(city);
}

#[test]
fn an_extension_hears_of_its_own_registrations_and_messages_and_of_no_others() {
    let mut city = three();
    for (number, event, status) in [
        ("1003", "reg", 200),
        ("1003", "message-summary", 200),
        ("1002", "reg", 403),
        ("1002", "message-summary", 403),
    ] {
        let n = city.act(WATCHER, |phone, now| phone.subscribe(now, number, event, 300));
        city.wait(secs(1));
        assert_eq!(city.phones[WATCHER].subscriptions[n].statuses, [status], "{number} {event}");
    }
    let told = |city: &City, n: usize| city.phones[WATCHER].last_told(n).unwrap().body.clone();
    assert!(told(&city, 0).contains("event=\"created\""), "{}", told(&city, 0));
    assert!(told(&city, 1).contains("Messages-Waiting: no\r\n"));

    let mailbox = extension(&city, "1003");
    let message = RecordingId::new(city.now().unix, &mut Rng::from_number(5));
    city.mailboxes.put(message, mailbox, MessageState::New);
    city.act(WATCHER, |_, _| ());
    city.wait(secs(1));
    assert!(told(&city, 1).contains("Messages-Waiting: yes\r\n"));
    assert!(told(&city, 1).contains("Voice-Message: 1/0 (0/0)\r\n"));
    city.mailboxes.remove(message);
    city.act(WATCHER, Phone::unregister);
    city.wait(secs(1));

    assert!(told(&city, 1).contains("Messages-Waiting: no\r\n"));
    assert!(told(&city, 0).contains("event=\"unregistered\""), "{}", told(&city, 0));
    city.finish();
}

#[test]
fn whoever_may_not_subscribe_is_told_why() {
    let mut city = three();
    let mut ask = |number: &str, event: &str, expires_s: u32| {
        let n = city.act(WATCHER, |phone, now| phone.subscribe(now, number, event, expires_s));
        city.wait(secs(1));
        let it = &city.phones[WATCHER].subscriptions[n];
        let headers = it.headers.iter().map(|(name, value)| format!("{name}: {value}"));
        (it.statuses.clone(), headers.collect::<Vec<_>>().join("\n"))
    };

    assert_eq!(ask("1099", "dialog", 300).0, [404]);
    let (status, headers) = ask("1002", "winfo", 300);
    assert_eq!(status, [489]);
    assert!(headers.contains("Allow-Events: dialog, presence, message-summary, reg"), "{headers}");
    let (status, headers) = ask("1002", "dialog", 10);
    assert_eq!(status, [423]);
    assert!(headers.contains("Min-Expires: 60"), "{headers}");
    let (status, headers) = ask("1002", "dialog", 86_400);
    assert_eq!(status, [200]);
    assert!(headers.contains("Expires: 3600"), "{headers}");

    "guessed".clone_into(&mut city.phones[CALLEE].password);
    let n = city.act(CALLEE, |phone, now| phone.subscribe(now, "1001", "dialog", 300));
    city.wait(secs(1));
    assert_eq!(city.phones[CALLEE].subscriptions[n].statuses, [401]);
    assert_eq!(city.offences, 1);
    city.phones[CALLEE].password = "demo-1002".to_owned();
    "1001".clone_into(&mut city.phones[CALLEE].signs_as);
    let n = city.act(CALLEE, |phone, now| phone.subscribe(now, "1001", "reg", 300));
    city.wait(secs(1));
    assert_eq!(city.phones[CALLEE].subscriptions[n].statuses, [403]);
    "1002".clone_into(&mut city.phones[CALLEE].signs_as);
    city.finish();
}

#[test]
fn a_fetch_is_answered_once_and_leaves_nothing() {
    let mut city = three();

    let n = city.act(WATCHER, |phone, now| phone.subscribe(now, "1002", "presence", 0));
    city.wait(secs(1));

    let it = &city.phones[WATCHER].subscriptions[n];
    assert_eq!(it.statuses, [200]);
    assert_eq!(it.told.len(), 1);
    assert_eq!(it.told[0].state, "terminated;reason=timeout");
    assert!(it.told[0].body.contains("<basic>open</basic>"));
    assert_eq!(city.counts().subscriptions, 0);
    assert_eq!(city.desk.commits, 0, "nothing of it is written");
    city.finish();
}

#[test]
fn a_subscription_ends_at_its_time_unless_it_is_refreshed_in_time() {
    let mut city = watched("1002", "dialog");
    city.wait(secs(250));
    city.act(WATCHER, |phone, now| phone.resubscribe(now, 0, 100));
    city.wait(secs(1));
    assert_eq!(last(&city).state, "active;expires=100");
    city.wait(secs(98));
    assert_eq!(city.counts().subscriptions, 1);

    city.wait(secs(2));

    assert_eq!(last(&city).state, "terminated;reason=timeout");
    assert_eq!(city.counts().subscriptions, 0);
    assert!(city.desk.rows.is_empty());
    city.act(WATCHER, |phone, now| phone.resubscribe(now, 0, 100));
    city.wait(secs(1));
    assert_eq!(city.phones[WATCHER].subscriptions[0].statuses.last(), Some(&481));
    city.finish();
}

#[test]
fn a_refresh_at_the_very_end_either_holds_or_is_told_that_it_came_too_late() {
    let mut outcomes = Vec::new();
    for early_ms in [100, 60, 22, 21, 20, 19, 18, 0] {
        let mut city = watched("1002", "dialog");
        // It was granted 20 ms on the way and 1 ms in the back office after it was asked for, which
        // was a second ago.
        city.wait(millis(300_000 - 1000 + 21 - early_ms));
        city.act(WATCHER, |phone, now| phone.resubscribe(now, 0, 120));
        city.wait(secs(2));

        let status = *city.phones[WATCHER].subscriptions[0].statuses.last().unwrap();
        let is_active = last(&city).state.starts_with("active");
        assert_eq!(status == 200, is_active, "{early_ms} ms: {status}\n{}", city.story());
        assert_eq!(city.counts().subscriptions, usize::from(is_active));
        outcomes.push(status);
        city.finish();
    }
    assert!(outcomes.contains(&200) && outcomes.contains(&481), "both happen: {outcomes:?}");
}

#[test]
fn an_unsubscribe_that_crosses_a_notify_ends_with_one_last_notify() {
    for apart_ms in 0..60 {
        let mut city = watched("1002", "dialog");
        city.phones[CALLEE].manner = Manner::ignores();
        city.dial(CALLER, "1002");
        city.wait(millis(apart_ms * 2));

        city.act(WATCHER, |phone, now| phone.resubscribe(now, 0, 0));
        city.wait(secs(1));

        let it = &city.phones[WATCHER].subscriptions[0];
        assert_eq!(it.statuses, [200, 200], "{apart_ms}");
        let lasts = it.told.iter().filter(|it| it.state.starts_with("terminated")).count();
        assert_eq!(lasts, 1, "{apart_ms}\n{}", city.story());
        assert_eq!(city.counts().subscriptions, 0);
        city.act(CALLER, |phone, now| phone.cancel(now, 0));
        city.finish();
    }
}

#[test]
fn what_changes_while_a_notify_is_under_way_is_in_the_next() {
    let mut city = watched("1002", "dialog");
    city.network.lose(4, |_, text| text.starts_with("NOTIFY"));

    city.dial(CALLER, "1002");
    city.wait(secs(30));

    assert_eq!(states(&city), ["", "early", "confirmed"], "{}", city.story());
    let before = city.story().matches("NOTIFY").count();
    for _ in 0..5 {
        city.act(CALLER, |phone, now| phone.hold(now, 0));
        city.wait(millis(400));
        city.act(CALLER, |phone, now| phone.resume(now, 0));
        city.wait(millis(400));
    }
    assert!(city.story().matches("NOTIFY").count() <= before + 10);
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(2));
    unsubscribe(city);
}

#[test]
fn a_watcher_that_knows_nothing_of_it_or_is_gone_is_forgotten() {
    for answer in [Some(481), None] {
        let mut city = watched("1002", "dialog");
        city.phones[WATCHER].subscriptions[0].answers = answer;

        city.dial(CALLER, "1002");
        city.wait(secs(40));

        assert_eq!(city.counts().subscriptions, 0, "{answer:?}\n{}", city.story());
        assert!(city.desk.rows.is_empty());
        city.act(CALLER, |phone, now| phone.hang_up(now, 0));
        city.finish();
    }
}

#[test]
fn a_watcher_that_is_overloaded_is_told_later() {
    let mut city = watched("1002", "dialog");
    city.phones[WATCHER].subscriptions[0].answers = Some(503);
    city.dial(CALLER, "1002");
    city.wait(secs(5));
    assert_eq!(city.counts().subscriptions, 1);
    city.phones[WATCHER].subscriptions[0].answers = Some(200);

    city.wait(secs(30));

    assert!(last(&city).body.contains("confirmed"), "{}", city.story());
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    unsubscribe(city);
}

#[test]
fn an_extension_that_is_taken_away_ends_what_watches_it_and_what_it_watches() {
    let mut city = watched("1002", "dialog");
    let n = city.act(CALLEE, |phone, now| phone.subscribe(now, "1001", "presence", 300));
    city.wait(secs(1));

    city.remove_extension("1002");
    city.wait(secs(1));

    assert_eq!(last(&city).state, "terminated;reason=noresource");
    assert_eq!(city.phones[CALLEE].last_told(n).unwrap().state, "terminated;reason=noresource");
    assert_eq!(city.counts().subscriptions, 0);
    city.finish();
}

#[test]
fn a_new_password_ends_what_was_subscribed_with_the_old_one() {
    let mut city = watched("1002", "dialog");
    city.act(CALLEE, |phone, now| phone.subscribe(now, "1003", "dialog", 300));
    city.wait(secs(1));

    city.set_password("1003", "another");
    city.wait(secs(1));

    assert_eq!(last(&city).state, "terminated;reason=deactivated");
    let other = city.phones[CALLEE].last_told(0).unwrap();
    assert!(other.state.starts_with("active"), "{}", other.state);
    assert_eq!(city.counts().subscriptions, 1);
    city.finish();
}

#[test]
fn a_lamp_goes_on_after_kill_9_and_its_numbers_go_up() {
    for shards in [1, 3] {
        let mut city = city_with(Plot { shards, ..Plot::default() });
        for number in ["1001", "1002", "1003"] {
            city.add_registered(number);
        }
        city.act(WATCHER, |phone, now| phone.subscribe(now, "1002", "dialog", 600));
        city.wait(secs(1));

        for round in 1..=3 {
            city.kill_and_restart(secs(5));
            city.wait(secs(1));
            let told = city.phones[WATCHER].subscriptions[0].told.len();
            assert_eq!(told, 1 + 4 * round - 3, "the state comes by itself\n{}", city.story());
            let line = city.dial(CALLER, "1002");
            city.wait(secs(5));
            city.act(CALLER, |phone, now| phone.hang_up(now, line));
            // Nothing of the call may be left when the next process begins.
            city.wait(secs(40));
        }

        let expected = ["early", "confirmed", "terminated", ""].repeat(2);
        let expected = [&["", ""][..], &expected, &["early", "confirmed", "terminated"]].concat();
        assert_eq!(states(&city), expected);
        city.act(WATCHER, |phone, now| phone.resubscribe(now, 0, 60));
        city.wait(secs(1));
        assert_eq!(last(&city).state, "active;expires=60", "its SUBSCRIBEs are known, too");
        unsubscribe(city);
    }
}

#[test]
fn a_clock_that_is_set_neither_sends_numbers_back_nor_makes_a_subscription_last() {
    for set_by_ms in [-24 * 3_600_000, -3_600_000, 120_000] {
        let mut city = watched("1002", "dialog");
        let line = city.dial(CALLER, "1002");
        city.wait(secs(5));
        city.act(CALLER, |phone, now| phone.hang_up(now, line));
        city.wait(secs(40));

        city.clock_set_by_ms = set_by_ms;
        city.kill_and_restart(secs(1));
        city.wait(secs(1));

        assert_eq!(city.phones[WATCHER].subscriptions[0].told.len(), 5, "{}", city.story());
        city.wait(secs(3600));
        assert_eq!(last(&city).state, "terminated;reason=timeout", "{}", city.story());
        city.finish();
    }
}

#[test]
fn a_subscription_whose_time_was_over_meanwhile_is_not_gone_on_with() {
    let mut city = watched("1002", "dialog");

    city.kill_and_restart(secs(301));
    city.wait(secs(1));

    assert_eq!(city.counts().subscriptions, 0);
    assert!(city.desk.rows.is_empty());
    assert_eq!(city.phones[WATCHER].subscriptions[0].told.len(), 1);
    city.finish();
}

#[test]
fn nothing_is_granted_before_it_is_written() {
    let mut city = three();
    city.desk.is_database_away = true;
    let n = city.act(WATCHER, |phone, now| phone.subscribe(now, "1002", "dialog", 300));
    city.wait(secs(1));
    assert_eq!(city.phones[WATCHER].subscriptions[n].statuses, [503]);
    assert_eq!(city.counts().subscriptions, 0);

    city.desk.is_database_away = false;
    let n = city.act(WATCHER, |phone, now| phone.subscribe(now, "1002", "dialog", 300));
    city.wait(secs(1));
    city.desk.is_database_away = true;
    city.act(WATCHER, |phone, now| phone.resubscribe(now, n, 300));
    city.wait(secs(1));
    assert_eq!(city.phones[WATCHER].subscriptions[n].statuses, [200, 503]);
    assert_eq!(city.counts().subscriptions, 1, "it holds as long as it did");

    city.desk.is_database_away = false;
    city.finish();
}

#[test]
fn more_notifies_than_were_written_ahead_wait_for_the_database_and_lose_nothing() {
    let mut city = watched("1002", "dialog");
    let line = city.dial(CALLER, "1002");
    city.wait(secs(5));
    city.desk.is_database_away = true;
    for _ in 0..60 {
        city.act(CALLEE, |phone, now| phone.hold(now, line));
        city.wait(millis(500));
        city.act(CALLEE, |phone, now| phone.resume(now, line));
        city.wait(millis(500));
    }
    let sent = city.phones[WATCHER].subscriptions[0].told.len();
    assert_eq!(sent, 100, "as many as may be: no other process may use their numbers");

    city.desk.is_database_away = false;
    city.wait(secs(6));
    assert!(!last(&city).body.contains("+sip.rendering"), "the latest is told");
    let cseq = last(&city).cseq;
    let row = city.desk.rows.values().next().unwrap();
    assert!(row.dialog.local_cseq >= cseq, "{} {cseq}", row.dialog.local_cseq);
    city.act(CALLER, |phone, now| phone.hang_up(now, 0));
    city.wait(secs(1));
    unsubscribe(city);
}

#[test]
fn five_hundred_watchers_of_a_line_cost_one_document_a_change() {
    let mut city = three();
    for _ in 0..OF_SUBSCRIBER_MAX {
        city.act(WATCHER, |phone, now| phone.subscribe(now, "1002", "dialog", 3600));
        city.wait(millis(1));
    }
    city.wait(secs(5));
    assert_eq!(city.counts().subscriptions, 500);
    let told = |city: &City| -> usize {
        city.phones[WATCHER].subscriptions.iter().map(|it| it.told.len()).sum()
    };
    let before = (city.desk.documents_built(), told(&city));
    assert_eq!(before.1, 500);

    city.phones[CALLEE].manner = Manner::ignores();
    city.dial(CALLER, "1002");
    city.wait(secs(2));

    let after = (city.desk.documents_built(), told(&city));
    assert_eq!(after, (before.0 + 1, before.1 + 500), "ringing");
    let one_more = city.act(WATCHER, |phone, now| phone.subscribe(now, "1002", "dialog", 3600));
    city.wait(secs(1));
    let refused = &city.phones[WATCHER].subscriptions[one_more];
    assert_eq!(refused.statuses, [480], "and no more than {OF_SUBSCRIBER_MAX} are one's own");
    city.act(CALLER, |phone, now| phone.cancel(now, 0));
    for n in 0..OF_SUBSCRIBER_MAX {
        city.act(WATCHER, |phone, now| phone.resubscribe(now, n, 0));
    }
    city.wait(secs(5));
    assert_eq!(city.counts().subscriptions, 0);
    city.finish();
}

#[test]
fn a_line_has_no_more_watchers_than_may_be() {
    let mut city = city();
    let watchers: Vec<_> = (1001..=1006).map(|it| city.add_phone(&it.to_string())).collect();
    let most_of_all = watchers.len() * OF_SUBSCRIBER_MAX;
    assert!(most_of_all > WATCHERS_MAX, "six are enough");
    let mut statuses = Vec::new();
    for watcher in watchers {
        for _ in 0..OF_SUBSCRIBER_MAX - 1 {
            city.act(watcher, |phone, now| phone.subscribe(now, "1018", "presence", 3600));
            city.wait(millis(1));
        }
        city.wait(secs(2));
        statuses.extend(city.phones[watcher].subscriptions.iter().map(|it| it.statuses.clone()));
    }

    let granted = statuses.iter().filter(|it| **it == [200]).count();
    let refused = statuses.iter().filter(|it| **it == [480]).count();
    assert_eq!((granted, granted + refused), (WATCHERS_MAX, statuses.len()));
    city.finish();
}

#[test]
fn lamps_are_right_in_the_end_over_a_network_that_loses_a_fifth() {
    for seed in 0..10 {
        let bad = Quality {
            loss_per_mille: 200,
            duplication_per_mille: 50,
            delay_min: millis(5),
            delay_max: millis(120),
        };
        let mut city = City::new(std::time::Instant::now(), seed, Plot::default());
        for number in ["1001", "1002", "1003"] {
            city.add_registered(number);
        }
        city.act(WATCHER, |phone, now| phone.subscribe(now, "1002", "dialog", 3600));
        city.wait(secs(1));
        city.network.set_quality(bad);
        for _ in 0..4 {
            let line = city.dial(CALLER, "1002");
            city.wait(secs(20));
            city.act(CALLER, |phone, now| phone.hang_up(now, line));
            city.wait(secs(40));
        }
        city.network.set_quality(Quality::GOOD);
        city.wait(secs(10));

        let lamp = states(&city).pop().unwrap_or_default();
        assert!(["", "terminated"].contains(&lamp.as_str()), "{lamp}\n{}", city.story());
        unsubscribe(city);
    }
}

#[test]
fn every_lamp_is_right_in_the_end_whatever_happened() {
    for seed in 0..20 {
        let plot = Plot { shards: 3, ..Plot::default() };
        let mut city = City::new(std::time::Instant::now(), seed, plot);
        for number in 1001..=1006 {
            city.add_registered(&number.to_string());
        }
        let mut rng = Rng::from_number(seed);
        city.network.set_quality(Quality {
            loss_per_mille: 100,
            duplication_per_mille: 50,
            delay_min: millis(5),
            delay_max: millis(120),
        });
        for _ in 0..80 {
            let phone = rng.below(6) as usize;
            let number = (1001 + rng.below(6)).to_string();
            let expires_s = 60 + rng.below(600) as u32;
            let subscriptions = city.phones[phone].subscriptions.len() as u64;
            match rng.below(12) {
                0..=2 => {
                    let event = ["dialog", "presence", "dialog;id=7"][rng.below(3) as usize];
                    city.act(phone, |it, now| it.subscribe(now, &number, event, expires_s));
                }
                3 if subscriptions > 0 => {
                    let n = rng.below(subscriptions) as usize;
                    let expires_s = expires_s * u32::from(rng.chance(500));
                    if city.phones[phone].subscriptions[n].statuses.contains(&200) {
                        city.act(phone, |it, now| it.resubscribe(now, n, expires_s));
                    }
                }
                4..=6 => drop(city.dial(phone, &number)),
                7 | 8 => {
                    for line in 0..city.phones[phone].lines.len() {
                        city.act(phone, |it, now| it.hang_up(now, line));
                    }
                }
                9 => city.desk.is_database_away = rng.chance(300),
                10 if city.counts().calls == 0 => city.kill_and_restart(secs(rng.below(5))),
                _ => {}
            }
            city.wait(millis(rng.below(4000)));
        }

        city.desk.is_database_away = false;
        for _ in 0..3 {
            for phone in 0..6 {
                for line in 0..city.phones[phone].lines.len() {
                    city.act(phone, |it, now| it.hang_up(now, line));
                    city.act(phone, |it, now| it.cancel(now, line));
                }
            }
            city.wait(secs(60));
        }
        for subscribed in city.phones.iter().flat_map(|it| &it.subscriptions) {
            let Some(told) = subscribed.told.last() else { continue };
            let is_busy = ["trying", "early", "confirmed", "on-the-phone"];
            assert!(
                subscribed.is_over() || is_busy.iter().all(|it| !told.body.contains(it)),
                "seed {seed}: {told:?}\n{}",
                city.story()
            );
        }
        city.finish();
    }
}

/// Phones of `1001`, `1002` and `1003`, of which the third watches `number`.
fn watched(number: &str, event: &str) -> City {
    let mut city = three();
    city.act(WATCHER, |phone, now| phone.subscribe(now, number, event, 300));
    city.wait(secs(1));
    assert_eq!(city.phones[WATCHER].subscriptions[0].statuses, [200], "{}", city.story());
    city
}

fn three() -> City {
    let mut city = pair();
    city.add_registered("1003");
    city
}

/// The watcher wants no more; nothing is left.
fn unsubscribe(mut city: City) {
    city.act(WATCHER, |phone, now| phone.resubscribe(now, 0, 0));
    city.wait(secs(1));
    assert_eq!(last(&city).state, "terminated;reason=timeout", "{}", city.story());
    assert_eq!(city.counts().subscriptions, 0);
    city.finish();
}

fn last(city: &City) -> &Told {
    city.phones[WATCHER].last_told(0).expect("it was told something")
}

/// States of the first dialog in each document; empty for none.
fn states(city: &City) -> Vec<String> {
    states_of(city, 0)
}

fn states_of(city: &City, n: usize) -> Vec<String> {
    let told = &city.phones[WATCHER].subscriptions[n].told;
    let state = |it: &Told| it.body.split("<state>").nth(1)?.split('<').next().map(str::to_owned);
    told.iter().map(|it| state(it).unwrap_or_default()).collect()
}

fn extension(city: &City, number: &str) -> ExtensionId {
    let directory = city.directory();
    let domain = directory.domain_of_host(sim::DOMAIN).expect("the domain is there").id;
    directory.extension(domain, number).expect("the extension is there").id
}
