//! Small programs within plans, in rhai: each sees the variables of its call and gives one value.
//!
//! They reach nothing else: no file, no network, no clock, no other call. What they may take is
//! bounded, so that a mistake costs its own call and no other.

use super::template::{BUILT_IN, Variables};
use rhai::{AST, Dynamic, Engine, EvalAltResult, Scope};
use std::sync::LazyLock;

/// A script that was read and checked.
#[derive(Debug)]
pub(super) struct Script {
    program: AST,
    /// The variables that it may name.
    names: Vec<String>,
}

impl Script {
    /// Reads one that may name any variable of the plans. Gives what is wrong with it and where, in
    /// English.
    pub(super) fn read(source: &str, known: &Variables) -> Result<Self, String> {
        if source.trim().is_empty() || source.len() > SOURCE_BYTES_MAX {
            return Err(format!("expected 1 to {SOURCE_BYTES_MAX} bytes"));
        }
        let names: Vec<_> = BUILT_IN
            .into_iter()
            .chain(known.set.iter().map(String::as_str))
            .chain(known.captured.iter().map(String::as_str))
            .map(str::to_owned)
            .collect();
        let scope = scope(&names, |_| None);
        match ENGINE.compile_with_scope(&scope, source) {
            Ok(program) => Ok(Self { program, names }),
            Err(error) => Err(one_line(&error.to_string())),
        }
    }

    /// Runs it. `value` tells what a variable holds; one that holds nothing is empty text. Gives what
    /// went wrong, in English, if something did.
    pub(super) fn run<'v>(
        &self,
        value: impl Fn(&str) -> Option<&'v str>,
    ) -> Result<String, String> {
        let mut scope = scope(&self.names, value);
        let result = ENGINE.eval_ast_with_scope::<Dynamic>(&mut scope, &self.program);
        let value = result.map_err(|error| one_line(&error.to_string()))?;
        let is_text = value.is_string()
            || value.is_char()
            || value.is_int()
            || value.is_float()
            || value.is_bool()
            || value.is_unit();
        if !is_text {
            return Err(format!("it gives a value of type {}", value.type_name()));
        }
        Ok(value.to_string())
    }
}

/// All share one, which holds the limits and no state.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut engine = Engine::new();
    engine
        .set_strict_variables(true)
        .set_max_operations(OPERATIONS_MAX)
        .set_max_call_levels(CALL_LEVELS_MAX)
        .set_max_expr_depths(EXPRESSION_DEPTH_MAX, EXPRESSION_DEPTH_MAX)
        .set_max_variables(VARIABLES_MAX)
        .set_max_functions(FUNCTIONS_MAX)
        .set_max_string_size(TEXT_BYTES_MAX)
        .set_max_array_size(ELEMENTS_MAX)
        .set_max_map_size(ELEMENTS_MAX)
        .disable_symbol("eval")
        .register_fn("sleep", |_: rhai::INT| no_waiting())
        .register_fn("sleep", |_: rhai::FLOAT| no_waiting())
        .on_print(|_| {})
        .on_debug(|_, _, _| {});
    engine
});

/// A script runs where all calls are led, so it cannot wait.
fn no_waiting() -> Result<(), Box<EvalAltResult>> {
    Err("a script cannot wait".into())
}

fn scope<'v>(names: &[String], value: impl Fn(&str) -> Option<&'v str>) -> Scope<'static> {
    let mut scope = Scope::new();
    for name in names {
        scope.push(name.clone(), value(name).unwrap_or_default().to_owned());
    }
    scope
}

/// What goes into a reason phrase and a log.
fn one_line(message: &str) -> String {
    message.chars().map(|it| if it.is_control() { ' ' } else { it }).take(MESSAGE_MAX).collect()
}

/// Longest source.
const SOURCE_BYTES_MAX: usize = 10_000;
/// What a script may take, in operations of the language: some milliseconds.
const OPERATIONS_MAX: u64 = 20_000;
/// How deep its functions may call each other.
const CALL_LEVELS_MAX: usize = 16;
/// How deep its expressions may be nested.
const EXPRESSION_DEPTH_MAX: usize = 32;
/// Most variables at a time, those of the call among them.
const VARIABLES_MAX: usize = 500;
/// Most functions of its own.
const FUNCTIONS_MAX: usize = 50;
/// Longest text.
const TEXT_BYTES_MAX: usize = 4_096;
/// Most elements of an array or a map.
const ELEMENTS_MAX: usize = 1_000;
/// Longest message about a mistake, in characters.
const MESSAGE_MAX: usize = 150;

#[cfg(test)]
mod tests {
    use super::*;

    fn run(source: &str) -> Result<String, String> {
        let known = Variables { set: ["pin".to_owned()].into(), ..Variables::default() };
        Script::read(source, &known)?.run(|name| match name {
            "caller" => Some("1001"),
            "pin" => Some("42"),
            _ => None,
        })
    }

    #[test]
    fn a_script_sees_the_variables_and_gives_text() {
        for (source, text) in [
            ("caller", "1001"),
            ("outcome", ""),
            ("if caller.starts_with(\"10\") { \"office\" } else { \"other\" }", "office"),
            ("parse_int(pin) * 2", "84"),
            ("pin == \"42\"", "true"),
            ("let sum = 0; for c in caller.chars() { sum += parse_int(`${c}`); } sum", "2"),
            ("fn twice(it) { it + it } twice(pin)", "4242"),
            ("print(pin);", ""),
        ] {
            assert_eq!(run(source), Ok(text.to_owned()), "{source}");
        }
    }

    #[test]
    fn what_is_no_script_is_told_with_its_place() {
        for (source, said) in [
            ("let x = ;", "line 1"),
            ("\n  nobody", "line 2"),
            ("eval(\"1\")", "eval"),
            ("import \"secrets\" as it;", "import"),
            (" ", "1 to 10000 bytes"),
        ] {
            let mistake = run(source).unwrap_err();
            assert!(mistake.contains(said), "{source}: {mistake}");
        }
    }

    #[test]
    fn what_takes_too_much_is_cut() {
        for source in [
            "loop {}",
            "let x = \"a\"; loop { x += x; }",
            "let x = []; loop { x.push(1); }",
            "let x = #{}; let n = 0; loop { n += 1; x[`${n}`] = n; }",
            "fn f(n) { f(n + 1) } f(0)",
            "timestamp()",
            "sleep(1)",
            "sleep(1.0)",
            "\"a\" / 2",
            "throw \"not today\"",
            "[1, 2]",
        ] {
            let mistake = run(source).unwrap_err();
            assert!(!mistake.is_empty() && !mistake.contains('\n'), "{source}: {mistake}");
        }
    }
}
