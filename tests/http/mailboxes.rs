//! Mailboxes of lines: where letters about messages go, and PINs.

use crate::{house::House, places::Place};
use axum::http::{Method, StatusCode};
use serde_json::json;
use tandem::{
    config::Secret,
    store::{MailSettings, NewExtension, PinTry},
};

pub(crate) async fn an_owner_and_an_administrator_set_where_letters_go_and_the_pin(place: Place) {
    let house = House::with_config(place, MAIL).await;
    let anna = house.visitor(&house.domain, "anna", &[]).await;
    let boris = house.visitor(&house.domain, "boris", &[]).await;
    let admin = house.visitor(&house.domain, "root", &["platform_admin"]).await;
    let user = house.store.user_by_login(house.domain.id, "anna").await.unwrap().unwrap().id;
    let line = line(&house, Some(user)).await;
    let (own, managed) =
        (format!("/me/lines/{line}/mailbox"), format!("/admin/lines/{line}/mailbox"));

    let untouched = json!({
        "email": null, "attach": true, "delete_sent": false, "can_write": true, "has_pin": false,
        "new": 0, "saved": 0,
    });
    assert_eq!(anna.get(&own).await.json(), untouched);
    let wanted = json!({ "email": " anna@a.example ", "delete_sent": true });
    let changed = anna.act(Method::PUT, &own, None, wanted).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    assert_eq!(changed.json()["email"], "anna@a.example");
    let settings = house.store.mail_settings(house.domain.id, line).await.unwrap();
    let expected =
        MailSettings { address: "anna@a.example".into(), has_sound: true, deletes_sent: true };
    assert_eq!(settings, Some(expected));
    assert_eq!(admin.get(&managed).await.json()["delete_sent"], true);
    assert_eq!(boris.get(&own).await.refusal(), (404, "not_found".to_owned()), "it is not his");

    let pin = |path: &str| format!("{path}/pin");
    let fits = |pin: &str| {
        house.store.try_pin(house.domain.id, line, Secret::new(pin), house.clock.now().unix)
    };
    let set = anna.act(Method::PUT, &pin(&own), None, json!({ "pin": "4711" })).await;
    assert_eq!(set.status, StatusCode::NO_CONTENT);
    assert_eq!(fits("4711").await.unwrap(), PinTry::Right);
    let set = admin.act(Method::PUT, &pin(&managed), None, json!({ "pin": "0815" })).await;
    assert_eq!(set.status, StatusCode::NO_CONTENT);
    assert_eq!(fits("4711").await.unwrap(), PinTry::Wrong);
    assert_eq!(anna.get(&own).await.json()["has_pin"], true);
    let removed = anna.act(Method::PUT, &pin(&own), None, json!({ "pin": null })).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!(fits("0815").await.unwrap(), PinTry::NoPin);

    let nowhere = admin.act(Method::PUT, &managed, None, json!({ "email": null })).await;
    assert_eq!(nowhere.json()["email"], json!(null));
    assert_eq!(house.store.mail_settings(house.domain.id, line).await.unwrap(), None);
    let audit = admin.get("/admin/audit").await.json();
    let acts = audit["items"].as_array().unwrap();
    let pins: Vec<_> = acts.iter().filter(|it| it["what"] == "line.pin_changed").collect();
    assert_eq!(pins.len(), 3, "{audit}");
    for act in pins {
        assert_eq!(act["after"], json!({ "line": "1001" }), "no log shows a PIN");
    }
}

pub(crate) async fn what_cannot_be_set_for_a_mailbox_is_told_beside_its_field(place: Place) {
    let house = House::open(place).await;
    let admin = house.visitor(&house.domain, "root", &["platform_admin"]).await;
    let path = format!("/admin/lines/{}/mailbox", line(&house, None).await);

    for (path, body, field, code) in [
        (path.clone(), json!({ "email": "two@a.example, words" }), "email", "malformed"),
        (path.clone(), json!({ "email": "anna@a.example" }), "email", "no_mail"),
        (format!("{path}/pin"), json!({ "pin": "12" }), "pin", "malformed"),
        (format!("{path}/pin"), json!({ "pin": "12ab" }), "pin", "malformed"),
    ] {
        let refused = admin.act(Method::PUT, &path, None, body.clone()).await;
        assert_eq!(refused.refusal(), (422, "invalid".to_owned()), "{body}");
        let error = &refused.json()["errors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!(code)), "{body}");
    }
    assert_eq!(admin.get(&path).await.json()["can_write"], false);
}

pub(crate) async fn line(house: &House, user: Option<base::UserId>) -> base::ExtensionId {
    let line = NewExtension {
        number: "1001".to_owned(),
        display_name: "1001".to_owned(),
        password: Secret::new("sip"),
        calls_max: None,
        ring_timeout_s: 60,
        user,
        media: call::MediaRules::default(),
        outbound: call::outbound::LineOutbound::default(),
        may_sign_in: false,
    };
    house.store.add_extension(&house.domain, line).await.unwrap()
}

const MAIL: &str = "
    [http]
    public_url = \"https://desk.example/\"
    [mail]
    url = \"smtp://127.0.0.1:1\"
    from = \"Tandem <desk@a.example>\"
";
