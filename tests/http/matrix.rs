//! Every route of the door × {nobody, somebody without the right}: none is open by mistake.

use crate::{house::House, places::Place, workplaces::extension};
use axum::http::{Method, StatusCode};
use std::collections::BTreeSet;
use tandem::{
    config::TrunkText,
    http::api::{self, Access, Route},
    store::{Right, RoleDraft, TrunkDraft},
};

/// What anybody may take. Whoever adds to this list says why strangers need it.
const OPEN: &[(&str, &str)] = &[
    // To come in.
    ("POST", "/auth/login"),
    ("POST", "/auth/wall"),
    ("POST", "/auth/recover"),
    ("POST", "/auth/recover/confirm"),
    // The sign-in page is shown to strangers.
    ("GET", "/auth/hint"),
    // Names no data.
    ("GET", "/openapi.json"),
];

pub(crate) async fn every_route_is_closed_to_strangers_and_to_those_without_its_right(
    place: Place,
) {
    let house = House::open(place).await;
    let door = api::door();
    let stranger = house.stranger();
    let mut asked = 0;
    for route in door.routes() {
        let method: Method = route.method.parse().unwrap();
        let path = with_ids(&route.path);
        let body = serde_json::json!({});
        let by_nobody = stranger.act(method.clone(), &path, Some(1), body.clone()).await;
        match route.access {
            Access::Public => {
                assert!(is_open(route), "{route:?} is public: add it to OPEN, with a reason");
                continue;
            }
            Access::AnySession | Access::Right(_) | Access::AnyOf(_) => {
                assert_eq!(by_nobody.refusal(), (401, "unauthenticated".to_owned()), "{route:?}");
            }
        }
        let rights = match &route.access {
            Access::Public | Access::AnySession => continue,
            Access::Right(right) => std::slice::from_ref(right),
            Access::AnyOf(rights) => *rights,
        };
        let visitor = house.visitor_with_all_but(rights).await;
        let reply = visitor.act(method, &path, Some(1), body).await;
        assert_eq!(reply.refusal(), (403, "forbidden".to_owned()), "{route:?}");
        asked += 1;
    }
    let is_guarded = |it: &&Route| !matches!(it.access, Access::Public | Access::AnySession);
    let guarded = door.routes().iter().filter(is_guarded);
    assert_eq!(asked, guarded.count());
    described_routes_are_the_doors(door.routes());
}

/// Every route that names an object, asked for one of another domain by somebody who may do
/// everything: it is not there.
pub(crate) async fn what_is_another_domains_is_nobodys(place: Place) {
    let house = House::open(place).await;
    let foreign = Foreign::make(&house).await;
    let all: Vec<_> = Right::ALL.to_vec();
    let draft = RoleDraft {
        code: "everything".to_owned(),
        title_ru: "Всё".to_owned(),
        title_en: "Everything".to_owned(),
        rights: all.into_iter().collect(),
    };
    house.store.add_role(house.domain.id, &draft).await.unwrap();
    let visitor = house.visitor(&house.domain, "anna", &["everything"]).await;
    let door = api::door();
    let named = door.routes().iter().filter(|it| it.path.contains('{'));
    for route in named.filter(|it| !is_of_nobody(it)) {
        let path = foreign.path(route);
        let method: Method = route.method.parse().unwrap();
        let reply = visitor.act(method, &path, Some(1), body_of(route)).await;
        assert_eq!(reply.refusal(), (404, "not_found".to_owned()), "{route:?}");
    }
}

/// Routes whose parameter names no stored object of a domain. Whoever adds to this list says what it
/// does.
const OF_NOBODY: &[&str] = &[
    // A live call: tests with calls ask for one of another domain.
    "/calls/{id}/consult",
    "/calls/{id}/{order}",
    "/calls/{id}/hangup",
    "/calls/{id}/park",
    "/calls/{id}/pickup",
    "/calls/{id}/quality",
    "/calls/{id}/recording",
    "/calls/{id}/supervise",
    "/calls/{id}/transfer",
    // A live room of the session's own domain: rooms are kept by domain.
    "/conferences/{room}/end",
    "/conferences/{room}/invite",
    "/conferences/{room}/lock",
    "/conferences/{room}/mute",
    "/conferences/{room}/parties/{call}",
    "/conferences/{room}/record",
    // What the shards keep of a call, which are not here.
    "/calls/{id}/ladder",
    // A file of the installation, not a row.
    "/admin/dialplans/{name}",
    // A domain: who manages domains manages all of them.
    "/admin/domains/{id}",
    "/admin/domains/{id}/callers",
    // A key of one's own settings.
    "/me/settings/{key}",
];

