//! Domains, users, extensions and the directory.

use crate::places::Place;
use sip::{Destination, Host, Transport, digest::Ha1};
use tandem::{
    config::{Config, Secret, Trunk},
    store::{DomainRow, ExtensionRow, NewExtension, NewUser, Profile, Store, StoreError},
};

pub(crate) async fn a_domain_is_found_by_its_name_and_its_aliases(place: Place) {
    let store = place.open().await;
    let id = store.add_domain("Example.COM").await.unwrap();
    store.add_domain_alias(id, "127.0.0.1").await.unwrap();
    store.add_domain_alias(id, "::1").await.unwrap();
    store.add_domain_alias(id, "::1").await.unwrap();

    for name in ["example.com", "EXAMPLE.com", "127.0.0.1", "::1"] {
        assert_eq!(store.require_domain(name).await.unwrap().id, id, "{name}");
    }
    let domain = store.require_domain("::1").await.unwrap();
    assert_eq!(domain.name, "example.com");
    assert_eq!(domain.aliases, ["127.0.0.1", "::1"]);
    assert!(matches!(
        store.require_domain("example.org").await,
        Err(StoreError::Missing { what }) if what == "domain \"example.org\""
    ));
}

pub(crate) async fn two_domains_cannot_share_a_name(place: Place) {
    let store = place.open().await;
    let first = store.add_domain("a.example").await.unwrap();
    store.add_domain_alias(first, "phones.example").await.unwrap();
    let second = store.add_domain("b.example").await.unwrap();

    for taken in ["a.example", "phones.example"] {
        assert!(is_taken(&store.add_domain(taken).await), "{taken}");
        assert!(is_taken(&store.add_domain_alias(second, taken).await), "{taken}");
    }
    assert!(matches!(store.add_domain("no name").await, Err(StoreError::Invalid(_))));
    assert_eq!(store.list_domains().await.unwrap().len(), 2);
}

pub(crate) async fn a_user_signs_in_with_the_right_password_only(place: Place) {
    let store = place.open().await;
    let domain = store.add_domain("a.example").await.unwrap();
    let id = store.add_user(domain, user("anna", "first")).await.unwrap();
    let sign_in = |login: &'static str, password: &str| {
        store.authenticate_user(domain, login, Secret::new(password))
    };

    let anna = sign_in("anna", "first").await.unwrap().unwrap();

    assert_eq!((anna.id, anna.display_name.as_str()), (id, "Анна"));
    let roles = store.roles_of_user(id).await.unwrap();
    assert_eq!(roles.iter().map(|it| it.code.as_str()).collect::<Vec<_>>(), ["callcenter_user"]);
    assert_eq!(sign_in("anna", "second").await.unwrap(), None);
    assert_eq!(sign_in("boris", "first").await.unwrap(), None);

    store.set_user_password(domain, id, Secret::new("second"), None).await.unwrap();

    assert_eq!(sign_in("anna", "first").await.unwrap(), None);
    assert!(sign_in("anna", "second").await.unwrap().is_some());
    assert!(matches!(
        store.set_user_password(domain, id, Secret::new(""), None).await,
        Err(StoreError::Invalid(_))
    ));
}

pub(crate) async fn the_one_word_of_an_earlier_version_becomes_roles(place: Place) {
    let store = place.open().await;
    let domain = store.add_domain("a.example").await.unwrap();
    let bare = NewUser { roles: Vec::new(), ..user("anna", "p") };
    let id = store.add_user(domain, bare).await.unwrap();
    place
        .execute("INSERT INTO role_wish (user_id, role) SELECT id, 'admin' FROM user_account")
        .await;
    store.close().await;

    let store = place.open().await;

    let roles = store.roles_of_user(id).await.unwrap();
    let codes: Vec<_> = roles.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(codes, ["callcenter_admin", "callcenter_user", "platform_admin"]);
    store.set_user_password(domain, id, Secret::new("q"), None).await.unwrap();
    assert_eq!(store.list_roles(domain).await.unwrap().len(), 8, "made once");
}

