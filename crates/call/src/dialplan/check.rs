//! Checks over all rules together: names, rules that no call reaches, examples.

use super::{
    Action, Caller, Mistake, PlanError, Plans, RouteQuery,
    read::Example,
    rule::{Place, Rule},
};

/// Too many rules, names given twice, and numbers that an earlier rule takes away.
pub(super) fn rules(rules: &[Rule]) -> Vec<PlanError> {
    if let Some(rule) = rules.get(RULES_MAX) {
        let mistake = Mistake::TooManyRules { found: rules.len(), allowed: RULES_MAX };
        return vec![about(rule, "", mistake)];
    }
    let mut errors = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let earlier = &rules[..index];
        if let Some(other) = earlier.iter().find(|other| other.name == rule.name) {
            let (Place { file, line }, name) = (other.place.clone(), rule.name.clone());
            errors.push(about(rule, "name", Mistake::NameTaken { file, line, name }));
        }
        errors.extend(unreachable_numbers(rule, earlier));
    }
    errors
}

/// Runs the examples.
pub(super) fn examples(plans: &Plans, examples: &[Example]) -> Vec<PlanError> {
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

fn failure(plans: &Plans, example: &Example) -> Option<PlanError> {
    let from = Caller::parse(&example.from);
    let routing = plans.route(&RouteQuery { domain: &example.domain, from, dialled: &example.to });
    let found = routing.action.to_string();
    if found == example.expect {
        return None;
    }
    let mut refusal = None;
    if let (None, Action::Refuse { reason, .. }) = (routing.rule, &routing.action) {
        refusal = Some(reason.clone());
    }
    Some(PlanError {
        file: example.place.file.clone(),
        line: example.place.line,
        key: example.key.clone(),
        mistake: Mistake::Example {
            from: example.from.clone(),
            to: example.to.clone(),
            expected: example.expect.clone(),
            found,
            rule: routing.rule.map(str::to_owned),
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
