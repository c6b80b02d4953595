//! Trunks: links to carriers.

use crate::{
    administration::{Fake, house},
    house::{House, Visitor},
    places::Place,
};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, sync::atomic::Ordering};
use tandem::config::{Config, Overrides};

pub(crate) async fn trunks_are_made_changed_and_removed_and_calls_go_by_it(place: Place) {
    let (fake, _directory) = Fake::with_trunks("", "", &[]);
    let house = house(place, fake.clone()).await;
    let admin = admin(&house).await;
    let other = house.visitor(&house.other, "root", &["platform_admin"]).await;

    let made = admin.post("/admin/trunks", wanted("carrier", "192.0.2.1")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let trunk = made.json();
    let expected = json!({
        "id": trunk["id"], "source": "database", "name": "carrier",
        "destination": "sip.carrier.example:5060/udp", "sources": ["192.0.2.1"],
        "source_port": 5070, "inbound_user": null, "user": null, "realm": null, "register_expires_s": null, "register_fallbacks": [], "channels_max": null, "cps_max": null,
        "health_interval_s": null, "dtmf": "auto", "codecs": [], "called_out": [], "called_in": [], "caller_out": [], "caller_in": [],
        "caller_default": null, "asserts_callers": false, "rates": [], "is_enabled": true, "left_out": null,
        "version": 1,
    });
    assert_eq!(trunk, expected);
    let in_force = house.store.load_directory(&Config::default()).await.unwrap().directory;
    assert_eq!(in_force.trunks["carrier"].domain, house.domain.id);
    let path = format!("/admin/trunks/{}", trunk["id"].as_str().unwrap());
    assert_eq!(admin.get(&path).await.json(), trunk);
    assert_eq!(admin.get("/admin/trunks").await.json(), json!({ "items": [trunk] }));
    assert_eq!(other.get("/admin/trunks").await.json(), json!({ "items": [] }));
    for visitor in [&admin, &other] {
        let again = visitor.post("/admin/trunks", wanted("carrier", "192.0.2.2")).await;
        assert_eq!(again.refusal(), (409, "exists".to_owned()), "names are everybody's");
        assert_eq!(again.json()["errors"][0]["field"], "name");
    }

    let mut draft = wanted("carrier-2", "192.0.2.1");
    draft["is_enabled"] = json!(false);
    draft["dtmf"] = json!("info");
    draft["codecs"] = json!(["pcma", "OPUS"]);
    for list in ["called_out", "called_in", "caller_out", "caller_in"] {
        draft[list] = json!(["{rest:4} -> {rest}"]);
    }
    draft["caller_default"] = json!("+74950000000");
    draft["asserts_callers"] = json!(true);
    draft["rates"] = json!(["+7495 0.85"]);
    let changed = admin.act(Method::PUT, &path, Some(1), draft.clone()).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    let changed = changed.json();
    let told = (&changed["name"], &changed["is_enabled"], &changed["dtmf"], &changed["version"]);
    assert_eq!(told, (&json!("carrier-2"), &json!(false), &json!("info"), &json!(2)));
    assert_eq!(changed["codecs"], json!(["PCMA", "opus"]), "as the registry writes them");
    for list in ["called_out", "called_in", "caller_out", "caller_in"] {
        assert_eq!(changed[list], json!(["{rest:4} -> {rest}"]), "{list}");
    }
    let told = (&changed["caller_default"], &changed["asserts_callers"], &changed["rates"]);
    assert_eq!(told, (&json!("+74950000000"), &json!(true), &json!(["+7495 0.85"])));
    let mut wrong = draft.clone();
    wrong["caller_in"] = json!(["1 -> 2", "8{rest"]);
    wrong["caller_default"] = json!("sip:me");
    wrong["rates"] = json!(["+7495"]);
    let refused = admin.act(Method::PUT, &path, Some(2), wrong).await.json();
    let fields = [0, 1, 2].map(|it| refused["errors"][it]["field"].clone());
    assert_eq!(fields, ["caller_default", "caller_in[1]", "rates[0]"], "{refused}");
    let late = admin.act(Method::PUT, &path, Some(1), draft).await;
    assert_eq!(late.refusal(), (409, "version_conflict".to_owned()));
    assert_eq!(late.json()["current"], changed);
    let loaded = house.store.load_directory(&Config::default()).await.unwrap();
    assert!(loaded.directory.trunks.is_empty() && loaded.left_out.is_empty());
    assert!(loaded.trunk_names.contains("carrier-2"), "dialplans may still name it");
    let late = admin.act(Method::DELETE, &path, Some(1), Value::Null).await;
    assert_eq!(late.refusal(), (409, "version_conflict".to_owned()));
    let gone = admin.act(Method::DELETE, &path, Some(2), Value::Null).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{gone:?}");
    assert_eq!(admin.get(&path).await.refusal(), (404, "not_found".to_owned()));

    assert_eq!(fake.reloads.load(Ordering::SeqCst), 3);
    let audit = house.store.audit_page(house.domain.id, &<_>::default(), None, 50).await.unwrap();
    let told: BTreeSet<_> = (audit.iter().map(|it| &it.entry))
        .filter(|it| it.object == "trunk")
        .map(|it| (it.what.as_str(), it.before.is_some(), it.after.is_some()))
        .collect();
    let expected = [
        ("trunk.added", false, true),
        ("trunk.changed", true, true),
        ("trunk.removed", true, false),
    ];
    assert_eq!(told, expected.into());
}

pub(crate) async fn what_is_wrong_with_a_trunk_is_told_beside_its_field_as_the_file_would(
    place: Place,
) {
    let (fake, _directory) = Fake::with_trunks("", "", &[]);
    let house = house(place, fake).await;
    let mut admin = admin(&house).await;
    admin.language = "en";
    let nonsense = json!({
        "name": "two words", "destination": "sip.carrier.example", "sources": ["192.0.2.1", "x"],
        "source_port": 70000,
    });

    let reply = admin.post("/admin/trunks", nonsense).await;

    assert_eq!(reply.refusal(), (422, "invalid".to_owned()));
    let json = reply.json();
    let told: Vec<_> = errors(&json)
        .map(|it| (it["field"].as_str().unwrap(), it["message"].as_str().unwrap()))
        .collect();
    let file = "[[trunk]]\nname = \"two words\"\ndomain = \"a.example\"\n\
                destination = \"sip.carrier.example\"\nsources = [\"192.0.2.1\", \"x\"]\n\
                source_port = 70000\n";
    let problems = Config::parse(file, &Overrides::default()).unwrap_err();
    let of_file: Vec<_> = problems
        .iter()
        .map(|it| (it.key.strip_prefix("trunk[0].").unwrap(), it.problem.as_str()))
        .collect();
    assert!(told[0].1.starts_with("Write a name"), "a sentence: {told:?}");
    for ((field, message), (key, problem)) in told.iter().zip(of_file) {
        assert!(*field == key && message.eq_ignore_ascii_case(problem), "{message}, {problem}");
    }
    let fields: Vec<_> = told.iter().map(|it| it.0).collect();
    assert_eq!(fields, ["name", "destination", "sources[1]", "source_port"]);

    let other = house.visitor(&house.other, "root", &["platform_admin"]).await;
    let secret = wanted("their-secret", "192.0.2.9");
    assert_eq!(other.post("/admin/trunks", secret).await.status, StatusCode::CREATED);
    let own = wanted("own", "192.0.2.9");
    let own_made = admin.post("/admin/trunks", own.clone()).await.json();
    assert_eq!(own_made["errors"][0]["field"], "sources", "{own_made}");
    assert!(!own_made.to_string().contains("their-secret"), "{own_made}");
    let mut alone = own;
    alone["sources"] = json!(["192.0.2.1"]);
    assert_eq!(admin.post("/admin/trunks", alone.clone()).await.status, StatusCode::CREATED);
    alone["name"] = json!("rival");
    let rival = admin.post("/admin/trunks", alone.clone()).await.json();
    assert!(rival["errors"][0]["message"].as_str().unwrap().contains("\"own\""), "{rival}");
    alone["source_port"] = json!(5071);
    assert_eq!(admin.post("/admin/trunks", alone).await.status, StatusCode::CREATED);
}

pub(crate) async fn trunks_of_the_file_are_shown_and_changed_there(place: Place) {
    let (fake, _directory) = Fake::with_trunks("", FILE, &[]);
    let house = house(place, fake).await;
    let admin = admin(&house).await;

    let items = admin.get("/admin/trunks").await.json()["items"].clone();

    let expected = json!([{
        "id": "file:provider", "source": "file", "name": "provider",
        "destination": "[2001:db8::7]:5060/tcp", "sources": ["192.0.2.1"], "source_port": null,
        "inbound_user": null, "user": null, "realm": null, "register_expires_s": null, "register_fallbacks": [],
        "channels_max": null, "cps_max": null, "health_interval_s": null,
        "dtmf": "auto", "codecs": [], "called_out": [], "called_in": [], "caller_out": [],
        "caller_in": [], "caller_default": null, "asserts_callers": false, "rates": [], "is_enabled": true, "left_out": null, "version": null,
    }]);
    assert_eq!(items, expected, "and not that of the other domain");
    for method in [Method::PUT, Method::DELETE] {
        let body = wanted("provider", "192.0.2.1");
        let reply = admin.act(method, "/admin/trunks/file:provider", Some(1), body.clone()).await;
        assert_eq!(reply.refusal(), (409, "read_only".to_owned()));
        let theirs = admin.act(Method::PUT, "/admin/trunks/file:theirs", Some(1), body).await;
        assert_eq!(theirs.refusal(), (404, "not_found".to_owned()));
    }
    let taken = admin.post("/admin/trunks", wanted("provider", "192.0.2.5")).await;
    assert_eq!(taken.refusal(), (409, "exists".to_owned()));
    let shared = admin.post("/admin/trunks", wanted("another", "192.0.2.1")).await;
    assert_eq!(shared.json()["errors"][0]["code"], "shared");
}

pub(crate) async fn a_trunk_that_dialplans_name_keeps_its_name_and_stays(place: Place) {
    let (fake, directory) = Fake::with_trunks("", "", &["carrier"]);
    let house = house(place, fake).await;
    let admin = admin(&house).await;
    let write = |plan: &str| fs::write(directory.path().join("main.toml"), plan).unwrap();
    let made = admin.post("/admin/trunks", wanted("carrier", "192.0.2.1")).await.json();
    let path = format!("/admin/trunks/{}", made["id"].as_str().unwrap());

    for rule in [OUT, IN] {
        write(rule);
        let renamed = admin.act(Method::PUT, &path, Some(1), wanted("other", "192.0.2.1")).await;
        assert_eq!(renamed.refusal(), (409, "in_use".to_owned()));
        let removed = admin.act(Method::DELETE, &path, Some(1), Value::Null).await;
        assert_eq!(removed.refusal(), (409, "in_use".to_owned()));
        let detail = removed.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("\"one\"") && detail.contains("main.toml:2"), "{detail}");
    }
    let moved = admin.act(Method::PUT, &path, Some(1), wanted("carrier", "192.0.2.2")).await;
    assert_eq!(moved.status, StatusCode::OK, "{moved:?}");
    write("[[rule]]");
    let unclear = admin.act(Method::DELETE, &path, Some(2), Value::Null).await;
    assert_eq!(unclear.refusal(), (409, "in_use".to_owned()));
    write("");
    let removed = admin.act(Method::DELETE, &path, Some(2), Value::Null).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT, "{removed:?}");
}

