//! Every route of the door × {nobody, somebody without the right}: none is open by mistake.

use crate::{house::House, places::Place};
use axum::http::{Method, StatusCode};
use std::collections::BTreeSet;
use tandem::{
    http::api::{self, Access, Route},
    store::{Right, RoleDraft},
};

/// What anybody may take. Whoever adds to this list says why strangers need it.
const OPEN: &[(&str, &str)] = &[
    // To come in.
    ("POST", "/auth/login"),
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
            Access::AnySession | Access::Right(_) => {
                assert_eq!(by_nobody.refusal(), (401, "unauthenticated".to_owned()), "{route:?}");
            }
        }
        let Access::Right(right) = route.access else { continue };
        let visitor = house.visitor_with_all_but(right).await;
        let reply = visitor.act(method, &path, Some(1), body).await;
        assert_eq!(reply.refusal(), (403, "forbidden".to_owned()), "{route:?}");
        asked += 1;
    }
    let guarded = door.routes().iter().filter(|it| matches!(it.access, Access::Right(_)));
    assert_eq!(asked, guarded.count());
    described_routes_are_the_doors(door.routes());
}

impl House {
    /// Somebody who may do everything but one thing.
    async fn visitor_with_all_but(&self, right: Right) -> crate::house::Visitor {
        let login = format!("all_but_{}", right.as_str().replace('.', "_"));
        let is_there = self.store.user_by_login(self.domain.id, &login).await.unwrap().is_some();
        if is_there {
            let mut visitor = self.stranger();
            let reply = visitor.sign_in(&self.domain.name, &login, crate::house::PASSWORD).await;
            assert_eq!(reply.status, StatusCode::OK);
            return visitor;
        }
        let rights: BTreeSet<_> = Right::ALL.iter().copied().filter(|it| *it != right).collect();
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
