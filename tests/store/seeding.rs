//! What the demo puts there, and what a server alone does not.

use crate::places::Place;
use sip::digest::Ha1;
use tandem::{cli::demo, config::Secret, store::Right};

pub(crate) async fn the_demo_can_be_seeded_twice(place: Place) {
    let store = place.open().await;

    demo::seed(&store).await.unwrap();
    let first = store.list_users().await.unwrap();
    demo::seed(&store).await.unwrap();

    assert_eq!(store.list_users().await.unwrap(), first);
    let (directory, _) = store.load_directory(&[]).await.unwrap();
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
