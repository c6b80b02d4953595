//! Loading plans: every mistake at once, each with its place.

use base::UnixMillis;
use call::{
    dialplan::{
        Caller, Finding, Known, Plans, Rehearsal, RouteQuery, Walk, conference_prompts, load,
    },
    speech::Language,
};
use std::{collections::BTreeSet, sync::Arc};

#[test]
fn all_mistakes_of_all_files_are_reported_with_file_line_and_key() {
    let one = r#"
[[rule]]
name = "a"
match = { number = "1{x}", form = "extensions" }
steps = [{ dial = { user = "{y}" } }]

[[rule]]
match = { number = ["1-20", 7], from = ["trunk:nowhere", "everybody"] }
steps = [
    { refuse = { status = 200, reason = "" } },
]

[[rule]]
name = "c"
match = { number = "2" }
steps = []
extra = 1
record = "yes"
"#;
    let two = r#"
rules = []

[[rule]]
name = "d"
steps = [{ ring = { name = "sales" } }]

[[rule]]
name = "e"
match = "3"
steps = [{ tone = { hz = 0 } }]

[[rule]]
name = "f"
match = { number = "4" }
steps = [{ dial = { user = "1", trunk = "provider" } }, ]

[[rule]]
name = "g"
match = { number = "5" }
steps = [{ play = { file = "gone.wav" } }]
"#;

    let errors = load(&[("one.toml", one), ("two.toml", two)], &known()).unwrap_err();

    let shown: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let expected = [
        "one.toml:4: rule[1].match.form: unknown key; expected one of `number`, `from`, \
         `domain`, `caller`, `within`, `outside`, `script`",
        "one.toml:5: rule[1].steps[1].dial.user: {y} is captured by no part of the pattern 1{x}; \
         {number} is the whole number",
        "one.toml:7: rule[2].name: is missing",
        "one.toml:8: rule[2].match.number[1]: the range 1-20 needs a first and a last number of the \
         same length",
        "one.toml:8: rule[2].match.number[2]: expected a string, found integer",
        "one.toml:8: rule[2].match.from[1]: there is no trunk \"nowhere\"; known: provider",
        "one.toml:8: rule[2].match.from[2]: expected \"extensions\" or \"trunk:NAME\", found \
         \"everybody\"",
        "one.toml:10: rule[2].steps[1].refuse.status: expected a number from 400 to 699",
        "one.toml:10: rule[2].steps[1].refuse.reason: expected one line of 1 to 200 bytes",
        "one.toml:16: rule[3].steps: expected at least one",
        "one.toml:18: rule[3].record: expected a boolean, found string",
        "one.toml:17: rule[3].extra: unknown key; expected one of `name`, `match`, `steps`, \
         `record`",
        "two.toml:2: rules: unknown key; expected one of `domain`, `awaited_trunks`, \
         `time_zone`, `schedule`, `block`, `rule`, `example`",
        "two.toml:4: rule[1].match: is missing",
        "two.toml:6: rule[1].steps[1].ring: unknown key; expected one of `answer`, `play`, `say`, \
         `menu`, `collect`, `dial`, `echo`, `tone`, `music`, `conference`, `supervise`, \
         `leave_message`, `hear_messages`, `queue`, `callback_order`, `page`, `park`, \
         `fetch`, `pickup`, `recent`, `forward`, `do_not_disturb`, `call_waiting`, `sign_in`, \
          `sign_out`, `http`, `record`, `set`, `script`, `branch`, `hours`, `block`, `goto`, \
          `transfer`, `refuse`, `hang_up`",
        "two.toml:10: rule[2].match: expected a table, found string",
        "two.toml:11: rule[2].steps[1].tone.hz: expected a number from 1 to 3999",
        "two.toml:11: rule[2].steps[1].tone.dbm0: is missing",
        "two.toml:16: rule[3].steps[1].dial: expected either `user`, or `users`, \
         or `trunk` or `trunks` with `number`",
        "two.toml:21: rule[4].steps[1].play.file: there is no prompt \"gone.wav\" among the loaded sounds",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn each_mistake_in_a_conference_is_told_at_its_key() {
    let plan = |step: &str| rule("room", "number = \"3\"", &format!("conference = {{ {step} }}"));
    let complaints = |step: &str, known: &Known| {
        let errors = load(&[("a.toml", &plan(step))], known).unwrap_err();
        let told = errors.into_iter().map(|it| format!("{}: {}", it.key, it.mistake));
        told.map(|it| it.replace("rule[1].steps[1].conference", "…")).collect::<Vec<_>>()
    };
    let prompts = Language::ALL.into_iter().flat_map(conference_prompts).collect();
    let known = Known { prompts, ..known() };

    for (step, complaint) in [
        ("pin = \"1\"", "….room: is missing"),
        (
            "room = \"{x}\"",
            "….room: {x} is captured by no part of the pattern 3; {number} is the whole number",
        ),
        ("room = \"3\", pin = \"12a\"", "….pin: expected 1 to 20 digits"),
        ("room = \"3\", pin = \"\"", "….pin: expected 1 to 20 digits"),
        (
            "room = \"3\", moderator_pin = \"1\"",
            "…: is of use only beside `pin`, which asks callers for one",
        ),
        ("room = \"3\", parties_max = 1", "….parties_max: expected a number from 2 to 1000"),
        (
            "room = \"3\", music = \"gone\"",
            "….music: there is no music \"gone\" among the loaded sounds",
        ),
        ("room = \"3\", chimes = 1", "….chimes: expected a boolean, found integer"),
        ("room = \"3\", names = 1", "….names: expected a boolean, found integer"),
        ("room = \"3\", agc = 1", "….agc: expected a boolean, found integer"),
        (
            "room = \"3\", language = \"fi\"",
            "….language: expected a language that is spoken: \"ru\" or \"en\"",
        ),
        (
            "room = \"3\", colour = 1",
            "….colour: unknown key; expected one of `room`, `pin`, `moderator_pin`, `parties_max`, `language`, `music`, `chimes`, `names`, `agc`, `record`, `ask_invited`",
        ),
    ] {
        let told = complaints(step, &known);
        assert!(
            told.iter().any(|it| it.replace(".moderator_pin: is of", ": is of") == complaint),
            "{step}: {told:?}"
        );
    }
    let told = complaints("room = \"3\"", &self::known());
    assert_eq!(told, ["…: what is said here in \"ru\" needs the prompt \"ru/conference-pin.wav\""]);
    let mailbox = rule("box", "number = \"3\"", "hear_messages = {}");
    let told = load(&[("a.toml", &mailbox)], &self::known()).unwrap_err();
    let missing = "needs the prompt \"ru/voicemail-leave-for.wav\"";
    assert!(told[0].to_string().ends_with(missing), "{told:?}");
    let step = "leave_message = { number = \"1\", greeting = \"away\" }";
    let told = load(&[("a.toml", &rule("box", "number = \"3\"", step))], &known).unwrap_err();
    let complaint = "leave_message.greeting: expected which greeting is heard: unavailable, busy";
    assert!(told[0].to_string().ends_with(complaint), "{told:?}");
    let whole = "room = \"{number}\", pin = \"1\", moderator_pin = \"22\", language = \"en\"";
    assert!(load(&[("a.toml", &plan(whole))], &known).is_ok());
}

#[test]
fn in_whose_name_a_call_goes_out_is_for_the_plan_to_say_and_not_for_the_caller() {
    let told = |step: &str| {
        let plan = rule("out", "number = \"9{rest}\"", &format!("dial = {{ {step} }}"));
        load(&[("a.toml", &plan)], &known()).map_err(|it| it[0].mistake.to_string())
    };
    let through = "trunk = \"provider\", number = \"{rest}\"";
    assert!(told(&[through, ", as = \"1001\""].concat()).is_ok());
    let chosen = "expected the number of an extension, without variables: callers must not choose \
                  whose rights count";
    for number in ["{rest}", "100{rest}", "{caller}", "10 01\\u0007", ""] {
        let step = format!("{through}, as = \"{number}\"");
        assert_eq!(told(&step).unwrap_err(), chosen, "{number}");
    }
    let inside = "is of use only beside `trunk` or `trunks`: calls to extensions need no rights";
    assert_eq!(told("user = \"1001\", as = \"1002\"").unwrap_err(), inside);
}

#[test]
fn a_tone_has_a_frequency_and_a_level_or_a_name() {
    let busy = rule("busy", "number = \"1\"", "tone = { name = \"busy\" }");
    let example = "[[example]]\nfrom = \"1\"\nto = \"1\"\nexpect = \"tone busy\"\n";
    assert!(load(&[("a.toml", &(busy + example))], &known()).is_ok());

    for (tone, complaint) in [
        ("name = \"engaged\"", "expected a tone: dial, ringback, busy, congestion"),
        ("name = \"busy\", hz = 425", "unknown key; expected one of `name`"),
    ] {
        let wrong = rule("wrong", "number = \"1\"", &format!("tone = {{ {tone} }}"));
        let errors = load(&[("a.toml", &wrong)], &known()).unwrap_err();
        assert!(errors.len() == 1 && errors[0].to_string().ends_with(complaint), "{errors:?}");
    }
}

#[test]
fn a_rule_says_whether_its_calls_are_recorded() {
    let kept = rule("kept", "number = \"1\"", "echo = {}") + "record = true\n";
    let not = rule("not", "number = \"2\"", "echo = {}") + "record = false\n";
    let plain = rule("plain", "number = \"3\"", "echo = {}");
    let plans = load(&[("a.toml", &[kept, not, plain].concat())], &known()).unwrap();

    let is_recorded = ["1", "2", "3", "4"].map(|it| Walk::begin(&plans, &query(it)).is_recorded());
    assert_eq!(is_recorded, [true, false, false, false]);
    let trail = plans.explain(&query("1"), Rehearsal::default()).trail;
    assert!(trail.contains(&Finding::Recorded), "{trail:?}");
}

#[test]
fn what_keys_may_order_is_named_one_by_one() {
    let dial = |codes: &str| {
        let step = format!("dial = {{ user = \"1002\", codes = {codes} }}");
        rule("codes", "number = \"1002\"", &step)
    };
    let plans = load(&[("a.toml", &dial("[\"consult\", \"record\"]"))], &known()).unwrap();
    assert_eq!(last(&plans, "1002"), "user 1002 codes record consult");
    for (codes, mistake) in [
        ("\"sing\"", "expected what keys may order: record, transfer, consult"),
        ("[]", "expected at least one"),
        ("true", "expected a string, found boolean"),
    ] {
        let errors = load(&[("a.toml", &dial(codes))], &known()).unwrap_err();
        let told = errors[0].to_string();
        assert!(told.starts_with("a.toml:4: rule[1].steps[1].dial.codes"), "{told}");
        assert!(told.ends_with(mistake), "{told}");
    }
}

#[test]
fn a_last_number_is_that_of_one_side_and_goes_into_a_variable() {
    let step = |of: &str| format!("recent = {{ of = \"{of}\", into = \"x\" }}");
    let plan = rule("last", "number = \"1\"", &step("caller"));
    let plans = load(&[("a.toml", &plan)], &known()).unwrap();
    assert_eq!(last(&plans, "1"), "recent caller");
    let plan = rule("last", "number = \"1\"", &step("nobody"));
    let told = load(&[("a.toml", &plan)], &known()).unwrap_err()[0].to_string();
    assert!(told.ends_with("recent.of: expected whose number: dialled, caller"), "{told}");
}

#[test]
fn broken_toml_is_reported_with_its_line() {
    let errors =
        load(&[("a.toml", "domain = \"x\"\n[[rule]\nname = 1 2\n")], &known()).unwrap_err();

    assert!(errors.iter().any(|it| it.file == "a.toml" && it.line == 2), "{errors:?}");
    assert!(errors.iter().all(|it| it.line >= 2 && !it.to_string().contains('\n')), "{errors:?}");
}

#[test]
fn a_rule_that_no_call_reaches_is_a_mistake() {
    let plan = [
        rule("wide", "number = \"1001-1018\"", "echo = {}"),
        rule("taken", "number = [\"1005\", \"1020\"]", "echo = {}"),
        rule("trunk", "number = \"1005\", from = \"trunk:provider\"", "echo = {}"),
    ];

    let errors = load(&[("a.toml", &plan.concat())], &known()).unwrap_err();

    let shown: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        ["a.toml:5: rule \"taken\" match.number: no call to 1005 ever gets here: rule \"wide\" \
          (a.toml:1) takes them all"]
    );
}

#[test]
fn a_name_is_given_once_in_all_files() {
    let plan = |number: &str| rule("same", &format!("number = \"{number}\""), "echo = {}");

    let errors = load(&[("a.toml", &plan("1")), ("b.toml", &plan("2"))], &known()).unwrap_err();

    assert_eq!(
        errors[0].to_string(),
        "b.toml:1: rule \"same\" name: a.toml:1 has a rule \"same\" already"
    );
}

#[test]
fn more_rules_than_can_be_searched_for_each_call_are_refused() {
    let plan = |count: u32| {
        let numbered = |n: u32| rule(&n.to_string(), &format!("number = \"{n}\""), "echo = {}");
        (1..=count).map(numbered).collect::<String>()
    };

    let loaded = |count| load(&[("a.toml", &plan(count))], &known()).map(|plans| plans.len());

    assert_eq!(loaded(2_000), Ok(2_000));
    assert_eq!(
        loaded(2_001).unwrap_err()[0].to_string(),
        "a.toml:8001: rule \"2001\": the plans have 2001 rules; 2000 are allowed"
    );
}

#[test]
fn a_failing_example_says_what_the_plan_does_instead() {
    let example = "[[example]]\nfrom = \"1001\"\nto = \"77\"\nexpect = \"tone\"\n";
    let plan = rule("seven", "number = \"7{n}\"", "dial = { user = \"{n}\" }") + example;

    let errors = load(&[("a.toml", &plan)], &known()).unwrap_err();

    assert_eq!(
        errors[0].to_string(),
        "a.toml:5: example[1]: 1001 calling 77 was expected to give \"tone\" and gives \"user 7\" \
         (rule \"seven\")"
    );
}

#[test]
fn the_first_matching_rule_in_order_of_files_decides() {
    let first = rule("first", "number = \"9{rest:3}\"", "dial = { user = \"{rest}\" }");
    let second = rule("second", "number = \"9{rest}\"", "echo = {}");
    let plans = load(&[("1.toml", &first), ("2.toml", &second)], &known()).unwrap();

    assert_eq!(Walk::begin(&plans, &query("9123")).rule(), Some("first"));
    assert_eq!(last(&plans, "9123"), "user 123");
    assert_eq!(Walk::begin(&plans, &query("91234")).rule(), Some("second"));
}

#[test]
fn a_trunk_that_a_file_awaits_may_be_missing_from_the_configuration() {
    let out =
        rule("out", "number = \"9{rest}\"", "dial = { trunk = \"later\", number = \"{rest}\" }");
    let awaiting = format!("awaited_trunks = \"later\"\n{out}");

    let plans = load(&[("a.toml", &awaiting)], &known()).unwrap();

    assert_eq!(last(&plans, "912"), "trunk later 12");
    let elsewhere = load(&[("a.toml", "awaited_trunks = [\"later\"]"), ("b.toml", &out)], &known());
    assert!(elsewhere.unwrap_err()[0].to_string().contains("there is no trunk \"later\""));
}

#[test]
fn the_trail_tells_about_every_rule_up_to_the_one_that_decides() {
    let plan = [
        rule("other", "number = \"1\"", "echo = {}"),
        rule("inward", "number = \"9{rest}\", from = \"trunk:provider\"", "echo = {}"),
        rule("abroad", "number = \"9{rest}\", domain = \"B.example\"", "echo = {}"),
        rule("out", "number = \"9{rest}\"", "dial = { trunk = \"provider\", number = \"{rest}\" }"),
    ];
    let plans = load(&[("a.toml", &plan.concat())], &known()).unwrap();

    let explanation = plans.explain(&query("9-12"), Rehearsal::default());

    let told: Vec<_> = explanation.trail.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "1001 calls 912 in domain a.example",
            "a.toml:1 other: the number is not 1",
            "a.toml:5 inward: is for calls from trunk:provider",
            "a.toml:9 abroad: is for domain b.example",
            "a.toml:13 out: matches 9{rest}, rest = 12",
            "→ trunk provider 12",
        ]
    );
}