pub(crate) async fn a_row_that_the_file_gets_in_the_way_of_says_so(place: Place) {
    let (fake, _directory) = Fake::with_trunks("", FILE, &[]);
    let house = house(place, fake).await;
    let admin = admin(&house).await;
    let row = |name: &str, source: &str| tandem::store::TrunkDraft {
        text: tandem::config::TrunkText {
            name: name.to_owned(),
            destination: "192.0.2.1:5060/udp".to_owned(),
            sources: vec![source.to_owned()],
            ..tandem::config::TrunkText::default()
        },
        is_enabled: true,
    };
    for (name, source) in [("provider", "192.0.2.5"), ("shares", "192.0.2.1"), ("x", "no address")]
    {
        house.store.add_trunk(house.domain.id, &row(name, source)).await.unwrap();
    }

    let items = admin.get("/admin/trunks").await.json()["items"].clone();

    let told: Vec<_> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["source"].as_str().unwrap(), it["left_out"].is_null()))
        .collect();
    assert_eq!(
        told,
        [("file", true), ("database", false), ("database", false), ("database", false)]
    );
    let file = Config::parse(FILE, &Overrides::default()).unwrap();
    let loaded = house.store.load_directory(&file).await.unwrap();
    assert_eq!(loaded.left_out.len(), 3, "{:?}", loaded.left_out);
    assert_eq!(loaded.directory.trunks.len(), 2, "those of the file");
}

