//! Calls between two endpoints, from INVITE to BYE.

use crate::pair::{
    Expect as _, Pair,
    Who::{Alice, Bob},
};
use sip::{Event, Transport, message::Method};

#[test]
fn a_call_is_set_up_and_torn_down_over_each_transport() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let mut pair = Pair::new(transport);
        let invite = pair.request(Alice, Method::Invite, None);

        let (server, _) = pair.event(Bob).request();
        assert_eq!(pair.event(Alice).response(100), None);
        let early = pair.respond(Bob, server, 180).expect("180 opens a dialog");
        let ringing = pair.event(Alice).response(180).expect("180 has a tag");
        assert_eq!(pair.respond(Bob, server, 200), Some(early));
        let Event::Response { client, dialog, .. } = pair.event(Alice) else { panic!() };
        assert_eq!((client, dialog), (invite, Some(ringing)));
        pair.ack(Alice, ringing);
        assert!(matches!(pair.event(Bob), Event::Acked { dialog, .. } if dialog == early));

        pair.in_dialog(Alice, ringing, Method::Bye);
        let (dialog, server, _) = pair.event(Bob).in_dialog();
        assert_eq!(dialog, early);
        pair.respond(Bob, server, 200);
        pair.event(Alice).response(200);

        pair.assert_nothing_is_left();
        assert!(pair.alice.events.is_empty() && pair.bob.events.is_empty());
    }
}

#[test]
fn the_callee_can_hang_up_too() {
    let mut pair = Pair::new(Transport::Udp);
    let (_, bob) = pair.call();

    pair.in_dialog(Bob, bob, Method::Bye);
    let (_, server, _) = pair.event(Alice).in_dialog();
    pair.respond(Alice, server, 200);
    pair.event(Bob).response(200);

    pair.assert_nothing_is_left();
}
