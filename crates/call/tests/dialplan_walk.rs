//! Walking through plans: what calls do step by step, whatever is pressed and whoever answers.

use base::UnixMillis;
use call::dialplan::{
    Action, Caller, DialOutcome, Known, Outcome, Plans, Principal, Rehearsal, RouteQuery, Spoken,
    Walk, load,
};
use std::sync::Arc;

#[test]
fn steps_follow_each_other_and_the_call_ends_after_the_last() {
    let plans = plan(
        r#"[{ answer = {} }, { play = { file = "ru/a.wav" } }, { record = true }, { say = [
            { prompt = "b" }, { digits = "{caller}" }, { number = "21" }, { money = "12,5" },
            { duration = "90" }, { number = "many" }
        ] }]"#,
    );

    let shown = does(&plans, Rehearsal::default());

    let said = "say b digits 1001 number 21 money 1250 duration 90";
    assert_eq!(
        shown,
        ["answer", "say ru/a.wav", "record on", said],
        "what is no number is not said"
    );
}

#[test]
fn a_question_to_a_web_server_sets_variables_or_fails() {
    let plans = plan(
        r#"[{ http = { url = "https://crm.example/?from={caller}", into = { who = "/who", kind = "/kind" },
            failed = [{ set = { who = "1009" } }] } },
            { branch = { value = "{kind}", cases = { vip = [{ echo = {} }] } } },
            { dial = { user = "{who}" } }]"#,
    );
    let answers = |pairs: &[(&str, &str)]| Rehearsal {
        answers: pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
        ..Rehearsal::default()
    };
    let asked = "web https://crm.example/?from=1001";

    let known = answers(&[("who", "1002"), ("kind", "other"), ("else", "x")]);
    assert_eq!(does(&plans, known), [asked, "user 1002"]);
    assert_eq!(does(&plans, answers(&[("who", "1002"), ("kind", "vip")])), [asked, "echo"]);
    assert_eq!(
        does(&plans, answers(&[("who", "1002")])),
        [asked, "user 1009"],
        "half of it is none"
    );
    assert_eq!(does(&plans, Rehearsal::default()), [asked, "user 1009"]);

    let mut walk = begin(&plans);
    walk.next(NOW);
    assert_eq!(walk.took(&Outcome::NoReply, NOW), None);
    assert_eq!(walk.next(NOW).unwrap().to_string(), "user 1009");
}

#[test]
fn a_menu_explains_what_was_wrong_and_gives_up_after_so_many_tries() {
    let plans = plan(
        r#"[{ menu = { say = { prompt = "a" }, invalid = { prompt = "b" }, silent = { prompt = "c" },
            tries = 2, timeout_s = 7, keys = { 1 = [{ echo = {} }], "*" = [{ hang_up = {} }] },
            failed = [{ refuse = { status = 480, reason = "No choice" } }] } },
            { music = { name = "default" } }]"#,
    );
    let keys =
        |keys: &str| Rehearsal { keys: Some(keys.chars().collect()), ..Rehearsal::default() };

    assert_eq!(does(&plans, Rehearsal::default()), ["menu"], "it is not known what is pressed");
    assert_eq!(does(&plans, keys("1")), ["menu", "echo"]);
    assert_eq!(does(&plans, keys("*")), ["menu", "hang up"]);
    assert_eq!(does(&plans, keys("71")), ["menu", "menu", "echo"]);
    assert_eq!(does(&plans, keys("77")), ["menu", "menu", "refuse 480"]);
    assert_eq!(does(&plans, keys("")), ["menu", "menu", "refuse 480"]);

    let mut walk = begin(&plans);
    let said = |action: Action| {
        let Action::Gather(gather) = action else { panic!("{action} asks for nothing") };
        assert_eq!((gather.digits_max, gather.timeout_s), (1, 7));
        gather.speech.words
    };
    let word = |name: &str| Spoken::Prompt(name.to_owned());
    assert_eq!(said(walk.next(NOW).unwrap()), [word("a")]);
    let again = walk.took(&Outcome::Keys("7".to_owned()), NOW).unwrap();
    assert_eq!(said(again), [word("b"), word("a")]);
    let mut walk = begin(&plans);
    walk.next(NOW);
    assert_eq!(
        said(walk.took(&Outcome::Keys(String::new()), NOW).unwrap()),
        [word("c"), word("a")]
    );
}

