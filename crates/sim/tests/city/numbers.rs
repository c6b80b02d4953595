//! How numbers are written for trunks, and what trunks are told of callers.

use crate::support::*;
use call::{
    Trunk,
    dialplan::NumberRules,
    outbound::{Notation, OutboundClass, OutboundRules},
};
use sim::{City, Phone};

/// `1001` and `1002` registered as phones 0 and 1, the carrier as phone 2.
fn with_provider(change: impl FnOnce(&mut Trunk)) -> City {
    let mut city = pair();
    city.add_provider("4951234567");
    city.change_trunk("provider", change);
    city
}

fn rules(texts: &[&str]) -> NumberRules {
    let texts: Vec<_> = texts.iter().map(|it| (*it).to_owned()).collect();
    NumberRules::parse(&texts).expect("these are rules")
}

/// What the carrier was told of whoever calls now: From, P-Asserted-Identity and Privacy.
fn told(city: &City) -> [Option<String>; 3] {
    let line = line(city, PROVIDER);
    let address = |value: &str| value.split(";tag=").next().unwrap_or_default().to_owned();
    ["From", "P-Asserted-Identity", "Privacy"].map(|it| line.header(it).map(address))
}

/// Phone 0 calls out, and the carrier answers.
fn call_out(city: &mut City) -> [Option<String>; 3] {
    city.dial(CALLER, "984951234567");
    city.wait(millis(500));
    let told = told(city);
    city.wait(secs(5));
    assert!(talk(city, CALLER, PROVIDER), "{}", city.story());
    city.act(CALLER, |phone, now| {
        let line = phone.lines.len() - 1;
        phone.hang_up(now, line);
    });
    city.wait(secs(1));
    told
}

#[expect(clippy::unnecessary_wraps, reason = "what it is compared with is optional")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

const PROVIDER: usize = 2;

#[test]
fn called_numbers_are_written_as_the_trunk_wants_them_and_as_the_plan_does() {
    let mut city = with_provider(|trunk| {
        trunk.numbers.called_out = rules(&["8{rest:10} -> +7{rest}"]);
        trunk.numbers.called_in = rules(&["{local:7} -> 7495{local}", "8{rest:10} -> 7{rest}"]);
    });
    // That +7 is home has to be known: what a trunk makes of a number is judged, too.
    let home = OutboundClass {
        name: "national".to_owned(),
        prefixes: vec!["+7".to_owned()],
        ..OutboundClass::default()
    };
    let national = Some(("8".to_owned(), "7".to_owned()));
    let notation = Notation { national, ..Notation::default() };
    city.set_outbound_rules(OutboundRules::new(notation, [], &[], vec![home]));
    call_out(&mut city);
    let invite = "INVITE sip:+74951234567@10.2.0.1:5070";
    assert!(city.story().contains(invite), "{}", city.story());
    // The call log has it as the plan does.
    assert!(city.cdrs.iter().any(|it| it.party == "provider/84951234567"), "{:?}", city.cdrs);

    for uri in ["sip:0000002@10.0.0.1", "sip:84950000002@10.0.0.1"] {
        city.act(PROVIDER, |phone, now| phone.dial_uri(now, uri, true));
        city.wait(secs(5));
        assert!(talk(&city, PROVIDER, CALLEE), "{uri}: {}", city.story());
        city.act(CALLEE, |phone: &mut Phone, now| {
            let line = phone.lines.len() - 1;
            phone.hang_up(now, line);
        });
        city.wait(secs(1));
    }
    city.finish();
}

#[test]
fn a_line_is_seen_by_its_own_number_or_the_trunk_s_and_by_rules() {
    let mut city = with_provider(|_| {});
    let seen = |city: &mut City| call_out(city)[0].clone();
    let from = |number: &str| some(&format!("\"Phone 1001\" <sip:{number}@demo.tandem.test>"));
    assert_eq!(seen(&mut city), from("1001"));
    city.change_trunk("provider", |it| it.numbers.caller_default = some("+74950000000"));
    assert_eq!(seen(&mut city), from("+74950000000"));
    city.change_line("1001", |it| it.outbound.caller_number = some("+74950001001"));
    assert_eq!(seen(&mut city), from("+74950001001"));
    city.change_trunk("provider", |it| it.numbers.caller_out = rules(&["+7{rest} -> 8{rest}"]));
    assert_eq!(seen(&mut city), from("84950001001"));
    city.finish();
}