pub(crate) async fn a_disabled_user_is_nobody(place: Place) {
    let store = place.open().await;
    let domain = store.add_domain("a.example").await.unwrap();
    let id = store.add_user(domain, user("anna", "pass")).await.unwrap();

    store.set_user_disabled(domain, id, true).await.unwrap();
    let while_disabled =
        store.authenticate_user(domain, "anna", Secret::new("pass")).await.unwrap();
    store.set_user_disabled(domain, id, false).await.unwrap();
    let afterwards = store.authenticate_user(domain, "anna", Secret::new("pass")).await.unwrap();

    assert_eq!(while_disabled, None);
    assert!(afterwards.is_some());
}

pub(crate) async fn a_login_is_unique_in_its_domain_only(place: Place) {
    let store = place.open().await;
    let a = store.add_domain("a.example").await.unwrap();
    let b = store.add_domain("b.example").await.unwrap();
    store.add_user(a, user("anna", "of a")).await.unwrap();
    store.add_user(b, user("anna", "of b")).await.unwrap();

    assert!(is_taken(&store.add_user(a, user("anna", "again")).await));
    let other = store.authenticate_user(b, "anna", Secret::new("of a")).await.unwrap();
    assert_eq!(other, None, "a password of one domain opens another");
    assert_eq!(store.list_users().await.unwrap().len(), 2);
}

pub(crate) async fn what_is_not_there_cannot_be_changed(place: Place) {
    let store = place.open().await;
    let domain = with_domain(&store).await;
    let nobody = base::UserId(domain.id.0);

    let results = [
        store.set_user_password(domain.id, nobody, Secret::new("p"), None).await,
        store.set_user_disabled(domain.id, nobody, true).await,
        store.require_user(domain.id, "x").await.map(drop),
        store.set_extension_password(&domain, "1", &Secret::new("p")).await,
        store.remove_extension(domain.id, "1").await,
    ];

    for result in results {
        assert!(matches!(result, Err(StoreError::Missing { .. })), "{result:?}");
    }
}

pub(crate) async fn the_directory_knows_domains_extensions_and_trunks(place: Place) {
    let store = place.open().await;
    let domain = with_domain(&store).await;
    let anna = store.add_user(domain.id, user("anna", "p")).await.unwrap();
    let limited = NewExtension { user: Some(anna), ..extension("1001") };
    store.add_extension(&domain, limited).await.unwrap();
    store
        .add_extension(&domain, NewExtension { calls_max: None, ..extension("1090") })
        .await
        .unwrap();
    assert!(is_taken(&store.add_extension(&domain, extension("1001")).await));
    assert!(store.add_extension(&domain, extension("10 01")).await.is_err());

    let trunks = vec![trunk("provider", "127.0.0.1"), trunk("stray", "nowhere.example")];
    let config = Config { trunks, ..Config::default() };
    let loaded = store.load_directory(&config).await.unwrap();
    let (directory, unknown) = (loaded.directory, loaded.left_out);

    assert_eq!(directory.domain_of_host("127.0.0.1").unwrap().name, "a.example");
    let phone = directory.extension(domain.id, "1001").unwrap();
    assert_eq!((phone.calls_max, phone.ring_timeout_s), (Some(4), 45));
    assert!(phone.ha1 == Ha1::of_password("1001", "a.example", "sip-1001"));
    assert_eq!(directory.extension(domain.id, "1090").unwrap().calls_max, None);
    assert_eq!(directory.trunks.len(), 1);
    assert_eq!(directory.trunks["provider"].domain, domain.id);
    assert_eq!(unknown.len(), 1);
    assert_eq!(unknown[0].name, "stray");

    store.remove_extension(domain.id, "1001").await.unwrap();

    let directory = store.load_directory(&Config::default()).await.unwrap().directory;
    assert!(directory.extension(domain.id, "1001").is_none());
}

pub(crate) async fn an_extension_cannot_belong_to_a_user_of_another_domain(place: Place) {
    let store = place.open().await;
    let own = with_domain(&store).await;
    let other = store.add_domain("b.example").await.unwrap();
    let stranger = store.add_user(other, user("boris", "p")).await.unwrap();

    let result =
        store.add_extension(&own, NewExtension { user: Some(stranger), ..extension("1001") }).await;

    assert!(matches!(result, Err(StoreError::Database(_))), "{result:?}");
    assert!(store.list_extensions().await.unwrap().is_empty());
}

pub(crate) async fn a_new_sip_password_changes_the_digest_secrets(place: Place) {
    let store = place.open().await;
    let domain = with_domain(&store).await;
    store.add_extension(&domain, extension("1001")).await.unwrap();

    store.set_extension_password(&domain, "1001", &Secret::new("new")).await.unwrap();

    let row = &store.list_extensions().await.unwrap()[0];
    assert!(row.extension.ha1 == Ha1::of_password("1001", "a.example", "new"));
}