#[test]
fn collected_digits_become_a_variable_that_decides() {
    let plans = plan(
        r#"[{ collect = { into = "who", digits_min = 2, digits_max = 4, failed = [{ hang_up = {} }] } },
            { branch = { value = "{who}", cases = { 9999 = [{ echo = {} }] }, else = [
                { dial = { user = "1{who}" } } ] } }]"#,
    );
    let pressed = |keys: &str| {
        let keys = Some(keys.chars().collect());
        does(&plans, Rehearsal { keys, ..Rehearsal::default() }).join(", ")
    };

    assert_eq!(pressed("9999"), "collect, echo");
    assert_eq!(pressed("002#"), "collect, user 1002");
    assert_eq!(pressed("1#0003"), "collect, collect, user 10003");
    assert_eq!(pressed("1#1#1#"), "collect, collect, collect, hang up");
}

#[test]
fn how_a_dial_ends_decides_what_follows() {
    let plans = plan(
        r#"[{ dial = { user = "1002", timeout_s = 15, on = { busy = [{ leave_message = { number = "1002" } }],
            offline = [{ set = { why = "{outcome}" } }] } } },
            { branch = { value = "{why}", cases = { offline = [{ hang_up = {} }] } } },
            { dial = { users = ["1003", "1004"] } }]"#,
    );
    let after = |outcomes: &[DialOutcome]| {
        let outcomes = outcomes.iter().copied().collect();
        does(&plans, Rehearsal { outcomes, ..Rehearsal::default() }).join(", ")
    };

    assert_eq!(after(&[]), "user 1002", "somebody answers");
    assert_eq!(after(&[DialOutcome::Busy]), "user 1002, message 1002");
    assert_eq!(after(&[DialOutcome::Offline]), "user 1002, hang up");
    assert_eq!(after(&[DialOutcome::NoAnswer]), "user 1002, users 1003 1004");
    let Some(Action::Dial(dial)) = begin(&plans).next(NOW) else { panic!("somebody is rung") };
    assert_eq!(dial.timeout_s, Some(15));
}

