//! Whom somebody means: a number, or the name of a line of the domain.

use super::{ApiState, Problem, Session, Text, commands::number};
use call::Extension;

/// The number that is meant by what somebody gives as `field`: that of the line of the domain which is
/// called so, whatever the case of its letters, else what is given. Numbers come before names: what has no
/// letter is one, whoever is called like it.
pub(super) async fn number_meant(
    api: &ApiState,
    session: &Session,
    field: &'static str,
    given: &str,
) -> Result<String, Problem> {
    let rows = api.store.extensions_of_domain(session.domain.id).await?;
    let lines: Vec<_> = rows.into_iter().map(|it| it.extension).collect();
    meant(&lines, field, given)
}

fn meant(lines: &[Extension], field: &'static str, given: &str) -> Result<String, Problem> {
    let (given, name) = (given.trim(), folded(given));
    let has_letters = given.contains(char::is_alphabetic);
    if lines.iter().any(|it| it.number == given) {
        return Ok(given.to_owned());
    }
    let is_it = |it: &&Extension| has_letters && folded(&it.display_name) == name;
    let found: Vec<_> = lines.iter().filter(is_it).map(|it| it.number.as_str()).collect();
    match found.as_slice() {
        [one] => Ok((*one).to_owned()),
        [] if has_words(given) => Err(nobody(field, given)),
        [] => number(field, given),
        many => Err(ambiguous(given, many)),
    }
}

/// So that names are compared without regard to case and to how wide blanks are. Upper case comes first,
/// since "ß" and "SS" are the same there and lower case alone keeps them apart.
fn folded(name: &str) -> String {
    let words: Vec<_> = name.split_whitespace().collect();
    words.join(" ").to_uppercase().to_lowercase()
}

/// Whether this can be a name only. One word of Latin letters may be what a rule of the dialplan is for.
fn has_words(given: &str) -> bool {
    let is_latin = |it: char| it.is_ascii() || !it.is_alphabetic();
    let has_blanks = given.contains(char::is_whitespace);
    !given.chars().all(is_latin) || (has_blanks && given.contains(char::is_alphabetic))
}

fn nobody(field: &'static str, given: &str) -> Problem {
    let told = Text::both(
        format!("Никого в домене не зовут «{given}»: назовите номер или имя из списка сотрудников"),
        format!(
            "Nobody in the domain is called “{given}”: give a number, or a name of the directory"
        ),
    );
    Problem::invalid_field(field, "unknown", told)
}

fn ambiguous(given: &str, numbers: &[&str]) -> Problem {
    let numbers = numbers.join(", ");
    Problem::impossible(Text::both(
        format!("«{given}» зовут несколько линий: {numbers}. Назовите номер"),
        format!("Several lines are called “{given}”: {numbers}. Give a number"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{http::StatusCode, response::IntoResponse as _};
    use base::{DomainId, ExtensionId, Rng, UnixMillis};
    use call::{MediaRules, directory::Ha1, features::Features, outbound::LineOutbound};

    #[test]
    fn a_name_is_the_number_of_its_line_whatever_its_case_and_numbers_come_first() {
        let lines = lines();
        let number = |given| meant(&lines, "to", given).unwrap();
        for (given, expected) in [
            ("Анна Иванова", "1001"),
            ("  анна   ИВАНОВА ", "1001"),
            ("GROSS", "1003"),
            ("1002", "1002"),
            ("echo", "echo"),
            ("+7 (495) 000-00-01", "+7 (495) 000-00-01"),
            ("112", "112"),
            ("*97", "*97"),
        ] {
            assert_eq!(number(given), expected, "{given}");
        }
    }

    #[test]
    fn a_name_of_several_lines_is_refused_with_their_numbers_and_an_unknown_one_with_advice() {
        let lines = lines();
        let refused = |given| meant(&lines, "to", given).unwrap_err();

        let many = refused("борис");
        let told = format!("{many:?}");
        assert_eq!(told.matches("1004, 1005").count(), 2, "in both languages: {told}");
        assert_eq!(many.into_response().status(), StatusCode::CONFLICT);
        for given in ["Никто", "Anna Ivanova", ""] {
            let status = refused(given).into_response().status();
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{given}");
        }
    }

    fn lines() -> Vec<Extension> {
        let named = [
            ("1001", "Анна Иванова"),
            // A name that is somebody else's number.
            ("1007", "1002"),
            // And one that is nobody's here, but is one.
            ("1008", "112"),
            ("1002", "Вера"),
            ("1003", "Groß"),
            ("1004", "Борис"),
            ("1005", "Борис"),
        ];
        let mut rng = Rng::from_number(1);
        let line = |(number, name): (&str, &str)| Extension {
            id: ExtensionId::new(UnixMillis(0), &mut rng),
            domain: DomainId::new(UnixMillis(0), &mut Rng::from_number(2)),
            number: number.to_owned(),
            display_name: name.to_owned(),
            ha1: Ha1::of_password(number, "a.example", "x"),
            calls_max: None,
            ring_timeout_s: 60,
            user: None,
            media: MediaRules::default(),
            features: Features::default(),
            outbound: LineOutbound::default(),
            may_sign_in: false,
        };
        named.map(line).into()
    }
}
