//! A database that the first version of the tables was used with, opened by this one.

use crate::places::Place;
use base::{DomainId, UnixMillis, UserId};
use sip::digest::Ha1;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::SqliteConnectOptions,
};
use std::{fs, path::Path};
use tandem::{
    config::{Config, Secret, TrunkText},
    store::{
        CallDirection, CallQuery, CdrFilter, Locale, Store, TrunkDraft, domains::DomainDraft,
        passwords,
    },
};
use uuid::Uuid;

pub(crate) async fn what_the_first_version_kept_is_there_in_this_one(place: Place) {
    let hash = passwords::hash(Secret::new("correct horse")).await.unwrap();
    leave_as_the_first_version(&place, &hash).await;

    let store = place.open().await;
    everything_is_there(&store).await;
    store.close().await;
    let store = place.open().await;
    everything_is_there(&store).await;

    let domain = store.require_domain("old.example").await.unwrap();
    let draft = DomainDraft { aliases: vec!["new.example".to_owned()], hold_music: None };
    store.change_domain(&domain, 1, &draft).await.unwrap();
    let text = TrunkText {
        name: "provider".to_owned(),
        destination: "192.0.2.1:5060/udp".to_owned(),
        ..TrunkText::default()
    };
    store.add_trunk(domain.id, &TrunkDraft { text, is_enabled: true }).await.unwrap();
    let directory = store.load_directory(&Config::default()).await.unwrap().directory;
    assert!(directory.trunks.contains_key("provider"));
    assert!(directory.domain_of_host("new.example").is_some(), "new tables and columns work");
}

async fn everything_is_there(store: &Store) {
    let domains = store.list_domains().await.unwrap();
    assert_eq!(domains.len(), 1);
    let domain = &domains[0];
    assert_eq!((domain.id, domain.name.as_str()), (DomainId(id(1)), "old.example"));
    assert_eq!((domain.created_at, domain.version), (UnixMillis(START), 1));
    assert_eq!(domain.aliases, ["192.0.2.1"]);

    let sign_in = async |login: &str| {
        let password = Secret::new("correct horse");
        store.authenticate_user(domain.id, login, password).await.unwrap()
    };
    let anna = sign_in("anna").await.unwrap();
    assert_eq!((anna.id, anna.display_name.as_str()), (UserId(id(2)), "Анна"));
    assert_eq!((anna.locale, anna.version), (Locale::Ru, 1));
    assert!(sign_in("boris").await.is_none(), "he is disabled");
    assert_eq!(store.list_users().await.unwrap().len(), 2);
    for (user, codes) in [
        (id(2), &["callcenter_supervisor", "callcenter_user", "km_user", "qm_auditor"][..]),
        (id(3), &["callcenter_admin", "callcenter_user", "platform_admin"][..]),
    ] {
        let roles = store.roles_of_user(UserId(user)).await.unwrap();
        assert_eq!(roles.iter().map(|it| it.code.as_str()).collect::<Vec<_>>(), codes);
    }

    let lines = store.list_extensions().await.unwrap();
    assert_eq!(lines.len(), 2);
    let line = &lines[0];
    assert_eq!((line.extension.number.as_str(), line.version), ("1001", 1));
    assert_eq!(line.extension.user, Some(anna.id));
    assert!(line.extension.ha1 == Ha1::of_password("1001", "old.example", "secret"));
    let bindings = store.load_bindings().await.unwrap();
    assert_eq!(bindings.len(), 1);
    assert_eq!(bindings[0].aor.user, "1001");
    assert_eq!(bindings[0].contact.to_string(), "sip:1001@192.0.2.9:5060");

    let records = store.page_cdrs(&CdrFilter::default(), None, 10).await.unwrap();
    let told: Vec<_> =
        records.iter().map(|it| (it.party.as_str(), it.name.as_deref(), it.user)).collect();
    assert_eq!(told, [("1002", None, None), ("1001", Some("Анна"), Some(anna.id))]);
    let page = store.page_calls(&calls_of(domain.id), true).await.unwrap();
    assert_eq!((page.calls.len(), page.total), (1, Some(1)), "the archive is made of the records");
    let call = &page.calls[0];
    assert_eq!((call.a.number.as_str(), call.b.number.as_str()), ("1001", "1002"));
    assert_eq!((call.direction, call.talk_ms), (CallDirection::Internal, 60_000));
    assert!(call.is_complete);
}

