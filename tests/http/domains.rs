//! Domains: the tenants of the installation.

use crate::{
    administration::{Fake, house},
    house::{House, Visitor},
    places::Place,
};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use tandem::{
    config::{Config, Secret, TrunkText},
    store::{NewExtension, TrunkDraft, domains::DomainDraft},
};

pub(crate) async fn domains_are_made_changed_and_removed_and_calls_go_by_it(place: Place) {
    let (fake, _directory) = Fake::with_trunks("", "", &[]);
    let house = house(place, fake.clone()).await;
    let admin = admin(&house).await;

    let wanted = json!({ "name": " Office.Example ", "aliases": ["192.0.2.1", "0:0::1"] });
    let made = admin.post("/admin/domains", wanted).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let domain = made.json();
    let expected = json!({
        "id": domain["id"], "name": "office.example", "aliases": ["192.0.2.1", "::1"], "hold_music": null,
        "users": 0, "lines": 0, "trunks": 0, "created_at": domain["created_at"],
        "is_own": false, "version": 1,
    });
    assert_eq!(domain, expected);
    let path = format!("/admin/domains/{}", domain["id"].as_str().unwrap());
    assert_eq!(admin.get(&path).await.json(), domain);
    let items = admin.get("/admin/domains").await.json()["items"].clone();
    let told: Vec<_> =
        items.as_array().unwrap().iter().map(|it| (&it["name"], &it["is_own"])).collect();
    let expected = [("a.example", true), ("b.example", false), ("office.example", false)];
    assert_eq!(
        told,
        expected
            .map(|(name, is_own)| (json!(name), json!(is_own)))
            .each_ref()
            .map(|it| (&it.0, &it.1))
    );
    let in_force = house.store.load_directory(&Config::default()).await.unwrap().directory;
    for host in ["office.example", "192.0.2.1", "[::1]"] {
        assert_eq!(in_force.domain_of_host(host).unwrap().name, "office.example");
    }
    let row = house.store.require_domain("office.example").await.unwrap();
    let roles = house.store.list_roles(row.id).await.unwrap();
    assert!(roles.iter().any(|it| it.code == "platform_admin"), "it has its roles");

    let draft = json!({
        "aliases": ["branch.example", "BRANCH.example", "office.example"], "hold_music": "jazz",
    });
    let changed = admin.act(Method::PUT, &path, Some(1), draft.clone()).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    let changed = changed.json();
    let told = (&changed["aliases"], &changed["version"], &changed["hold_music"]);
    let expected = (&json!(["branch.example"]), &json!(2), &json!("jazz"));
    assert_eq!(told, expected, "each once, without the name");
    let in_force = house.store.load_directory(&Config::default()).await.unwrap().directory;
    assert!(in_force.domain_of_host("branch.example").is_some());
    assert!(in_force.domain_of_host("192.0.2.1").is_none());
    for (method, body) in [(Method::PUT, draft), (Method::DELETE, Value::Null)] {
        let late = admin.act(method, &path, Some(1), body).await;
        assert_eq!(late.refusal(), (409, "version_conflict".to_owned()));
        assert_eq!(late.json()["current"], changed);
    }

    let gone = admin.act(Method::DELETE, &path, Some(2), Value::Null).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{gone:?}");
    assert_eq!(admin.get(&path).await.refusal(), (404, "not_found".to_owned()));
    let in_force = house.store.load_directory(&Config::default()).await.unwrap().directory;
    assert!(in_force.domain_of_host("branch.example").is_none());

    assert_eq!(fake.reloads.load(Ordering::SeqCst), 3);
    let expected = [
        ("domain.removed", Some(changed.clone()), None),
        ("domain.changed", Some(domain.clone()), Some(changed)),
        ("domain.added", None, Some(domain)),
    ];
    assert_eq!(
        audited(&house).await,
        expected.map(|(what, before, after)| (what.to_owned(), before, after))
    );
}

