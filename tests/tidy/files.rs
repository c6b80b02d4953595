//! What a file may not have in it.

use crate::source::{Source, assert_none, sources};

#[test]
fn no_file_is_longer_than_800_lines() {
    let complaints: Vec<_> = sources()
        .iter()
        .filter(|it| is_code(&it.path))
        .filter_map(|it| Some((it, it.text.lines().count())).filter(|(_, n)| *n > LINES_MAX))
        .map(|(it, n)| format!("{}: {n} lines", it.path))
        .collect();
    assert_none("split these files by topic:", &complaints);
}

#[test]
fn nothing_is_left_to_be_written() {
    let words = ["to".to_owned() + "do!(", "unimple".to_owned() + "mented!("];
    assert_none("write these, or refuse honestly:", &lines_with(&words, Source::shipped_lines));
}

#[test]
fn no_test_sleeps() {
    let words = ["thread::".to_owned() + "sleep", "time::".to_owned() + "sleep("];
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|it| it.is_rust() && !may_sleep(it)) {
        complaints.extend(
            (source.test_lines().into_iter())
                .filter(|(_, line)| words.iter().any(|word| line.contains(word.as_str())))
                .map(|(n, line)| format!("{}:{n}: {}", source.path, line.trim())),
        );
    }
    assert_none("wait for an event with a deadline instead:", &complaints);
}

#[test]
fn comments_tell_what_is_and_not_what_was() {
    let words = ["previously", "used to be", "not anymore", "formerly"];
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|it| it.is_rust() && !it.path.starts_with("tests/tidy")) {
        for (n, line) in source.text.lines().enumerate() {
            let Some(at) = line.find("//") else { continue };
            let comment = &line[at..];
            if words.iter().any(|word| comment.contains(word)) {
                complaints.push(format!("{}:{}: {}", source.path, n + 1, comment.trim()));
            }
        }
    }
    assert_none("say what is; git remembers what was:", &complaints);
}

#[test]
fn no_file_names_a_path_of_somebodys_machine() {
    let words = ["/ro", "/wo", "/tmp/", "/home/"]
        .iter()
        .zip(["ot/", "rk/", "w/", "user"])
        .map(|(start, end)| format!("{start}{end}"))
        .collect::<Vec<_>>();
    let mut complaints = Vec::new();
    for source in sources() {
        for (n, line) in source.text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                complaints.push(format!("{}:{}: {}", source.path, n + 1, line.trim()));
            }
        }
    }
    assert_none("these mean nothing on another machine:", &complaints);
}

/// `path:line: text` of each Rust line that has one of the words, of the lines that `pick` leaves.
fn lines_with(
    words: &[String],
    pick: for<'a> fn(&'a Source) -> Vec<(usize, &'a str)>,
) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|it| it.is_rust()) {
        for (n, line) in pick(source) {
            if words.iter().any(|word| line.contains(word.as_str())) {
                complaints.push(format!("{}:{n}: {}", source.path, line.trim()));
            }
        }
    }
    complaints
}

/// Where tokio's clock is paused, a sleep takes no time; the house rules only speak of sleeping.
fn may_sleep(source: &Source) -> bool {
    source.path == THE_ONE_THAT_SLEEPS
        || source.path.starts_with("tests/tidy/")
        || source.text.contains("start_paused = true")
}

/// What people write; the panel's types are generated from the OpenAPI document.
fn is_code(path: &str) -> bool {
    [".rs", ".sh", ".py", ".ts", ".tsx", ".css"].iter().any(|it| path.ends_with(it))
        && !path.ends_with(".gen.ts")
}

const LINES_MAX: usize = 800;
/// Between two looks at a condition.
const THE_ONE_THAT_SLEEPS: &str = "tests/process/harness/wait.rs";