#[test]
fn what_cannot_be_a_number_matches_nothing_not_even_anything() {
    let all = rule("all", "number = \"{all...}\"", "dial = { user = \"{all}\" }");
    let plans = load(&[("a.toml", &all)], &known()).unwrap();

    assert_eq!(last(&plans, "ivan"), "user ivan");
    for dialled in ["", "a\r\nVia: x", "\"", &"1".repeat(1000)] {
        assert_eq!(Walk::begin(&plans, &query(dialled)).rule(), None, "{dialled:?}");
    }
}

#[test]
fn no_plan_refuses_every_call() {
    let plans = Arc::new(Plans::default());

    assert!(plans.is_empty());
    assert_eq!(last(&plans, "1001"), "refuse 404");
}

fn rule(name: &str, condition: &str, step: &str) -> String {
    format!("[[rule]]\nname = \"{name}\"\nmatch = {{ {condition} }}\nsteps = [{{ {step} }}]\n")
}

fn query(dialled: &str) -> RouteQuery<'_> {
    let from = Caller::Extension("1001");
    RouteQuery { domain: "a.example", from, number: "1001", dialled, now: UnixMillis(0) }
}

/// Where a call ends up, or the first question that it is asked.
fn last(plans: &Arc<Plans>, dialled: &str) -> String {
    let actions = Rehearsal::default().of(plans, &query(dialled));
    actions.last().map(ToString::to_string).unwrap_or_default()
}

fn known() -> Known {
    Known { trunks: BTreeSet::from(["provider".to_owned()]), ..Known::default() }
}