#[test]
fn who_wants_to_be_unknown_is_and_only_a_trusted_trunk_is_told_who_it_is() {
    let number = some("<sip:+74950000000@demo.tandem.test>");
    let unknown = some("\"Anonymous\" <sip:anonymous@anonymous.invalid>");
    for (is_trusted, by_phone) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut city = with_provider(|trunk| {
            trunk.numbers.caller_default = some("+74950000000");
            trunk.numbers.asserts_callers = is_trusted;
        });
        let asserted = number.clone().filter(|_| is_trusted);
        let open = call_out(&mut city);
        assert_eq!((&open[1], &open[2]), (&asserted, &None), "{}", city.story());
        if by_phone {
            city.phones[CALLER].invite_headers = vec![("Privacy", "id".to_owned())];
        } else {
            city.change_line("1001", |it| it.outbound.is_withheld = true);
        }
        assert_eq!(call_out(&mut city), [unknown.clone(), asserted, some("id")]);
        assert!(!city.phones[PROVIDER].lines[1].headers.iter().any(|(_, it)| it.contains("1001")));
        city.finish();
    }
}

#[test]
fn only_a_trusted_trunk_is_told_who_sent_a_call_on_or_handed_it_over_and_by_outside_numbers() {
    for (is_trusted, is_withheld, is_own) in
        [(false, false, false), (true, false, false), (true, false, true), (true, true, true)]
    {
        let set = |city: &mut City| {
            city.change_line("1002", |it| {
                it.outbound.caller_number = some("+74950001002").filter(|_| is_own);
                it.outbound.is_withheld = is_withheld;
            });
        };
        let with_trust = |trunk: &mut Trunk| {
            trunk.numbers.caller_default = some("+74950000000");
            trunk.numbers.caller_out = rules(&["+7{rest} -> 8{rest}"]);
            trunk.numbers.asserts_callers = is_trusted;
        };
        let number = if is_own { "84950001002" } else { "84950000000" };
        let told = |city: &City| {
            ["Diversion", "History-Info", "Referred-By"]
                .map(|it| line(city, PROVIDER).header(it).map(str::to_owned))
        };

        let mut city = with_provider(with_trust);
        set(&mut city);
        city.change_line("1002", |it| it.features.forward_all = some("984951234567"));
        city.dial(CALLER, "1002");
        city.wait(secs(5));
        assert!(talk(&city, CALLER, PROVIDER), "{}", city.story());
        let (diversion, history) =
            if is_withheld { (";privacy=full", "Privacy=history&") } else { ("", "") };
        let diversion = format!("<sip:{number}@demo.tandem.test>;reason=unconditional{diversion}");
        let history = format!(
            "<sip:{number}@demo.tandem.test?{history}Reason=SIP%3Bcause%3D302>;index=1, \
             <sip:84951234567@10.2.0.1:5070;cause=302>;index=1.1;mp=1"
        );
        let expected = [Some(diversion), Some(history), None];
        let expected = if is_trusted { expected } else { [None, None, None] };
        assert_eq!(told(&city), expected, "{}", city.story());
        let headers = &line(&city, PROVIDER).headers;
        assert!(!headers.iter().any(|(_, it)| it.contains("sip:1002@")), "{headers:?}");
        hang_up_all(city);

        let mut city = with_provider(with_trust);
        set(&mut city);
        city.dial(CALLER, "1002");
        city.wait(secs(4));
        city.act(CALLEE, |phone, now| phone.refer(now, 0, "984951234567"));
        city.wait(secs(5));
        assert!(talk(&city, CALLER, PROVIDER), "{}", city.story());
        // Referred-By has no way to say that it is to be kept.
        let referred_by = format!("<sip:{number}@demo.tandem.test>");
        let referred_by = Some(referred_by).filter(|_| is_trusted && !is_withheld);
        assert_eq!(told(&city), [None, None, referred_by], "{}", city.story());
        hang_up_all(city);
    }
}

#[test]
fn callers_from_a_trunk_are_seen_and_logged_as_its_rules_write_them() {
    let mut city = with_provider(|it| it.numbers.caller_in = rules(&["{local:10} -> +7{local}"]));
    city.act(PROVIDER, |phone, now| phone.dial_uri(now, "sip:74950000002@10.0.0.1", true));
    city.wait(millis(500));
    let from = line(&city, CALLEE).header("From").unwrap_or_default().to_owned();
    assert!(from.starts_with("<sip:+74951234567@"), "{from}");
    city.wait(secs(5));
    hang_up_all(city);
}
