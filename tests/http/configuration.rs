//! The configuration in force, as administrators read it.

use crate::{
    administration::{Fake, house},
    places::Place,
};
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};
use tandem::config::{MASK, Overrides, Written};

pub(crate) async fn the_configuration_in_force_is_shown_without_its_secrets(place: Place) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("office.toml");
    fs::write(&file, FULL).unwrap();
    let overrides = Overrides {
        sip_port: Some(6060),
        log_level: Some("warn".to_owned()),
        from_environment: ["log_level".to_owned()].into(),
        ..Overrides::default()
    };
    let written = Written::load(Some(&file), &overrides).unwrap();
    let (fake, _directory) = Fake::with_config("", written, &[]);
    let house = house(place, fake).await;
    let admin = house.visitor(&house.domain, "root", &["platform_admin"]).await;

    let reply = admin.get("/admin/config").await;

    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    for hidden in ["hunter", "mail.example.org", "@db/x", directory.path().to_str().unwrap()] {
        assert!(FULL.contains(hidden) || file.to_str().unwrap().contains(hidden));
        assert!(!text.contains(hidden), "{hidden} is shown: {text}");
    }
    let shown = reply.json();
    assert_eq!(shown["file"], "office.toml");
    let items = shown["items"].as_array().unwrap();
    let file: toml::Table = FULL.parse().unwrap();
    let in_file = file.iter().flat_map(|(section, keys)| {
        let number = if keys.is_array() { "[0]" } else { "" };
        let keys = keys.get(0).unwrap_or(keys).as_table().unwrap();
        keys.keys().map(move |key| format!("{section}{number}.{key}"))
    });
    let keys = items.iter().map(|it| it["key"].as_str().unwrap().to_owned());
    assert_eq!(keys.collect::<BTreeSet<_>>(), in_file.collect());
    let find = |key: &str| items.iter().find(|it| it["key"] == key).unwrap().clone();
    let mut level = find("log.level");
    for language in ["ru", "en"] {
        let means = level["description"][language].as_str().unwrap();
        assert!(means.contains("--log-level"), "{level}");
    }
    level.as_object_mut().unwrap().remove("description");
    let expected = json!({
        "key": "log.level", "value": "warn", "is_secret": false, "source": "environment",
        "needs_restart": false,
    });
    assert_eq!(level, expected);
    let told = |key: &str| {
        let it = find(key);
        ["value", "is_secret", "source", "needs_restart"].map(|name| it[name].clone())
    };
    let masked = [json!(MASK), json!(true), json!("file"), json!(true)];
    assert_eq!((told("store.url"), told("mail.url")), (masked.clone(), masked));
    let listen = json!(r#"["0.0.0.0:6060/udp", "[::]:6060/tcp"]"#);
    assert_eq!(told("sip.listen"), [listen, json!(false), json!("command_line"), json!(true)]);
    assert_eq!(told("trunk[0].name")[3], json!(false), "SIGHUP takes trunks over");
    let supervisor = house.visitor(&house.domain, "vera", &["callcenter_supervisor"]).await;
    assert_eq!(supervisor.get("/admin/config").await.refusal().0, 403);
    let me = admin.get("/me").await.json();
    assert!(me["rights"].as_array().unwrap().contains(&Value::from("config.view")), "{me}");
}

const FULL: &str = include_str!("../../src/config/full.toml");