pub(crate) async fn what_is_wrong_with_a_domain_is_told_beside_its_field(place: Place) {
    let house = House::open(place).await;
    let mut admin = admin(&house).await;
    admin.language = "en";

    for name in
        ["", "two words", "[::1]", "office.example:5060", "office..example", "почта.рф", "x,y"]
    {
        let wanted = json!({ "name": name, "aliases": ["good.example", name] });
        let reply = admin.post("/admin/domains", wanted).await;
        assert_eq!(reply.refusal(), (422, "invalid".to_owned()), "{name:?}");
        let errors = reply.json()["errors"].clone();
        let told: Vec<_> =
            errors.as_array().unwrap().iter().map(|it| (&it["field"], &it["code"])).collect();
        let malformed = json!("malformed");
        assert_eq!(told, [(&json!("name"), &malformed), (&json!("aliases[1]"), &malformed)]);
        assert!(errors[0]["message"].as_str().unwrap().contains("without brackets"), "{errors}");
    }
    let long = "x".repeat(256);
    let reply = admin.post("/admin/domains", json!({ "name": long })).await;
    assert_eq!(reply.refusal(), (422, "invalid".to_owned()));
    let many: Vec<_> = (0..64).map(|n| format!("n{n}.example")).collect();
    let reply = admin.post("/admin/domains", json!({ "name": "x.example", "aliases": many })).await;
    assert_eq!(reply.json()["errors"][0]["code"], "too_many", "{reply:?}");
    let unknown = admin.post("/admin/domains", json!({ "name": "x.example", "realm": "y" })).await;
    assert_eq!(unknown.refusal().0, 422);
    assert_eq!(house.store.list_domains().await.unwrap().len(), 2, "nothing was made");
}

pub(crate) async fn a_name_means_one_domain_and_stays_with_it(place: Place) {
    let house = House::open(place).await;
    let admin = admin(&house).await;
    let wanted = json!({ "name": "office.example", "aliases": ["::1"] });
    let made = admin.post("/admin/domains", wanted).await.json();
    let path = format!("/admin/domains/{}", made["id"].as_str().unwrap());

    for (name, aliases, field) in [
        ("A.example", json!([]), "name"),
        ("::1", json!([]), "name"),
        ("new.example", json!(["x.example", "Office.example"]), "aliases[1]"),
        ("new.example", json!(["0::1"]), "aliases[0]"),
    ] {
        let reply = admin.post("/admin/domains", json!({ "name": name, "aliases": aliases })).await;
        assert_eq!(reply.refusal(), (409, "exists".to_owned()), "{name} {aliases}");
        assert_eq!(reply.json()["errors"][0]["field"], field);
    }
    let stolen = json!({ "aliases": ["b.example"] });
    let reply = admin.act(Method::PUT, &path, Some(1), stolen).await;
    assert_eq!(reply.refusal(), (409, "exists".to_owned()));
    assert_eq!(admin.get(&path).await.json(), made, "nothing is changed");
    let renamed = json!({ "name": "other.example", "aliases": [] });
    let reply = admin.act(Method::PUT, &path, Some(1), renamed).await;
    assert_eq!(reply.refusal().0, 422, "passwords of lines are made with the name");

    let row = house.store.require_domain("office.example").await.unwrap();
    let taken = vec!["mine.example".to_owned(), "b.example".to_owned()];
    let draft = DomainDraft { aliases: taken, hold_music: None };
    house.store.change_domain(&row, 1, &draft).await.unwrap_err();
    assert_eq!(house.store.domain(row.id).await.unwrap().unwrap(), row, "all or nothing");
    house.store.add_domain_with("half.example", &draft).await.unwrap_err();
    assert!(house.store.domain_by_name("half.example").await.unwrap().is_none());
}