pub(crate) async fn a_password_of_a_trunk_is_kept_and_never_told(place: Place) {
    let (fake, _directory) = Fake::with_trunks("", "", &[]);
    let house = house(place, fake).await;
    let admin = admin(&house).await;
    let login = async || {
        let directory = house.store.load_directory(&Config::default()).await.unwrap().directory;
        directory.trunks["carrier"].login.clone()
    };
    let mut draft = wanted("carrier", "192.0.2.1");
    draft["user"] = json!(" tandem ");
    let without = admin.post("/admin/trunks", draft.clone()).await;
    assert_eq!(without.json()["errors"][0]["field"], "password", "{without:?}");

    draft["password"] = json!("hunter7");
    (draft["realm"], draft["channels_max"], draft["cps_max"]) =
        (json!("carrier.example"), json!(30), json!(10));
    let made = admin.post("/admin/trunks", draft.clone()).await.json();
    assert_eq!((&made["user"], &made["channels_max"]), (&json!("tandem"), &json!(30)), "{made}");
    assert_eq!(login().await.map(|it| it.password), Some("hunter7".to_owned()));
    let path = format!("/admin/trunks/{}", made["id"].as_str().unwrap());
    draft["password"] = json!(null);
    for (key, elsewhere) in [
        ("destination", json!("sip2.carrier.example:5060/udp")),
        ("realm", json!("thief.example")),
        ("realm", json!(null)),
    ] {
        let mut moved = draft.clone();
        moved[key] = elsewhere;
        let refused = admin.act(Method::PUT, &path, Some(1), moved).await.json();
        assert_eq!(refused["errors"][0]["field"], "password", "{key}: {refused}");
    }
    let mut moved = draft.clone();
    moved["register_expires_s"] = json!(600);
    moved["register_fallbacks"] = json!(["thief.example:5060/udp"]);
    let refused = admin.act(Method::PUT, &path, Some(1), moved).await.json();
    assert_eq!(refused["errors"][0]["field"], "password", "{refused}");
    draft["channels_max"] = json!(31);
    let changed = admin.act(Method::PUT, &path, Some(1), draft.clone()).await.json();
    assert_eq!(login().await.map(|it| it.password), Some("hunter7".to_owned()), "it stays");
    let told = format!("{made}{changed}{}", admin.get("/admin/trunks").await.json());
    let audit = house.store.audit_page(house.domain.id, &<_>::default(), None, 50).await.unwrap();
    assert!(!told.contains("hunter7") && !format!("{audit:?}").contains("hunter7"));

    draft["user"] = json!("another");
    let other = admin.act(Method::PUT, &path, Some(2), draft.clone()).await;
    assert_eq!(other.json()["errors"][0]["field"], "password", "another user has another password");
    (draft["user"], draft["realm"], draft["cps_max"]) = (json!(null), json!(null), json!(0));
    let none = admin.act(Method::PUT, &path, Some(2), draft.clone()).await;
    assert_eq!(none.json()["errors"][0]["field"], "cps_max");
    draft["cps_max"] = json!(null);
    let open = admin.act(Method::PUT, &path, Some(2), draft).await;
    assert_eq!((open.status, login().await), (StatusCode::OK, None));
}

