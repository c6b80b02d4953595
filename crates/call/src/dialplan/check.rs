//! Checks over all rules together: names, rules that no call reaches, examples.

use super::{Action, Caller, PlanError, Plans, RouteQuery, read::Example, rule::Rule};

/// Too many rules, names given twice, and numbers that an earlier rule takes away.
pub(super) fn rules(rules: &[Rule]) -> Vec<PlanError> {
    if let Some(rule) = rules.get(RULES_MAX) {
        let message = format!("the plans have {} rules; {RULES_MAX} are allowed", rules.len());
        return vec![about(rule, "", message)];
    }
    let mut errors = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let earlier = &rules[..index];
        if let Some(other) = earlier.iter().find(|other| other.name == rule.name) {
            let message = format!("{} has a rule {:?} already", other.place, rule.name);
            errors.push(about(rule, "name", message));
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
        let message = format!(
            "no call to {pattern} ever gets here: rule {:?} ({}) takes them all",
            other.name, other.place
        );
        Some(about(rule, "match.number", message))
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
    let decided = match (&routing.rule, &routing.action) {
        (Some(rule), _) => format!("rule {rule:?}"),
        (None, Action::Refuse { reason, .. }) => format!("no rule: {reason}"),
        (None, _) => "no rule".to_owned(),
    };
    Some(PlanError {
        file: example.place.file.clone(),
        line: example.place.line,
        key: example.key.clone(),
        message: format!(
            "{} calling {} was expected to give {:?} and gives {found:?} ({decided})",
            example.from, example.to, example.expect
        ),
    })
}

fn about(rule: &Rule, key: &str, message: String) -> PlanError {
    PlanError {
        file: rule.place.file.clone(),
        line: rule.place.line,
        key: format!("rule {:?} {key}", rule.name).trim_end().to_owned(),
        message,
    }
}

/// Most rules in all plans together. Each call is compared with them one by one, and each rule
/// with those before it when they are loaded.
const RULES_MAX: usize = 2_000;
