//! Cores think, shells move bytes; imports go down.

use crate::source::{Source, assert_none, sources};

#[test]
fn cores_depend_on_nothing_that_reaches_the_outside() {
    let mut complaints = Vec::new();
    for manifest in sources().iter().filter(|it| is_core_manifest(&it.path)) {
        let table: toml::Table = manifest.text.parse().expect("a manifest is TOML");
        let dependencies = table.get("dependencies").and_then(toml::Value::as_table);
        for name in dependencies.into_iter().flat_map(toml::Table::keys) {
            if !CORE_DEPENDENCIES.contains(&name.as_str()) {
                complaints.push(format!("{}: {name}", manifest.path));
            }
        }
    }
    assert_none(
        "a core may depend on sans-IO crates only; if this is one, add it to CORE_DEPENDENCIES:",
        &complaints,
    );
}

#[test]
fn cores_read_no_clock_and_touch_no_socket_file_thread_or_entropy() {
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|it| it.path.starts_with("crates/") && it.is_rust()) {
        for (n, line) in source.shipped_lines() {
            complaints.extend(
                OUTSIDE
                    .iter()
                    .filter(|it| line.contains(*it))
                    .map(|it| format!("{}:{n}: {it}", source.path)),
            );
        }
    }
    assert_none("a core gets time and chance as arguments, and moves no bytes:", &complaints);
}

#[test]
fn imports_between_the_rooms_of_the_shell_go_down() {
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|it| it.path.starts_with("src/") && it.is_rust()) {
        let Some((room, floor)) = room_of(source) else {
            complaints.push(format!("{}: on no floor; add it to FLOORS", source.path));
            continue;
        };
        for (n, line) in source.shipped_lines() {
            complaints.extend(
                rooms_named(line)
                    .into_iter()
                    .filter(|other| *other != room && floor_of(other).is_none_or(|it| it >= floor))
                    .map(|other| format!("{}:{n}: {room} imports {other}", source.path)),
            );
        }
    }
    assert_none("a room imports rooms of lower floors only (see ARCHITECTURE.md):", &complaints);
}

fn is_core_manifest(path: &str) -> bool {
    path.starts_with("crates/") && path.ends_with("/Cargo.toml")
}

/// Name and floor of the room that a file of `src/` belongs to.
fn room_of(source: &Source) -> Option<(&str, usize)> {
    let rest = source.path.strip_prefix("src/")?;
    let room = rest.split('/').next()?.trim_end_matches(".rs");
    Some((room, floor_of(room)?))
}

fn floor_of(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// The rooms in `crate::room::…` and `crate::{room::…, room}`, also by the library's name.
fn rooms_named(line: &str) -> Vec<&str> {
    ["crate::", "tandem::"]
        .iter()
        .flat_map(|prefix| line.split(prefix).skip(1))
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(list) => list.split(", ").map(first_name).collect(),
            None => vec![first_name(rest)],
        })
        .filter(|name| !name.is_empty() && name.starts_with(|c: char| c.is_ascii_lowercase()))
        .collect()
}

fn first_name(text: &str) -> &str {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default()
}

/// The floors of `src/`, lowest first. Rooms of one floor do not import each other.
const FLOORS: &[&[&str]] = &[
    &["causes", "clock", "config"],
    &["events", "telemetry", "mail", "sound_file"],
    &["fetcher", "mediaserver", "transport", "store"],
    &[
        "signalling",
        "dispatch",
        "registrar",
        "channels",
        "board",
        "recordings",
        "subscriptions",
        "texts",
        "voicemail",
    ],
    &["http"],
    &["boot", "cli"],
    &["lib", "main"],
];

/// Each is sans-IO, and so are its own dependencies with the features that we ask for.
const CORE_DEPENDENCIES: &[&str] = &[
    "base",
    "bytes",
    // Calendars and the clocks of places, without the clock of the machine.
    "chrono",
    "chrono-tz",
    "call",
    "crc",
    "earshot",
    "hmac",
    "md-5",
    "media",
    "memchr",
    "opus",
    "rand_chacha",
    // Scripts of dialplans, without clocks and modules.
    "rhai",
    "rsip",
    "rubato",
    "serde",
    "sha2",
    "sip",
    "smallvec",
    "subtle",
    "symphonia",
    "thiserror",
    "toml",
    "uuid",
];

const OUTSIDE: &[&str] = &[
    "Instant::now",
    "SystemTime",
    "UdpSocket",
    "TcpStream",
    "TcpListener",
    "std::fs",
    "File::open",
    "std::env",
    "std::process",
    "thread::spawn",
    "thread::sleep",
    "thread_rng",
    "getrandom",
    "Uuid::now_v7",
    "Uuid::new_v4",
    "RandomState",
];
