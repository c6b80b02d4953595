//! When a NOTIFY goes out, what it says, and what ends a subscription.

use super::*;
use crate::{
    message::{Message, Request, Status},
    parse::{Framing, parse},
};
use std::time::{Duration, Instant};

#[test]
fn one_notify_is_under_way_and_the_next_tells_all_that_happened_meanwhile() {
    let (now, mut notifier) = granted(60);
    assert_eq!(notifier.poll_notify(now), Some(Standing::Active { expires_s: 60 }));

    notifier.handle_news();
    notifier.handle_news();
    assert_eq!(notifier.poll_notify(now), None);
    let later = now + Duration::from_millis(1500);
    notifier.handle_delivery(later, Delivery::Taken);

    assert_eq!(notifier.poll_notify(later), Some(Standing::Active { expires_s: 59 }));
    notifier.handle_delivery(later, Delivery::Taken);
    assert_eq!(notifier.poll_notify(later), None);
}

#[test]
fn a_subscription_ends_at_its_time_or_at_its_subscribers_wish_with_a_last_notify() {
    for is_at_its_time in [true, false] {
        let (now, mut notifier) = granted(60);
        notifier.poll_notify(now);
        let end = now + Duration::from_secs(60);
        if is_at_its_time {
            assert_eq!(notifier.poll_timeout(), Some(end));
            notifier.handle_timeout(end);
        } else {
            notifier.end(EndReason::Timeout);
        }
        assert!(!notifier.is_active());
        assert_eq!(notifier.poll_notify(end), None, "the one under way comes first");

        notifier.handle_delivery(end, Delivery::Taken);

        assert_eq!(notifier.poll_notify(end), Some(Standing::Terminated(EndReason::Timeout)));
        assert!(!notifier.is_over());
        notifier.handle_delivery(end, Delivery::Refused { retry_after: None });
        assert!(notifier.is_over());
    }
}

#[test]
fn a_refresh_holds_off_the_end_and_is_answered_with_the_state() {
    let (now, mut notifier) = granted(60);
    notifier.poll_notify(now);
    notifier.handle_delivery(now, Delivery::Taken);
    let end = now + Duration::from_secs(60);
    notifier.await_refresh(end + Duration::from_secs(10));
    notifier.handle_timeout(end);
    assert!(notifier.is_active());

    notifier.handle_refresh(end + Duration::from_secs(100));

    assert_eq!(notifier.poll_notify(end), Some(Standing::Active { expires_s: 100 }));
    notifier.end(EndReason::NoResource);
    notifier.handle_refresh(end + Duration::from_secs(200));
    assert!(!notifier.is_active(), "what has ended is not refreshed");
}

#[test]
fn whoever_refuses_a_notify_is_tried_again_and_whoever_is_gone_is_not() {
    let (now, mut notifier) = granted(600);
    notifier.poll_notify(now);
    let retry_after = Some(Duration::from_secs(5));
    notifier.handle_delivery(now, Delivery::of_response(Status(503), retry_after));
    notifier.handle_news();
    assert_eq!(notifier.poll_notify(now), None);

    let soon = now + Duration::from_secs(5);
    assert_eq!(notifier.poll_timeout(), Some(soon));
    notifier.handle_timeout(soon);
    assert!(notifier.poll_notify(soon).is_some());

    notifier.handle_delivery(soon, Delivery::of_response(Status(481), None));
    assert!(notifier.is_over());
    assert_eq!(notifier.poll_timeout(), None);
}

#[test]
fn a_subscribe_names_its_package_its_id_and_the_types_it_takes() {
    let read = |rows: &str| Subscribe::from_request(&request(rows));

    let subscribe = read("Event: dialog ; id=7;sla\r\nExpires: 90\r\n").unwrap();
    assert_eq!(subscribe.package, "dialog");
    assert_eq!(subscribe.event_id.as_deref(), Some(&b"7"[..]));
    assert_eq!(subscribe.expires_s, Some(90));
    assert!(subscribe.accepts("application/dialog-info+xml"));

    let picky = read("o: presence\r\nAccept: text/plain, application/pidf+xml;q=0.5\r\n").unwrap();
    assert_eq!((picky.package.as_str(), picky.expires_s), ("presence", None));
    assert!(picky.accepts("application/pidf+xml"));
    assert!(!picky.accepts("application/dialog-info+xml"));
    assert!(read("Event: x\r\nAccept: application/*\r\n").unwrap().accepts("application/y"));

    assert_eq!(read(""), Err(Refusal::NoEvent));
    assert_eq!(read("Event: ;id=1\r\n"), Err(Refusal::NoEvent));
}

#[test]
fn intervals_have_bounds_and_an_hour_is_never_too_brief() {
    let policy = IntervalPolicy { min_s: 60, max_s: 3600, default_s: 1800 };

    assert_eq!(policy.interval_s(None), Ok(1800));
    assert_eq!(policy.interval_s(Some(0)), Ok(0));
    assert_eq!(policy.interval_s(Some(60)), Ok(60));
    assert_eq!(policy.interval_s(Some(u32::MAX)), Ok(3600));
    let refusal = policy.interval_s(Some(59)).unwrap_err();
    assert_eq!((refusal.status(), &refusal.headers()[0].value[..]), (Status(423), &b"60"[..]));
    let strict = IntervalPolicy { min_s: 7200, ..policy };
    assert_eq!(strict.interval_s(Some(3600)), Ok(3600));
}

fn granted(seconds: u64) -> (Instant, Notifier) {
    let now = Instant::now();
    (now, Notifier::new(now + Duration::from_secs(seconds)))
}

fn request(rows: &str) -> Request {
    let text = format!(
        "SUBSCRIBE sip:1002@demo SIP/2.0\r\nVia: SIP/2.0/UDP 10.1.0.1;branch=z9hG4bK1\r\n\
         From: <sip:1001@demo>;tag=a\r\nTo: <sip:1002@demo>\r\nCall-ID: c\r\n\
         CSeq: 1 SUBSCRIBE\r\n{rows}Content-Length: 0\r\n\r\n"
    );
    match parse(&Bytes::from(text), Framing::Datagram).expect("the test writes good messages") {
        Message::Request(request) => request,
        Message::Response(_) => panic!("it is a request"),
    }
}
