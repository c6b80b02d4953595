//! The demo plan does what the demo promises.

#![expect(clippy::unwrap_used, reason = "helpers of tests unwrap as tests do")]

use base::UnixMillis;
use call::{
    dialplan::{
        Caller, Known, Plans, Rehearsal, RouteQuery, conference_prompts, load, supervision_prompts,
        voicemail_prompts,
    },
    speech::Language,
};
use std::{collections::BTreeSet, fs, path::Path, sync::Arc};

#[test]
fn extensions_reach_what_the_table_of_demo_numbers_promises() {
    let plans = demo();

    for (dialled, expected) in [
        ("1001", "user 1001"),
        ("1018", "user 1018"),
        ("2000", "user 2000"),
        ("2001", "user 2001"),
        ("1090", "user 1090"),
        ("9196", "echo"),
        ("9197", "tone"),
        ("9198", "say ru/welcome.wav"),
        ("5000", "menu"),
        ("4000", "queue 4000"),
        ("4002", "queue 4002"),
        ("6000", "users 1002 1003"),
        ("6001", "user 1002"),
        ("3000", "conference 3000"),
        ("3099", "conference 3099"),
        ("3100", "conference 3100"),
        ("*721002", "say feature-forward-on"),
        ("*73", "say feature-forward-off"),
        ("*78", "say feature-dnd-on"),
        ("*79", "say feature-dnd-off"),
        ("*70", "say feature-waiting-on"),
        ("*71", "say feature-waiting-off"),
        ("*111001", "collect"),
        ("*11", "collect"),
        ("*12", "say feature-signed-out"),
        ("*8", "pick up 1001 1002 1003 1004 1005 1006 1007 1008"),
        ("*81001", "pick up 1001"),
        ("700", "park"),
        ("701", "fetch 701"),
        ("720", "fetch 720"),
        ("721", "refuse 404"),
        ("70001001", "user 1001 intercom"),
        ("*66", "refuse 404"),
        ("*69", "refuse 404"),
        ("+74951234567", "trunk provider +74951234567"),
        ("7999", "page 1001 1002 1003 1004 1005 1006 1007 1008"),
        ("71001001", "user 1001 codes record transfer consult"),
        ("*97", "messages"),
        ("*981002", "message 1002"),
        ("9112", "trunk provider 112"),
        ("974951234567", "trunk provider 74951234567"),
        ("9", "refuse 404"),
        ("1000", "refuse 404"),
        ("1019", "refuse 404"),
        ("provider", "refuse 404"),
    ] {
        assert_eq!(gives(&plans, Caller::Extension("1001"), dialled), expected, "{dialled}");
    }
}

#[test]
fn the_trunk_reaches_its_numbers_and_nothing_else() {
    let plans = demo();
    let gives = |trunk: &str, dialled: &str| gives(&plans, Caller::Trunk(trunk), dialled);

    for n in 1..=8 {
        assert_eq!(gives("provider", &format!("+7495000000{n}")), format!("user 100{n}"));
    }
    assert_eq!(gives("provider", "+74950000000"), "queue 4000");
    assert_eq!(gives("provider", "+74950000090"), "user 1090");
    assert_eq!(gives("provider", "+74950000091"), "conference 3000");
    assert_eq!(gives("provider", "+74950000092"), "music default");
    assert_eq!(gives("provider", "+74950000093"), "echo");
    for dialled in ["1001", "9196", "94951234567", "+74950000009", "*97"] {
        assert_eq!(gives("provider", dialled), "refuse 404", "{dialled}");
    }
    assert_eq!(gives("other", "+74950000001"), "refuse 404");
}

#[test]
fn all_prompts_of_steps_are_there_in_both_languages() {
    for language in Language::ALL {
        let there = prompts_in(language.code());
        let of_steps = conference_prompts(language).chain(supervision_prompts(language));
        for prompt in of_steps.chain(voicemail_prompts(language)) {
            assert!(there.contains(&prompt), "{prompt} is missing: run scripts/make-sounds.sh");
        }
    }
}

#[test]
fn calls_of_another_domain_are_not_the_demo_plans_business() {
    let plans = demo();
    let call = RouteQuery { domain: "other.example", ..query(Caller::Extension("1"), "9196") };

    assert_eq!(last(&plans, &call), "refuse 404");
}

fn demo() -> Arc<Plans> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dialplans/demo.toml");
    let text = fs::read_to_string(path).unwrap();
    let set = |name: &str| BTreeSet::from([name.to_owned()]);
    let prompts = ["ru", "en"].into_iter().flat_map(prompts_in).collect();
    let known = Known { trunks: set("provider"), prompts, music: set("default") };
    load(&[("demo.toml", &text)], &known).unwrap_or_else(|errors| {
        panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

/// The prompts that are there, as plans name them.
fn prompts_in(language: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sounds").join(language);
    let files = fs::read_dir(folder).unwrap();
    let name = |file: fs::DirEntry| file.file_name().into_string().unwrap();
    files.map(|file| format!("{language}/{}", name(file.unwrap()))).collect()
}

fn gives(plans: &Arc<Plans>, from: Caller<'_>, dialled: &str) -> String {
    last(plans, &query(from, dialled))
}

/// Where a call ends up, or the first question that it is asked.
fn last(plans: &Arc<Plans>, call: &RouteQuery<'_>) -> String {
    Rehearsal::default().of(plans, call).last().unwrap().to_string()
}

fn query<'a>(from: Caller<'a>, dialled: &'a str) -> RouteQuery<'a> {
    RouteQuery { domain: "demo.tandem.test", from, number: "1001", dialled, now: UnixMillis(0) }
}