async fn admin(house: &House) -> Visitor {
    house.visitor(&house.domain, "root", &["platform_admin"]).await
}

fn wanted(name: &str, source: &str) -> Value {
    json!({
        "name": name, "destination": "sip.carrier.example:5060/udp",
        "sources": [source], "source_port": 5070, "is_enabled": true,
    })
}

fn errors(reply: &Value) -> std::slice::Iter<'_, Value> {
    reply["errors"].as_array().unwrap().iter()
}

const FILE: &str = r#"
[[trunk]]
name = "provider"
domain = "a.example"
destination = "[2001:db8::7]:5060/tcp"
sources = ["192.0.2.1"]
[[trunk]]
name = "theirs"
domain = "b.example"
destination = "192.0.2.7:5060/udp"
"#;

const OUT: &str = r#"domain = "a.example"
[[rule]]
name = "one"
match = { number = "9196" }
steps = [{ dial = { trunk = "carrier", number = "{number}" } }]
"#;

const IN: &str = r#"domain = "a.example"
[[rule]]
name = "one"
match = { number = "9196", from = "trunk:carrier" }
steps = [{ echo = {} }]
"#;

pub(crate) async fn a_trunk_signs_in_by_a_password_that_is_kept_and_by_a_name_of_its_own(
    place: Place,
) {
    let (fake, _directory) = Fake::with_trunks("", "", &[]);
    let house = house(place, fake).await;
    let admin = admin(&house).await;
    let mut draft = wanted("carrier", "192.0.2.1");
    draft["sources"] = json!([]);
    draft["source_port"] = json!(null);
    for (user, password, field) in [
        (json!("carrier"), json!(null), "inbound_password"),
        (json!(null), json!("s3cret"), "inbound_user"),
        (json!("two\nlines"), json!("s3cret"), "inbound_user"),
    ] {
        (draft["inbound_user"], draft["inbound_password"]) = (user, password);
        let refused = admin.post("/admin/trunks", draft.clone()).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{field}");
        assert_eq!(refused.json()["errors"][0]["field"], field, "{refused:?}");
    }

    (draft["inbound_user"], draft["inbound_password"]) = (json!("carrier"), json!("s3cret"));
    let made = admin.post("/admin/trunks", draft.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let made = made.json();
    assert_eq!(made["inbound_user"], "carrier");
    assert!(!made.to_string().contains("s3cret"), "nobody reads it again: {made}");
    let audit = admin.get("/admin/audit").await.json();
    assert!(!audit.to_string().contains("s3cret"), "{audit}");
    let login = async || {
        let loaded = house.store.load_directory(&Config::default()).await.unwrap();
        let key = (house.domain.id, "carrier".to_owned());
        loaded.directory.trunk_logins.get(&key).map(|it| it.ha1.md5.clone())
    };
    let ha1 = sip::digest::Ha1::of_password("carrier", &house.domain.name, "s3cret").md5;
    assert_eq!(login().await, Some(ha1.clone()));

    let path = format!("/admin/trunks/{}", made["id"].as_str().unwrap());
    draft["inbound_password"] = json!(null);
    let changed = admin.act(Method::PUT, &path, Some(1), draft.clone()).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    assert_eq!(login().await, Some(ha1), "it stays as long as the user does");
    let mut renamed = draft.clone();
    renamed["inbound_user"] = json!("other");
    let refused = admin.act(Method::PUT, &path, Some(2), renamed).await;
    assert_eq!(refused.json()["errors"][0]["field"], "inbound_password", "{refused:?}");

    // A name is one trunk's or one line's.
    let mut second = wanted("second", "192.0.2.2");
    (second["inbound_user"], second["inbound_password"]) = (json!("carrier"), json!("other"));
    let refused = admin.post("/admin/trunks", second.clone()).await;
    assert_eq!(refused.json()["errors"][0]["field"], "inbound_user", "{refused:?}");
    let line = json!({ "number": "carrier", "name": "x", "user_id": null });
    let refused = admin.post("/admin/lines", line).await;
    assert_eq!(refused.json()["errors"][0]["field"], "number", "{refused:?}");
    let line = json!({ "number": "1001", "name": "x", "user_id": null });
    assert_eq!(admin.post("/admin/lines", line).await.status, StatusCode::CREATED);
    second["inbound_user"] = json!("1001");
    let refused = admin.post("/admin/trunks", second).await;
    assert_eq!(refused.json()["errors"][0]["field"], "inbound_user", "{refused:?}");
}