#[test]
fn the_greeting_of_a_mailbox_is_the_one_for_how_the_dial_ended_unless_it_is_written() {
    let after = |step: &str, outcome: Option<DialOutcome>| {
        let plans = plan(&format!(
            r#"[{{ dial = {{ user = "1002" }} }}, {{ leave_message = {{ number = "1002"{step} }} }}]"#
        ));
        let mut walk = begin(&plans);
        walk.next(NOW);
        let next = outcome.and_then(|it| walk.took(&Outcome::Dialled(it), NOW));
        match next.or_else(|| walk.next(NOW)) {
            Some(Action::LeaveMessage { absence, .. }) => absence.name(),
            other => panic!("{other:?}"),
        }
    };

    assert_eq!(after("", None), "unavailable");
    assert_eq!(after("", Some(DialOutcome::Busy)), "busy");
    for outcome in [DialOutcome::NoAnswer, DialOutcome::Offline, DialOutcome::Refused] {
        assert_eq!(after("", Some(outcome)), "unavailable");
    }
    assert_eq!(after(r#", greeting = "busy""#, Some(DialOutcome::NoAnswer)), "busy");
    assert_eq!(after(r#", greeting = "unavailable""#, Some(DialOutcome::Busy)), "unavailable");
}

#[test]
fn those_who_are_rung_in_turn_are_rung_one_by_one_and_trunks_always_are() {
    let plans = plan(
        r#"[{ dial = { users = ["1002", "1003"], in_turn = true } },
            { dial = { trunks = ["a", "b"], number = "{caller}" } }]"#,
    );
    let outcomes = [DialOutcome::NoAnswer, DialOutcome::Busy, DialOutcome::Failed].into();

    let shown = does(&plans, Rehearsal { outcomes, ..Rehearsal::default() });

    assert_eq!(shown, ["user 1002", "user 1003", "trunk a 1001", "trunk b 1001"]);
}

#[test]
fn the_next_trunk_is_for_those_who_were_not_reached() {
    let plans = plan(
        r#"[{ dial = { trunks = ["a", "b", "a"], number = "2", on = { failed = [{ echo = {} }] } } },
            { music = { name = "default" } }]"#,
    );
    let way_of = |outcomes: &[Outcome]| -> Vec<String> {
        let mut walk = begin(&plans);
        let mut next = walk.next(NOW);
        let mut outcomes = outcomes.iter();
        let mut done = Vec::new();
        while let Some(action) = next {
            done.push(action.to_string());
            let Some(outcome) = outcomes.next() else { break };
            next = walk.took(outcome, NOW).or_else(|| walk.next(NOW));
        }
        done
    };
    let (not_reached, failed) =
        (Outcome::NotReached(DialOutcome::Busy), Outcome::Dialled(DialOutcome::Failed));

    assert_eq!(way_of(std::slice::from_ref(&not_reached)), ["trunk a 2", "trunk b 2"]);
    assert_eq!(way_of(&[not_reached.clone(), failed.clone()]), ["trunk a 2", "trunk b 2", "echo"]);
    assert_eq!(way_of(&[failed]), ["trunk a 2", "echo"]);
    let all = [not_reached.clone(), not_reached.clone(), not_reached];
    assert_eq!(way_of(&all), ["trunk a 2", "trunk b 2", "trunk a 2", "music default"]);
}

#[test]
fn blocks_come_back_and_gotos_do_not() {
    let plans = load_plan(
        r#"
        [[rule]]
        name = "r"
        match = { number = "5" }
        steps = [{ block = "greet" }, { goto = "end" }, { music = { name = "default" } }]
        [[block]]
        name = "greet"
        steps = [{ say = { prompt = "a" } }, { set = { x = "1" } }]
        [[block]]
        name = "end"
        steps = [{ branch = { value = "{x}", cases = { 1 = [{ echo = {} }] } } }]
        "#,
    );

    assert_eq!(does(&plans, Rehearsal::default()), ["say a", "echo"]);
}

#[test]
fn a_plan_that_goes_in_circles_is_cut_with_a_message() {
    for (steps, block) in [
        ("[{ goto = \"b\" }]", "[{ goto = \"b\" }]"),
        ("[{ block = \"b\" }]", "[{ block = \"b\" }]"),
        ("[{ transfer = { number = \"5\" } }]", "[{ echo = {} }]"),
    ] {
        let plans = load_plan(&format!(
            "[[rule]]\nname = \"round\"\nmatch = {{ number = \"5\" }}\nsteps = {steps}\n\
             [[block]]\nname = \"b\"\nsteps = {block}\n"
        ));

        let action = begin(&plans).next(NOW);

        let Some(Action::Refuse { status: 482, reason }) = action else { panic!("{action:?}") };
        assert!(reason.contains("round"), "{reason}");
    }
}

#[test]
fn a_transfer_goes_where_the_number_leads_with_the_rights_of_whoever_asked() {
    let plans = load_plan(
        r#"
        [[rule]]
        name = "inside"
        match = { number = "5" }
        steps = [{ transfer = { number = "6" } }]
        [[rule]]
        name = "six"
        match = { number = "6" }
        steps = [{ echo = {} }]
        [[rule]]
        name = "outside"
        match = { number = "5", from = "trunk:a" }
        steps = [{ transfer = { number = "6" } }]
        "#,
    );
    assert_eq!(does(&plans, Rehearsal::default()), ["echo"]);
    let outside = RouteQuery { from: Caller::Trunk("a"), ..query() };
    let actions = Rehearsal::default().of(&plans, &outside);
    assert_eq!(actions[0].to_string(), "refuse 404", "no rule lets the trunk reach 6");

    let mut walk = Walk::begin(&plans, &outside);
    walk.transfer("6", Principal::Extension("1001".to_owned()), NOW);
    assert_eq!(walk.next(NOW).unwrap().to_string(), "echo");
    assert_eq!(walk.rule(), Some("six"));
}

#[test]
fn hours_and_callers_choose_the_rule() {
    let plans = load_plan(
        r#"
        time_zone = "Europe/Moscow"
        [[schedule]]
        name = "work"
        open = ["mon-fri 09:00-18:00"]
        closed = ["2026-11-04"]
        [[rule]]
        name = "vip"
        match = { number = "5", caller = "+7495{rest}" }
        steps = [{ dial = { user = "{rest}" } }]
        [[rule]]
        name = "day"
        match = { number = "5", within = "work" }
        steps = [{ hours = { schedule = "work", open = [{ echo = {} }] } }]
        [[rule]]
        name = "night"
        match = { number = "5", outside = "work" }
        steps = [{ say = [{ time = "now" }, { date = "now" }] }, { music = { name = "default" } }]
        [[example]]
        from = "1001"
        to = "5"
        at = "2026-11-27 17:59"
        expect = "echo"
        [[example]]
        from = "1001"
        to = "5"
        at = "2026-11-27 18:00"
        expect = ["say time date", "music default"]
        [[example]]
        from = "1001"
        to = "5"
        at = "2026-11-04 12:00"
        expect = "music default"
        [[example]]
        from = "1001"
        caller = "+74957"
        to = "5"
        expect = "user 7"
        "#,
    );
    let explanation = plans.explain(&query(), Rehearsal::default());
    let told: Vec<_> = explanation.trail.iter().map(ToString::to_string).collect();
    assert!(
        told.contains(&"a.toml:7 vip: the caller's number is not +7495{rest}".to_owned()),
        "{told:?}"
    );
    assert!(told.contains(&"a.toml:11 day: is for calls within work".to_owned()), "{told:?}");
}

#[test]
fn a_script_decides_and_one_that_fails_ends_its_call() {
    let plans = plan(
        r#"[
            { script = { into = "kind", source = """
                if parse_int(caller) % 2 == 1 { "odd" } else { "even" }
            """ } },
            { branch = { value = "{kind}", cases = { odd = [{ echo = {} }] } } },
        ]"#,
    );
    assert_eq!(does(&plans, Rehearsal::default()), ["echo"]);

    for (source, said) in [("loop {}", "operations"), ("parse_int(outcome)", "rule r")] {
        let steps = format!("[{{ script = {{ into = \"x\", source = \"{source}\" }} }}]");
        let actions = Rehearsal::default().of(&plan(&steps), &query());
        let [Action::Refuse { status: 500, reason }] = actions.as_slice() else {
            panic!("{source}: {actions:?}")
        };
        assert!(reason.contains(said) && !reason.contains('\n'), "{reason}");
    }
}

#[test]
fn a_script_chooses_the_rule() {
    let rule = |name: &str, script: &str, tone: &str| {
        format!(
            "[[rule]]\nname = \"{name}\"\nmatch = {{ number = \"5{{rest...}}\"{script} }}\n\
             steps = [{{ tone = {{ name = \"{tone}\" }} }}]\n"
        )
    };
    let plans = load_plan(
        &[
            rule("fails", ", script = \"loop {}\"", "busy"),
            rule("long", ", script = \"rest.len() > 3 && caller != \\\"1001\\\"\"", "busy"),
            rule("ours", ", script = \"caller.starts_with(rest)\"", "ringback"),
            rule("others", "", "dial"),
        ]
        .concat(),
    );
    for (dialled, rule) in [("510", "ours"), ("52", "others"), ("51234", "others")] {
        let call = RouteQuery { dialled, ..query() };
        let explanation = plans.explain(&call, Rehearsal::default());
        assert_eq!(explanation.rule, Some(rule), "{dialled}");
        let trail: Vec<_> = explanation.trail.iter().map(ToString::to_string).collect();
        assert!(trail[2].contains("its script says \"false\" and not true"), "{trail:?}");
        assert!(trail[1].contains("operations"), "{trail:?}");
    }
}

#[test]
fn what_is_wrong_in_steps_is_told_at_its_place() {
    let rule = |steps: &str| {
        format!("[[rule]]\nname = \"r\"\nmatch = {{ number = \"5\" }}\nsteps = [{steps}]\n")
    };
    for (steps, complaint) in [
        ("{ menu = { keys = {} } }", "steps[1].menu.keys: expected at least one"),
        (
            "{ menu = { keys = { A = [{ echo = {} }] } } }",
            "keys.A: \"A\" is no key: expected one of 0 to 9, *, #",
        ),
        (
            "{ menu = { keys = { 12 = [{ echo = {} }] } } }",
            "keys.12: \"12\" is no key: expected one of 0 to 9, *, #",
        ),
        (
            "{ menu = { keys = { 1 = [{ ecko = {} }] } } }",
            "keys.1[1].ecko: unknown key; expected one of",
        ),
        ("{ collect = { into = \"number\", digits_max = 3 } }", "into: \"number\" cannot be set"),
        (
            "{ collect = { into = \"x\", digits_min = 4, digits_max = 3 } }",
            "digits_min: is more than `digits_max`",
        ),
        ("{ set = { \"x y\" = \"\" } }", "set.x y: \"x y\" cannot be set"),
        (
            "{ dial = { user = \"1\", on = { away = [{ echo = {} }] } } }",
            "on.away: expected how a dial ends: busy, no_answer",
        ),
        ("{ dial = { trunks = [\"a\"] } }", "dial: expected either `user`"),
        ("{ say = { prompt = \"gone\" } }", "prompt: there is no prompt \"gone\""),
        ("{ say = { prompt = \"a\", digits = \"1\" } }", "say: expected one thing to say"),
        ("{ say = { time = \"later\" } }", "time: expected \"now\""),
        ("{ script = { source = \"1 +\", into = \"x\" } }", "source: is no script that can be run"),
        ("{ script = { source = \"nobody\", into = \"x\" } }", "source: is no script"),
        ("{ script = { source = \"1\", into = \"caller\" } }", "into: \"caller\" cannot be set"),
        ("{ script = { source = \"1\" } }", "script.into: is missing"),
        ("{ block = \"gone\" }", "steps: there is no block \"gone\""),
        (
            "{ menu = { keys = { 1 = [{ goto = \"gone\" }] } } }",
            "steps: there is no block \"gone\"",
        ),
        ("{ hours = { schedule = \"gone\" } }", "steps: there is no schedule \"gone\""),
        (
            "{ say = { digits = \"{nobody}\" } }",
            "digits: {nobody} is captured by no part of the pattern 5",
        ),
    ] {
        let errors = load(&[("a.toml", &rule(steps))], &known()).unwrap_err();
        let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|it| it.contains(complaint)), "{steps}: {told:?}");
        assert!(told.iter().all(|it| it.starts_with("a.toml:")), "{told:?}");
    }
    for (text, complaint) in [
        ("time_zone = \"Mars\"", "time_zone: \"Mars\" is no time zone"),
        ("[[schedule]]\nname = \"w\"\nopen = \"always\"", "open: \"always\" are no hours"),
        (
            "[[schedule]]\nname = \"w\"\nopen = \"sun 00:00-24:00\"\nclosed = \"31-12\"",
            "closed: \"31-12\" is no day",
        ),
        (
            "[[block]]\nname = \"b\"\nsteps = [{ say = { digits = \"{x}\" } }]",
            "{x} is set by no step",
        ),
    ] {
        let errors = load(&[("a.toml", text)], &known()).unwrap_err();
        assert!(errors[0].to_string().contains(complaint), "{text}: {errors:?}");
    }
}