pub(crate) async fn a_domain_is_removed_when_nothing_is_left_in_it_and_never_ones_own(
    place: Place,
) {
    let (fake, _directory) = Fake::with_trunks("", FILE, &[]);
    let house = house(place, fake).await;
    let mut admin = admin(&house).await;
    admin.language = "en";
    let path = |id: base::DomainId| format!("/admin/domains/{}", id.0);
    let (own, other) = (path(house.domain.id), path(house.other.id));
    let refused = async |path: &str, words: &str| {
        let reply = admin.act(Method::DELETE, path, Some(1), Value::Null).await;
        assert_eq!(reply.refusal(), (409, "in_use".to_owned()));
        assert_eq!(reply.json()["detail"], words);
    };
    refused(&own, "It is your own domain").await;
    refused(&other, "The domain still has trunks: 1").await;

    let filled = admin.post("/admin/domains", json!({ "name": "filled.example" })).await.json();
    let filled = house.store.require_domain(filled["name"].as_str().unwrap()).await.unwrap();
    let user = house.add(&filled, "vera", &[]).await;
    refused(&path(filled.id), "The domain still has users: 1").await;
    house.store.add_extension(&filled, line()).await.unwrap();
    let trunk = house.store.add_trunk(filled.id, &trunk()).await.unwrap();
    refused(&path(filled.id), "The domain still has users: 1, lines: 1, trunks: 1").await;
    let shown = admin.get(&path(filled.id)).await.json();
    let told = (&shown["users"], &shown["lines"], &shown["trunks"]);
    assert_eq!(told, (&json!(1), &json!(1), &json!(1)));
    let removed = house.store.remove_domain(filled.id, 1).await;
    removed.expect_err("what comes in at the last moment keeps it, too");

    house.store.remove_extension(filled.id, "7001").await.unwrap();
    house.store.remove_trunk(filled.id, trunk, 1).await.unwrap();
    house.store.remove_user(filled.id, user, 1).await.unwrap();
    let gone = admin.act(Method::DELETE, &path(filled.id), Some(1), Value::Null).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{gone:?}");
    assert!(house.store.domain(filled.id).await.unwrap().is_none());
}

pub(crate) async fn an_alias_that_the_configuration_file_names_stays(place: Place) {
    let (fake, _directory) = Fake::with_trunks("", FILE_BY_ALIAS, &[]);
    let house = house(place, fake).await;
    let mut admin = admin(&house).await;
    admin.language = "en";
    let path = format!("/admin/domains/{}", house.other.id.0);
    let with = |aliases: Value| json!({ "aliases": aliases });
    let put =
        async |version, aliases| admin.act(Method::PUT, &path, Some(version), with(aliases)).await;
    assert_eq!(put(1, json!(["old.example"])).await.status, StatusCode::OK);

    let refused = put(2, json!(["new.example"])).await;
    assert_eq!(refused.refusal(), (409, "in_use".to_owned()));
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("\"theirs\"") && detail.contains("old.example"), "{detail}");
    let kept = put(2, json!(["new.example", "OLD.example"])).await;
    assert_eq!(kept.status, StatusCode::OK, "{kept:?}");
}

pub(crate) async fn a_domain_that_is_asked_for_twice_is_made_once(place: Place) {
    let house = House::open(place).await;
    let admin = admin(&house).await;
    let ask = async || {
        let request = admin.request(Method::POST, "/admin/domains");
        let request = request.header("idempotency-key", "once");
        admin.send_json(request, &json!({ "name": "office.example" })).await
    };

    let (first, again) = (ask().await, ask().await);

    assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
    assert_eq!((again.status, again.json()), (first.status, first.json()));
    assert_eq!(audited(&house).await.len(), 1);
}

async fn admin(house: &House) -> Visitor {
    house.visitor(&house.domain, "root", &["platform_admin"]).await
}

/// What was done to domains, the latest first: what, before, after.
async fn audited(house: &House) -> Vec<(String, Option<Value>, Option<Value>)> {
    let page = house.store.audit_page(house.domain.id, &<_>::default(), None, 50).await.unwrap();
    let parsed = |text: Option<String>| text.map(|it| serde_json::from_str(&it).unwrap());
    let entries = page.into_iter().map(|it| it.entry).filter(|it| it.object == "domain");
    entries.map(|it| (it.what, parsed(it.before), parsed(it.after))).collect()
}

fn line() -> NewExtension {
    NewExtension {
        number: "7001".to_owned(),
        display_name: String::new(),
        password: Secret::new("sip"),
        calls_max: None,
        ring_timeout_s: 60,
        user: None,
        media: call::MediaRules::default(),
        outbound: call::outbound::LineOutbound::default(),
        may_sign_in: false,
    }
}

fn trunk() -> TrunkDraft {
    let text = TrunkText {
        name: "left".to_owned(),
        destination: "192.0.2.1:5060/udp".to_owned(),
        ..TrunkText::default()
    };
    TrunkDraft { text, is_enabled: false }
}

const FILE: &str = r#"
[[trunk]]
name = "theirs"
domain = "b.example"
destination = "192.0.2.7:5060/udp"
"#;

const FILE_BY_ALIAS: &str = r#"
[[trunk]]
name = "theirs"
domain = "old.example"
destination = "192.0.2.7:5060/udp"
"#;
