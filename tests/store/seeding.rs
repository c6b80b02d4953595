//! What the demo puts there, and what a server alone does not.

use crate::places::Place;
use base::UnixMillis;
use sip::digest::Ha1;
use std::collections::HashSet;
use tandem::{
    cli::{demo, demo_calls},
    config::{Config, Secret},
    store::{CallDirection, CallQuery, Right},
};

pub(crate) async fn the_demo_can_be_seeded_twice(place: Place) {
    let store = place.open().await;

    demo::seed(&store).await.unwrap();
    let first = store.list_users().await.unwrap();
    demo::seed(&store).await.unwrap();

    assert_eq!(store.list_users().await.unwrap(), first);
    let directory = store.load_directory(&Config::default()).await.unwrap().directory;
    let domain = directory.domain_of_host("[::1]").unwrap();
    assert_eq!(domain.name, "demo.tandem.test");
    for host in ["127.0.0.1", "LOCALHOST", "demo.tandem.test"] {
        assert_eq!(directory.domain_of_host(host).unwrap().id, domain.id, "{host}");
    }
    let numbers = (1001..=1018).chain([1090, 2000, 2001, 2002, 2003]).map(|it| it.to_string());
    assert_eq!(directory.extensions.len(), numbers.clone().count());
    for number in numbers {
        let extension = directory.extension(domain.id, &number).unwrap();
        let password = format!("demo-{number}");
        assert!(extension.ha1 == Ha1::of_password(&number, &domain.name, &password), "{number}");
        assert_eq!(extension.calls_max.is_none(), number == "1090", "{number}");
    }
    let logins = [
        ("operator1", Right::WorkspaceUse, Right::CallsTeam),
        ("operator8", Right::KbUse, Right::LiveView),
        ("Jan2", Right::QmAudit, Right::CallsTeam),
        ("supervisor", Right::CallsTeam, Right::UsersManage),
        ("admin", Right::DomainsManage, Right::DomainsManage),
        ("vinogradova", Right::DomainsManage, Right::DomainsManage),
    ];
    for (login, may, may_not) in logins {
        let user = store.authenticate_user(domain.id, login, Secret::new("demo")).await.unwrap();
        let roles = store.roles_of_user(user.unwrap().id).await.unwrap();
        assert!(roles.iter().any(|it| it.rights.contains(&may)), "{login} {may}");
        let is_master = roles.iter().any(|it| it.code == "platform_admin");
        assert!(is_master || !roles.iter().any(|it| it.rights.contains(&may_not)), "{login}");
    }
    let rows = store.list_extensions().await.unwrap();
    let seat =
        |number: &str| rows.iter().find(|it| it.extension.number == number).unwrap().extension.user;
    let admin = store.user_by_login(domain.id, "admin").await.unwrap().unwrap();
    assert_eq!(seat("2001"), Some(admin.id));
    assert_eq!(seat("1009"), None);
}

pub(crate) async fn a_fresh_database_has_no_credentials(place: Place) {
    let store = place.open().await;

    assert!(store.list_users().await.unwrap().is_empty());
    assert!(store.list_extensions().await.unwrap().is_empty());
    let hint = tandem::boot::first_steps(&store).await.unwrap().unwrap();
    assert!(hint.contains("tandem user add"), "{hint}");

    demo::seed(&store).await.unwrap();

    assert_eq!(tandem::boot::first_steps(&store).await.unwrap(), None);
}

pub(crate) async fn the_demo_has_some_weeks_of_calls_once(place: Place) {
    let store = place.open().await;
    demo::seed(&store).await.unwrap();
    let domain = store.require_domain(demo::DOMAIN).await.unwrap();
    let now = UnixMillis(1_790_000_000_000);
    let all = CallQuery {
        domain: domain.id,
        user: None,
        direction: None,
        search: None,
        peer: None,
        from: None,
        until: None,
        is_newest_first: false,
        after: None,
        limit: 1000,
    };

    demo_calls::seed(&store, &domain, now).await.unwrap();
    let first = store.page_calls(&all, false).await.unwrap().calls;
    demo_calls::seed(&store, &domain, UnixMillis(now.0 + 86_400_000)).await.unwrap();

    assert_eq!(store.page_calls(&all, false).await.unwrap().calls, first);
    assert!((200..800).contains(&first.len()), "{} calls", first.len());
    assert!(first.iter().all(|it| it.started < now && it.is_complete));
    let directions: HashSet<_> = first.iter().map(|it| it.direction.as_str()).collect();
    assert_eq!(directions.len(), 3);
    let deck: Vec<_> = first[..3]
        .iter()
        .map(|it| (it.started.0, it.a.number.as_str(), it.b.number.as_str(), it.talk_ms))
        .collect();
    assert_eq!(
        deck,
        [
            (1_761_062_632_000, "+79000000093", "1001", 40_000),
            (1_761_117_394_000, "+79000000097", "1001", 30_000),
            (1_761_205_558_000, "1001", "1004", 0),
        ]
    );
    let operator = store.user_by_login(domain.id, "operator1").await.unwrap().unwrap();
    let own = CallQuery { user: Some(operator.id), ..all };
    let own = store.page_calls(&own, false).await.unwrap().calls;
    assert!(own.len() > 20 && own.len() < first.len());
    assert!(own.iter().any(|it| it.direction == CallDirection::Out));
}