/// What a call to 5 does.
fn does(plans: &Arc<Plans>, rehearsal: Rehearsal) -> Vec<String> {
    rehearsal.of(plans, &query()).iter().map(ToString::to_string).collect()
}

fn begin(plans: &Arc<Plans>) -> Walk {
    Walk::begin(plans, &query())
}

fn plan(steps: &str) -> Arc<Plans> {
    load_plan(&format!("[[rule]]\nname = \"r\"\nmatch = {{ number = \"5\" }}\nsteps = {steps}\n"))
}

fn load_plan(text: &str) -> Arc<Plans> {
    load(&[("a.toml", text)], &known()).unwrap_or_else(|errors| {
        panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

fn query() -> RouteQuery<'static> {
    let from = Caller::Extension("1001");
    RouteQuery { domain: "a.example", from, number: "1001", dialled: "5", now: NOW }
}

fn known() -> Known {
    let prompts = call::dialplan::voicemail_prompts(call::speech::Language::Russian);
    let more = ["ru/a.wav", "ru/b.wav", "en/c.wav"].map(str::to_owned);
    Known {
        trunks: ["a", "b"].map(str::to_owned).into(),
        prompts: prompts.chain(more).collect(),
        music: ["default".to_owned()].into(),
    }
}

const NOW: UnixMillis = UnixMillis(0);
