//! Checks over all plans together: names, blocks and hours that are not there, rules that no call
//! reaches, examples.

use super::{
    Action, Caller, Mistake, PlanError, Plans, RouteQuery, Walk,
    mistake::NameOf,
    read::Example,
    rule::{Place, Rule},
    step::Steps,
};
use std::sync::Arc;

/// Too many rules, names given twice or to nothing, and numbers that an earlier rule takes away.
pub(super) fn plans(plans: &Plans) -> Vec<PlanError> {
    let mut errors = rules(&plans.rules);
    for (index, block) in plans.blocks.iter().enumerate() {
        let named = || format!("block {:?}", block.name);
        if let Some(other) = plans.blocks[..index].iter().find(|it| it.name == block.name) {
            let (Place { file, line }, name) = (other.place.clone(), block.name.clone());
            let mistake = Mistake::NameTaken { of: NameOf::Block, file, line, name };
            errors.push(at(&block.place, format!("{} name", named()), mistake));
        }
        errors.extend(names_of_nothing(plans, &block.steps, &block.place, &named()));
    }
    for rule in &plans.rules {
        let named = format!("rule {:?}", rule.name);
        errors.extend(names_of_nothing(plans, &rule.steps, &rule.place, &named));
        if let Some(wanted) = &rule.condition.hours
            && !has_schedule(plans, &wanted.schedule)
        {
            let name = wanted.schedule.clone();
            let mistake = Mistake::NoSuchName { of: NameOf::Schedule, name };
            errors.push(at(&rule.place, format!("{named} match"), mistake));
        }
    }
    errors
}

/// Blocks and hours that steps name and nobody wrote.
fn names_of_nothing(plans: &Plans, steps: &Steps, place: &Place, named: &str) -> Vec<PlanError> {
    let (mut blocks, mut schedules) = (Vec::new(), Vec::new());
    for step in steps.iter() {
        step.blocks(&mut blocks);
        step.schedules(&mut schedules);
    }
    let blocks = blocks.into_iter().filter(|name| plans.block(name).is_none());
    let blocks = blocks.map(|name| (NameOf::Block, name));
    let schedules = schedules.into_iter().filter(|name| !has_schedule(plans, name));
    let schedules = schedules.map(|name| (NameOf::Schedule, name));
    let mistake = |(of, name): (NameOf, &str)| {
        let mistake = Mistake::NoSuchName { of, name: name.to_owned() };
        at(place, format!("{named} steps"), mistake)
    };
    blocks.chain(schedules).map(mistake).collect()
}

fn has_schedule(plans: &Plans, name: &str) -> bool {
    plans.schedules.iter().any(|it| it.name == name)
}

fn at(place: &Place, key: String, mistake: Mistake) -> PlanError {
    PlanError { file: place.file.clone(), line: place.line, key, mistake }
}

fn rules(rules: &[Rule]) -> Vec<PlanError> {
    if let Some(rule) = rules.get(RULES_MAX) {
        let mistake = Mistake::TooManyRules { found: rules.len(), allowed: RULES_MAX };
        return vec![about(rule, "", mistake)];
    }
    let mut errors = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let earlier = &rules[..index];
        if let Some(other) = earlier.iter().find(|other| other.name == rule.name) {
            let (Place { file, line }, name) = (other.place.clone(), rule.name.clone());
            let mistake = Mistake::NameTaken { of: NameOf::Rule, file, line, name };
            errors.push(about(rule, "name", mistake));
        }
        errors.extend(unreachable_numbers(rule, earlier));
    }
    errors
}

/// Runs the examples.
pub(super) fn examples(plans: &Arc<Plans>, examples: &[Example]) -> Vec<PlanError> {
    examples.iter().filter_map(|example| failure(plans, example)).collect()
}

fn unreachable_numbers(rule: &Rule, earlier: &[Rule]) -> Vec<PlanError> {
    let taken = |pattern| {
        earlier.iter().find(|other| {
            other.condition.is_for_all_of(&rule.condition)
                && other.condition.numbers.iter().any(|theirs| theirs.covers(pattern))
        })
    };
    let complaint = |pattern| {
        let other = taken(pattern)?;
        let Place { file, line } = other.place.clone();
        let (pattern, name) = (pattern.to_string(), other.name.clone());
        Some(about(rule, "match.number", Mistake::Unreachable { pattern, rule: name, file, line }))
    };
    rule.condition.numbers.iter().filter_map(complaint).collect()
}

fn failure(plans: &Arc<Plans>, example: &Example) -> Option<PlanError> {
    let call = RouteQuery {
        domain: &example.domain,
        from: Caller::parse(&example.from),
        number: example.caller.as_deref().unwrap_or(&example.from),
        dialled: &example.to,
        now: example.at,
    };
    let actions = example.rehearsal.clone().of(plans, &call);
    let shown: Vec<_> = actions.iter().map(ToString::to_string).collect();
    let (expected, found) = match example.expect.as_slice() {
        // One alone tells where the call ends up.
        [last] => (last.clone(), shown.last().cloned().unwrap_or_default()),
        all => (all.join(", "), shown.join(", ")),
    };
    if found == expected {
        return None;
    }
    let rule = Walk::begin(plans, &call).rule().map(str::to_owned);
    let refusal = match actions.as_slice() {
        [Action::Refuse { reason, .. }] if rule.is_none() => Some(reason.clone()),
        _ => None,
    };
    Some(PlanError {
        file: example.place.file.clone(),
        line: example.place.line,
        key: example.key.clone(),
        mistake: Mistake::Example {
            from: example.from.clone(),
            to: example.to.clone(),
            expected,
            found,
            rule,
            refusal,
        },
    })
}

fn about(rule: &Rule, key: &str, mistake: Mistake) -> PlanError {
    PlanError {
        file: rule.place.file.clone(),
        line: rule.place.line,
        key: format!("rule {:?} {key}", rule.name).trim_end().to_owned(),
        mistake,
    }
}

/// Most rules in all plans together. Each call is compared with them one by one, and each rule
/// with those before it when they are loaded.
const RULES_MAX: usize = 2_000;
