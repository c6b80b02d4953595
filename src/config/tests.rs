use super::{described::EXAMPLE, *};
use serde::{
    Deserialize,
    de::{Deserializer, Error as _, Visitor, value::Error},
    forward_to_deserialize_any,
};
use std::{net::SocketAddr, time::Duration};

#[test]
fn the_example_is_the_defaults() {
    assert_eq!(Config::parse(EXAMPLE, &Overrides::default()), Ok(Config::default()));
}

#[test]
fn every_key_is_in_the_example() {
    let sections = [
        ("[server]", keys::<server::Raw>()),
        ("[sip]", keys::<sip::Raw>()),
        ("[registrar]", keys::<registrar::Raw>()),
        ("[calls]", keys::<calls::Raw>()),
        ("[signalling]", keys::<signalling::Raw>()),
        ("[media]", keys::<media::Raw>()),
        ("[http]", keys::<http::Raw>()),
        ("[mail]", keys::<mail::Raw>()),
        ("[store]", keys::<store::Raw>()),
        ("[cdr]", keys::<cdr::Raw>()),
        ("[trace]", keys::<trace::Raw>()),
        ("[log]", keys::<log::Raw>()),
        ("#[[trunk]]", keys::<trunks::Raw>()),
    ];
    for (section, keys) in sections {
        assert!(!keys.is_empty(), "{section} has no keys");
        for key in keys {
            assert!(is_documented(section, key), "{key} of {section} is not in the example");
        }
    }
}

#[test]
fn a_commented_key_of_the_example_is_right_as_well() {
    let uncommented: String = EXAMPLE
        .lines()
        .filter(|line| !line.starts_with("# ") && *line != "#" && !line.starts_with("#url"))
        .map(|line| line.trim_start_matches('#').to_owned() + "\n")
        .collect();

    let config = Config::parse(&uncommented, &Overrides::default()).unwrap();

    assert_eq!(config.trunks[0].name, "provider");
    assert_eq!(config.sip.advertised_ipv4, Some([192, 0, 2, 1].into()));
}

#[test]
fn the_demo_file_adds_the_demo_trunk_and_nothing_else() {
    let demo = include_str!("../../docs/config.demo.toml");

    let config = Config::parse(demo, &Overrides::default()).unwrap();

    assert_eq!(config.trunks.len(), 1);
    assert_eq!(Config { trunks: Vec::new(), ..config }, Config::default());
}

#[test]
fn all_problems_are_reported_at_once_with_their_keys() {
    let text = r#"
        unknown = 1
        [sip]
        listen = ["127.0.0.1:5060/udp", "foo"]
        nonce_lifetime_s = "long"
        colour = "red"
        message_timeout_s = 0
        [media]
        ports = "30000-20000"
        listen = ["0.0.0.0"]
        [store]
        url = "mysql://x"
        [[trunk]]
        name = "a"
        domain = "d"
        destination = "example.com"
    "#;

    let problems = Config::parse(text, &Overrides::default()).unwrap_err();

    let keys: Vec<_> = problems.iter().map(|it| it.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "sip.colour",
            "sip.nonce_lifetime_s",
            "unknown",
            "sip.listen[1]",
            "sip.message_timeout_s",
            "media.advertised_ipv4",
            "media.ports",
            "store.url",
            "trunk[0].destination",
        ]
    );
    let listener = &problems[3];
    assert_eq!(
        listener.to_string(),
        "sip.listen[1]: \"foo\" is not ADDRESS:PORT/udp or ADDRESS:PORT/tcp: write it as \
         \"192.0.2.1:5060/udp\" or \"[2001:db8::1]:5060/tcp\""
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let problems =
        Config::load(Some(Path::new("/nowhere/tandem.toml")), &Overrides::default()).unwrap_err();

    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].key, "/nowhere/tandem.toml");
}

#[test]
fn broken_toml_is_reported_with_its_place() {
    let problems = Config::parse("[sip\nlisten = 1", &Overrides::default()).unwrap_err();

    assert!(problems[0].problem.contains("line 1"), "{}", problems[0]);
}