/// Makes the first tables, and rows in each.
async fn leave_as_the_first_version(place: &Place, hash: &str) {
    let first = Migration::new(
        1,
        "first tables".into(),
        MigrationType::Simple,
        include_str!("../../migrations/0001_first_tables.sql").into_sql_str(),
        false,
    );
    let first = Migrator::with_migrations(vec![first]);
    let url = place.config.url.expose();
    if let Some(path) = url.strip_prefix("sqlite:") {
        fs::create_dir_all(Path::new(path).parent().unwrap()).unwrap();
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        first.run_direct(None, &mut connection, false).await.unwrap();
        let rows = rows(hash, |n| format!("x'{}'", id(n).simple()), |it| format!("x'{it}'"));
        sqlx::raw_sql(AssertSqlSafe(rows)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        first.run_direct(None, &mut connection, false).await.unwrap();
        let rows = rows(hash, |n| format!("'{}'", id(n)), |it| format!("'\\x{it}'"));
        sqlx::raw_sql(AssertSqlSafe(rows)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// Engines write ids and bytes, here in hexadecimal digits, each in its own way.
fn rows(hash: &str, id: impl Fn(u128) -> String, bytes: impl Fn(&str) -> String) -> String {
    let (domain, anna, boris) = (id(1), id(2), id(3));
    let hex = |text: &str| {
        bytes(&text.bytes().map(|it| format!("{it:02x}")).collect::<Vec<_>>().concat())
    };
    let (contact, call_id, path) = (hex("<sip:1001@192.0.2.9:5060>"), hex("a@b"), hex(""));
    let leg = |n: u128, role: &str, party: &str| {
        let (row, call, leg) = (id(n), id(20), id(n + 10));
        format!(
            "({row}, {domain}, {call}, {leg}, '{role}', '1001', '1002', '{party}', 'x',
              '192.0.2.9:5060;udp', {START}, 100, 2000, 62000, 60000, 200, 'remote', 'normal',
              'PCMA/8000', 3000, 480000, 3000, 480000, 0, 1.5, 0, 8, NULL)"
        )
    };
    let (caller, callee) = (leg(21, "caller", "1001"), leg(22, "callee", "1002"));
    let (line, other) = (id(4), id(5));
    format!(
        "INSERT INTO domain (id, name, created_at) VALUES ({domain}, 'old.example', {START});
         INSERT INTO domain_name (name, domain_id)
             VALUES ('old.example', {domain}), ('192.0.2.1', {domain});
         INSERT INTO user_account
             (id, domain_id, login, display_name, password_hash, role, is_disabled, created_at)
             VALUES ({anna}, {domain}, 'anna', 'Анна', '{hash}', 'supervisor', false, {START}),
                    ({boris}, {domain}, 'boris', '', '{hash}', 'admin', true, {START});
         INSERT INTO extension
             (id, domain_id, number, display_name, ha1_md5, ha1_sha256, calls_max, ring_timeout_s,
              user_id, created_at)
             VALUES ({line}, {domain}, '1001', 'Анна', '{MD5}', '{SHA256}', NULL, 60, {anna}, {START}),
                    ({other}, {domain}, '1002', '', '{MD5}', '{SHA256}', 2, 30, NULL, {START});
         INSERT INTO binding
             (domain_id, aor_user, binding_key, contact, q_per_mille, expires_at, registered_at,
              call_id, cseq, path, transport, remote_address, local_address, user_agent, instance,
              reg_id)
             VALUES ({domain}, '1001', 'sip:1001@192.0.2.9:5060', {contact}, 1000, {EXPIRES}, {START},
                     {call_id}, 1, {path}, 'udp', '192.0.2.9:5060', '192.0.2.1:5060', 'phone', NULL,
                     NULL);
         INSERT INTO cdr VALUES {caller}, {callee};"
    )
}

fn calls_of(domain: DomainId) -> CallQuery {
    CallQuery {
        domain,
        user: None,
        direction: None,
        search: None,
        peer: None,
        from: None,
        until: None,
        is_newest_first: true,
        after: None,
        limit: 200,
    }
}

/// A UUID v7 of [`START`].
fn id(n: u128) -> Uuid {
    Uuid::from_u128((START as u128) << 80 | 0x7000_8000_0000_0000_0000 | n)
}

/// Some moment.
const START: i64 = 1_700_000_000_000;
const EXPIRES: i64 = START + 3_600_000;

/// Of `1001:old.example:secret`.
const MD5: &str = "20c4d56c8f8f35483495a49f1ad9fb53";
const SHA256: &str = "ff8c7882511ed6d088a19ac8df8daa3b7f81be048613b28f60395c1a68d4a880";
