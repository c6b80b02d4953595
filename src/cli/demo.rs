//! `tandem demo`: the domain that newcomers, tests and benches call in.
//!
//! The only credentials that Tandem ever makes by itself, in a domain of their own.

use crate::{
    config::Secret,
    store::{
        DomainRow, NewExtension, NewUser, Role, Store, StoreError,
        extensions::{CALLS_MAX_DEFAULT, RING_TIMEOUT_S_DEFAULT},
    },
};
use base::UserId;
use std::{collections::HashSet, fmt::Write as _};

/// The demo's domain.
pub const DOMAIN: &str = "demo.tandem.test";

/// Host parts that mean it too.
pub const ALIASES: &[&str] = &["127.0.0.1", "localhost", "::1"];

/// Password of every login of the demo.
pub const PASSWORD: &str = "demo";

/// The extension without a limit of calls, which load tests ring.
pub const LOAD_EXTENSION: u32 = 1090;

/// Makes the demo domain with its extensions and logins; what is there already is left alone.
pub async fn seed(store: &Store) -> Result<(), StoreError> {
    if store.domain_by_name(DOMAIN).await?.is_none() {
        store.add_domain(DOMAIN).await?;
    }
    let domain = store.require_domain(DOMAIN).await?;
    for alias in ALIASES {
        store.add_domain_alias(domain.id, alias).await?;
    }
    let rows = store.list_extensions().await?;
    let there: HashSet<_> = (rows.into_iter().map(|it| it.extension))
        .filter(|it| it.domain == domain.id)
        .map(|it| it.number)
        .collect();
    for number in numbers() {
        let user = match logins().find(|it| it.extension == number) {
            Some(login) => Some(seed_login(store, &domain, login).await?),
            None => None,
        };
        if !there.contains(&number.to_string()) {
            store.add_extension(&domain, extension(number, user)).await?;
        }
    }
    Ok(())
}

/// What to tell the newcomer.
pub fn welcome() -> String {
    let mut text = format!(
        "The demo domain {DOMAIN} is ready.\n\n\
         Phones: SIP user 1001 to 1018, 2000, 2001 and {LOAD_EXTENSION}; password demo-NUMBER, \
         for example demo-1001\n\
         Logins of the operators' workspace, which is not built yet (password {PASSWORD}):\n"
    );
    for login in logins() {
        writeln!(text, "  {:<12} {:<11} extension {}", login.login, login.role, login.extension)
            .expect("a String takes every write");
    }
    text + "Numbers to call: 9196 echo, 9197 tone, 9198 welcome prompt\n"
}

/// Someone who signs in, and where they sit.
struct Login {
    login: String,
    display_name: String,
    role: Role,
    extension: u32,
}

fn logins() -> impl Iterator<Item = Login> {
    let operators = (1..=8).map(|n| Login {
        login: format!("operator{n}"),
        display_name: format!("Operator {n}"),
        role: Role::Operator,
        extension: 1000 + n,
    });
    let leads = [
        ("supervisor", "Supervisor", Role::Supervisor, 2000),
        ("admin", "Admin", Role::Admin, 2001),
    ];
    operators.chain(leads.map(|(login, display_name, role, extension)| Login {
        login: login.to_owned(),
        display_name: display_name.to_owned(),
        role,
        extension,
    }))
}

fn numbers() -> impl Iterator<Item = u32> {
    (1001..=1018).chain([LOAD_EXTENSION, 2000, 2001])
}

async fn seed_login(store: &Store, domain: &DomainRow, login: Login) -> Result<UserId, StoreError> {
    if let Some(user) = store.user_by_login(domain.id, &login.login).await? {
        return Ok(user.id);
    }
    let user = NewUser {
        login: login.login,
        display_name: login.display_name,
        password: Secret::new(PASSWORD),
        role: login.role,
    };
    store.add_user(domain.id, user).await
}

fn extension(number: u32, user: Option<UserId>) -> NewExtension {
    NewExtension {
        number: number.to_string(),
        display_name: format!("Extension {number}"),
        password: Secret::new(format!("demo-{number}")),
        calls_max: (number != LOAD_EXTENSION).then_some(CALLS_MAX_DEFAULT),
        ring_timeout_s: RING_TIMEOUT_S_DEFAULT,
        user,
    }
}