#[test]
fn flags_win_over_the_file() {
    let file = "[sip]\nlisten = [\"127.0.0.1:5060/udp\"]\n[server]\ndata_dir = \"elsewhere\"\n";
    let overrides = Overrides {
        listen: vec!["127.0.0.2".parse().unwrap(), "::1".parse().unwrap()],
        sip_port: Some(6060),
        http_port: Some(8888),
        rtp_ports: Some("40000-40099".parse().unwrap()),
        data_dir: Some("here".into()),
        log_level: Some("debug".to_owned()),
        log_format: Some(LogFormat::Json),
        ..Overrides::default()
    };

    let config = Config::parse(file, &overrides).unwrap();

    let listeners: Vec<_> = config.sip.listen.iter().map(ToString::to_string).collect();
    assert_eq!(
        listeners,
        ["127.0.0.2:6060/udp", "127.0.0.2:6060/tcp", "[::1]:6060/udp", "[::1]:6060/tcp"]
    );
    let http: Vec<SocketAddr> =
        vec!["127.0.0.2:8888".parse().unwrap(), "[::1]:8888".parse().unwrap()];
    assert_eq!(config.http.listen, http);
    assert_eq!(config.media.ports.pairs(), 50);
    assert_eq!(config.store.url.expose(), "sqlite:here/tandem.db");
    assert_eq!((config.log.level.as_str(), config.log.format), ("debug", LogFormat::Json));
}

#[test]
fn the_port_flag_leaves_the_files_addresses() {
    let overrides = Overrides { sip_port: Some(6060), ..Overrides::default() };

    let config = Config::parse("[sip]\nlisten = [\"[::1]:5060/tcp\"]", &overrides).unwrap();

    assert_eq!(config.sip.listen[0].to_string(), "[::1]:6060/tcp");
}

#[test]
fn a_secret_comes_from_a_file_and_is_never_shown() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("url");
    std::fs::write(&file, "postgres://tandem:hunter2@db/tandem\n").unwrap();
    let text = format!("[store]\nurl = {{ file = {:?} }}", file.display().to_string());

    let config = Config::parse(&text, &Overrides::default()).unwrap();

    assert_eq!(config.store.url.expose(), "postgres://tandem:hunter2@db/tandem");
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn a_secret_may_be_written_as_a_value() {
    let parse = |text: &str| Config::parse(text, &Overrides::default());

    let config = parse("[store]\nurl = { value = \"sqlite:x.db\" }").unwrap();
    let problems = parse("[store]\nurl = { vault = \"hunter2\" }").unwrap_err();

    assert_eq!(config.store.url.expose(), "sqlite:x.db");
    assert!(problems[0].problem.contains("{ file = \"PATH\" }"), "{}", problems[0]);
    assert!(!format!("{problems:?}").contains("hunter2"));
}

#[test]
fn a_wrong_url_is_not_repeated_in_the_error() {
    let problems =
        Config::parse("[store]\nurl = \"mysql://u:hunter2@db/x\"", &Overrides::default())
            .unwrap_err();

    assert!(!format!("{problems:?}").contains("hunter2"));
}

#[test]
fn two_trunks_cannot_share_a_source() {
    let trunk = |name: &str, port: &str| {
        format!(
            "[[trunk]]\nname = \"{name}\"\ndomain = \"d\"\ndestination = \"192.0.2.1:5060/udp\"\n\
             sources = [\"192.0.2.1\"]\n{port}\n"
        )
    };
    let both = |a: &str, b: &str| [trunk("a", a), trunk("b", b)].concat();
    let parse = |text: &str| Config::parse(text, &Overrides::default());

    assert_eq!(parse(&both("", "source_port = 5060")).unwrap_err()[0].key, "trunk[1].sources");
    assert!(parse(&both("source_port = 5060", "source_port = 5070")).is_ok());
}