pub(crate) async fn an_extension_is_found_in_its_own_domain_only(place: Place) {
    let store = place.open().await;
    let own = with_domain(&store).await;
    store.add_domain("b.example").await.unwrap();
    let other = store.require_domain("b.example").await.unwrap();
    let anna = store.add_user(own.id, user("anna", "p")).await.unwrap();
    let line = NewExtension { user: Some(anna), ..extension("1001") };
    let id = store.add_extension(&own, line).await.unwrap();
    for (domain, number) in [(&own, "1000"), (&other, "1001"), (&other, "1002")] {
        store.add_extension(domain, extension(number)).await.unwrap();
    }
    let numbers = |rows: Vec<ExtensionRow>| {
        rows.into_iter().map(|it| it.extension.number).collect::<Vec<_>>()
    };

    assert_eq!(numbers(store.extensions_of_domain(own.id).await.unwrap()), ["1000", "1001"]);
    assert_eq!(numbers(store.extensions_of_user(own.id, anna).await.unwrap()), ["1001"]);
    assert_eq!(numbers(store.extensions_of_user(other.id, anna).await.unwrap()), [""; 0]);
    let row = store.extension(own.id, id).await.unwrap().unwrap();
    assert_eq!((row.extension.id, row.extension.number.as_str()), (id, "1001"));
    assert!(store.extension(other.id, id).await.unwrap().is_none());
    assert_eq!(store.require_extension(own.id, "1001").await.unwrap().id, id);
    for number in ["1002", "1001\0", ""] {
        let found = store.extension_with_number(own.id, number).await.unwrap();
        assert!(found.is_none(), "{number:?}: {found:?}");
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_with_what_to_do() {
    let mut place = Place::sqlite();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    place.config.url = Secret::new(format!("postgres://tandem:hunter2@127.0.0.1:{port}/tandem"));

    let error = Store::open(&place.config).await.unwrap_err().to_string();

    assert!(error.contains(&format!("127.0.0.1:{port}/tandem")), "{error}");
    assert!(error.contains("refused") && error.contains("start PostgreSQL"), "{error}");
    assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_named_with_what_to_do() {
    let mut place = Place::sqlite();
    let file = place.directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    place.config.url = Secret::new(format!("sqlite:{}", file.join("tandem.db").display()));

    let error = Store::open(&place.config).await.unwrap_err().to_string();

    assert!(error.contains("file/tandem.db") && error.contains("--data"), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

async fn with_domain(store: &Store) -> DomainRow {
    let id = store.add_domain("a.example").await.unwrap();
    store.add_domain_alias(id, "127.0.0.1").await.unwrap();
    store.require_domain("a.example").await.unwrap()
}

fn is_taken<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Exists { .. }))
}

fn user(login: &str, password: &str) -> NewUser {
    NewUser {
        login: login.to_owned(),
        password: Secret::new(password),
        profile: Profile { display_name: "Анна".to_owned(), ..Profile::default() },
        roles: vec!["callcenter_user".to_owned()],
    }
}

pub(crate) fn extension(number: &str) -> NewExtension {
    NewExtension {
        number: number.to_owned(),
        display_name: number.to_owned(),
        password: Secret::new(format!("sip-{number}")),
        calls_max: Some(4),
        ring_timeout_s: 45,
        user: None,
        media: call::MediaRules::default(),
        outbound: call::outbound::LineOutbound::default(),
        may_sign_in: false,
    }
}

fn trunk(name: &str, domain: &str) -> Trunk {
    Trunk {
        domain: domain.to_owned(),
        link: call::TrunkLink {
            name: name.to_owned(),
            destination: Destination {
                transport: Transport::Udp,
                host: Host::Ip([192, 0, 2, 1].into()),
                port: 5060,
                flow: None,
                local: None,
            },
            sources: vec![[192, 0, 2, 1].into()],
            source_port: None,
            inbound_login: None,
            login: None,
            limits: <_>::default(),
            health_interval: None,
            registration: None,
            media: call::MediaRules::default(),
            numbers: call::TrunkNumbers::default(),
            rates: call::Rates::default(),
        },
    }
}