/// Objects of the other domain, by what stands before their ids.
struct Foreign(Vec<(&'static str, String)>);

impl Foreign {
    async fn make(house: &House) -> Self {
        let store = &house.store;
        let user = house.add(&house.other, "boris", &[]).await;
        let boris = house.visitor(&house.other, "vera", &[]).await;
        let session = boris.get("/me/sessions").await.json()["items"][0]["id"].clone();
        let draft = RoleDraft {
            code: "theirs".to_owned(),
            title_ru: "Их".to_owned(),
            title_en: "Theirs".to_owned(),
            rights: BTreeSet::new(),
        };
        let role = store.add_role(house.other.id, &draft).await.unwrap();
        let now = house.clock.now().unix;
        let until = base::UnixMillis(now.0 + 1_000_000);
        let (wall, _) = store.add_wall(house.other.id, "Зал", now, until).await.unwrap();
        let call = crate::archive::with_calls(house, user).await.pop().unwrap();
        let recording = crate::recordings::with_recording(house, house.other.id, &call).await;
        let line = store.add_extension(&house.other, extension("7001")).await.unwrap();
        let desk = store.add_extension(&house.other, extension("7002")).await.unwrap();
        store.sign_in(house.other.id, line, desk).await.unwrap();
        let trunk = TrunkText {
            name: "theirs".to_owned(),
            destination: "192.0.2.1:5060/udp".to_owned(),
            ..TrunkText::default()
        };
        let trunk = TrunkDraft { text: trunk, is_enabled: true };
        let trunk = store.add_trunk(house.other.id, &trunk).await.unwrap();
        Self(vec![
            ("/admin/trunks/", trunk.to_string()),
            ("/admin/lines/", line.to_string()),
            ("/admin/workplaces/", line.to_string()),
            ("/me/lines/", line.to_string()),
            ("/calls/", call.clone()),
            ("/recordings/", recording),
            ("/interactions/", call),
            ("/admin/users/", user.to_string()),
            ("/admin/roles/", role.to_string()),
            ("/wall-tokens/", wall.to_string()),
            ("/me/sessions/", session.as_str().unwrap().to_owned()),
        ])
    }

    fn path(&self, route: &Route) -> String {
        let (before, rest) = route.path.split_once('{').unwrap();
        let after = rest.split_once('}').unwrap().1;
        let id = self.0.iter().find(|(prefix, _)| *prefix == before);
        let (_, id) = id.unwrap_or_else(|| panic!("{route:?}: make an object of it in Foreign"));
        format!("{before}{id}{after}")
    }
}

/// Something that would be taken of an object of one's own.
fn body_of(route: &Route) -> serde_json::Value {
    match (route.method, route.path.as_str()) {
        ("PUT", "/admin/users/{id}") => serde_json::json!({ "name": "x", "role_ids": [] }),
        ("POST", "/admin/users/{id}/password") => {
            serde_json::json!({ "password": "long enough" })
        }
        ("PUT", "/admin/trunks/{id}") => {
            serde_json::json!({ "name": "x", "destination": "192.0.2.2:5060/udp" })
        }
        ("PUT", "/admin/lines/{id}") => serde_json::json!({ "name": "x", "user_id": null }),
        ("PUT", "/admin/roles/{id}") => serde_json::json!({
            "code": "x", "title": { "ru": "х", "en": "x" }, "rights": [],
        }),
        ("PUT", "/me/lines/{id}/features") => serde_json::json!({
            "do_not_disturb": false, "forward_all": null, "forward_busy": null,
            "forward_no_answer": null, "forward_offline": null,
        }),
        ("PUT", "/admin/lines/{id}/callers") => {
            serde_json::json!({ "blocked": [], "allowed": [] })
        }
        ("PUT", "/admin/lines/{id}/mailbox" | "/me/lines/{id}/mailbox") => {
            serde_json::json!({ "email": null })
        }
        ("PUT", "/admin/lines/{id}/mailbox/pin" | "/me/lines/{id}/mailbox/pin") => {
            serde_json::json!({ "pin": null })
        }
        (_, _) => serde_json::json!({}),
    }
}

fn is_of_nobody(route: &Route) -> bool {
    OF_NOBODY.contains(&route.path.as_str())
}

impl House {
    /// Somebody who may do everything but one thing.
    async fn visitor_with_all_but(&self, rights: &[Right]) -> crate::house::Visitor {
        let codes: Vec<_> = rights.iter().map(|it| it.as_str().replace('.', "_")).collect();
        let login = format!("all_but_{}", codes.join("_"));
        let is_there = self.store.user_by_login(self.domain.id, &login).await.unwrap().is_some();
        if is_there {
            let mut visitor = self.stranger();
            let reply = visitor.sign_in(&self.domain.name, &login, crate::house::PASSWORD).await;
            assert_eq!(reply.status, StatusCode::OK);
            return visitor;
        }
        let rights: BTreeSet<_> =
            Right::ALL.iter().copied().filter(|it| !rights.contains(it)).collect();
        let draft = RoleDraft {
            code: login.clone(),
            title_ru: login.clone(),
            title_en: login.clone(),
            rights,
        };
        self.store.add_role(self.domain.id, &draft).await.unwrap();
        self.visitor(&self.domain, &login, &[login.as_str()]).await
    }
}

/// The description names exactly the routes that the door has.
fn described_routes_are_the_doors(routes: &[Route]) {
    let description = serde_json::to_value(api::openapi()).unwrap();
    let paths = description["paths"].as_object().unwrap();
    let described: BTreeSet<_> = paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(move |it| (it.to_uppercase(), path.clone()))
        })
        .collect();
    let there = routes.iter().map(|it| (it.method.to_owned(), it.path.clone())).collect();
    assert_eq!(described, there);
}

fn is_open(route: &Route) -> bool {
    OPEN.contains(&(route.method, route.path.as_str()))
}

/// Any id in place of each parameter.
fn with_ids(path: &str) -> String {
    let parts = path.split('/');
    parts.map(|it| if it.starts_with('{') { NOBODYS_ID } else { it }).collect::<Vec<_>>().join("/")
}

const NOBODYS_ID: &str = "00000000-0000-7000-8000-000000000000";