#[test]
fn two_trunks_of_a_domain_cannot_sign_in_as_the_same_user() {
    let trunk = |name: &str, domain: &str| {
        format!(
            "[[trunk]]\nname = \"{name}\"\ndomain = \"{domain}\"\n\
             destination = \"192.0.2.1:5060/udp\"\ninbound_user = \"u\"\n\
             inbound_password = \"p\"\n"
        )
    };
    let parse = |of_second: &str| {
        let text = [trunk("a", "d"), trunk("b", of_second)].concat();
        Config::parse(&text, &Overrides::default())
    };

    assert_eq!(parse("d").unwrap_err()[0].key, "trunk[1].inbound_user");
    assert!(parse("other").is_ok(), "each domain has its own realm");
}

#[test]
fn what_a_trunk_proves_itself_with_is_whole_or_not_there() {
    let trunk = |more: &str| {
        let text =
            "[[trunk]]\nname = \"a\"\ndomain = \"d\"\ndestination = \"192.0.2.1:5060/udp\"\n";
        Config::parse(&format!("{text}{more}\n"), &Overrides::default())
    };
    let wrong = |more: &str| -> Vec<String> {
        trunk(more).unwrap_err().into_iter().map(|it| it.key).collect()
    };

    let config = trunk("user = \"u\"\npassword = { value = \"hunter2\" }\nregister_expires_s = 60");
    let config = config.unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    let login = config.trunks[0].login.as_ref().map(|it| (it.password.as_str(), &it.realm));
    assert_eq!(login, Some(("hunter2", &None)));
    let config = trunk("inbound_user = \"u\"\ninbound_password = { value = \"hunter2\" }").unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    assert!(config.trunks[0].inbound_login.is_some());
    assert_eq!(wrong("inbound_user = \"u\""), ["trunk[0].inbound_password"]);
    assert_eq!(wrong("inbound_password = \"p\""), ["trunk[0].inbound_user"]);
    assert_eq!(wrong("user = \"u\""), ["trunk[0].password"]);
    assert_eq!(wrong("password = \"p\""), ["trunk[0].user"]);
    assert_eq!(wrong("realm = \"r\""), ["trunk[0].user"]);
    assert_eq!(wrong("user = \"u\"\npassword = { file = \"/nowhere\" }"), ["trunk[0].password"]);
    assert_eq!(wrong("register_expires_s = 60"), ["trunk[0].user"]);
    assert_eq!(
        wrong("register_fallbacks = [\"192.0.2.2:5060/udp\"]"),
        ["trunk[0].register_expires_s"]
    );
    assert_eq!(
        wrong("channels_max = 0\ncps_max = -1\nhealth_interval_s = 4"),
        ["trunk[0].channels_max", "trunk[0].cps_max", "trunk[0].health_interval_s"]
    );
}

#[test]
fn defaults_listen_on_this_machine_only() {
    let config = Config::default();

    assert!(config.sip.listen.iter().all(|it| it.address.ip().is_loopback()));
    assert!(config.http.listen.iter().all(|it| it.ip().is_loopback()));
    assert!(config.media.listen.iter().all(std::net::IpAddr::is_loopback));
    assert_eq!(config.media.ports.pairs(), 5000);
    assert_eq!(config.store.url.expose(), "sqlite:var/tandem.db");
    assert_eq!(config.calls.duration_max, Duration::from_hours(4));
}

fn is_documented(section: &str, key: &str) -> bool {
    EXAMPLE
        .lines()
        .skip_while(|line| *line != section)
        .skip(1)
        .take_while(|line| !line.trim_start_matches('#').starts_with('['))
        .any(|line| {
            line.trim_start_matches('#').split_once(" = ").is_some_and(|(name, _)| name == key)
        })
}

/// The keys of a raw section, as serde knows them.
fn keys<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    let mut keys: &'static [&'static str] = &[];
    let _ = T::deserialize(KeyCatcher(&mut keys));
    keys
}

/// A deserializer that only notes which fields a structure asks for.
struct KeyCatcher<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for KeyCatcher<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("not a structure"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(Error::custom("keys noted"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
