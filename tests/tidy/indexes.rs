//! Lists that must not fall behind what they list.

use crate::source::{Source, assert_none, sources};
use std::collections::BTreeSet;

#[test]
fn every_sipp_scenario_says_what_it_shows_and_how_to_run_it_alone() {
    let complaints: Vec<_> = scenarios(&sources())
        .filter(|it| {
            let run = format!("-sf {}", it.path);
            !["Shows: ", "Run alone", run.as_str()].iter().all(|word| it.text.contains(word))
        })
        .map(|it| it.path.clone())
        .collect();
    assert_none("add a header as the other scenarios have:", &complaints);
}

#[test]
fn every_sipp_scenario_is_in_the_index() {
    let sources = sources();
    let index = text_of(&sources, "sipp-scenarios/README.md");
    let complaints: Vec<_> = scenarios(&sources)
        .filter_map(|it| it.path.strip_prefix("sipp-scenarios/"))
        .filter(|name| !index.contains(&format!("`{name}`")))
        .map(str::to_owned)
        .collect();
    assert_none("add these to sipp-scenarios/README.md:", &complaints);
}

#[test]
fn make_help_lists_every_target() {
    let sources = sources();
    let makefile = text_of(&sources, "Makefile");
    let phony = makefile
        .lines()
        .find_map(|line| line.strip_prefix(".PHONY: "))
        .expect("the Makefile names its targets");
    let listed: BTreeSet<_> = makefile
        .lines()
        .filter(|line| line.contains(" ## "))
        .filter_map(|line| line.split(':').next())
        .collect();

    assert_eq!(phony.split(' ').collect::<BTreeSet<_>>(), listed);
}

#[test]
fn every_room_is_in_the_architecture() {
    let sources = sources();
    let architecture = text_of(&sources, "ARCHITECTURE.md");
    let rooms: BTreeSet<_> = sources.iter().filter_map(|it| room(&it.path)).collect();
    let complaints: Vec<_> =
        rooms.into_iter().filter(|it| !architecture.contains(&format!("`{it}`"))).collect();
    assert_none("say in ARCHITECTURE.md what these own:", &complaints);
}

/// `sip` of `crates/sip/…`, `store` of `src/store/…`.
fn room(path: &str) -> Option<String> {
    let mut parts = path.split('/');
    let (top, name, _) = (parts.next()?, parts.next()?, parts.next()?);
    ["crates", "src"].contains(&top).then(|| name.to_owned())
}

fn scenarios(sources: &[Source]) -> impl Iterator<Item = &Source> {
    sources.iter().filter(|it| it.path.starts_with("sipp-scenarios/") && it.path.ends_with(".xml"))
}

fn text_of<'a>(sources: &'a [Source], path: &str) -> &'a str {
    sources.iter().find(|it| it.path == path).map(|it| it.text.as_str()).expect("the file is there")
}
