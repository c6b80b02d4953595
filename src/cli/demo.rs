//! `tandem demo`: the domain that newcomers, tests and benches call in.
//!
//! The only credentials that Tandem ever makes by itself, in a domain of their own.

use crate::{
    config::Secret,
    store::{
        DomainRow, NewExtension, NewUser, Profile, Store, StoreError,
        extensions::{CALLS_MAX_DEFAULT, RING_TIMEOUT_S_DEFAULT},
        roles::codes_of_word,
    },
};
use base::UserId;
use call::{MediaRules, outbound::LineOutbound};
use std::{collections::HashSet, fmt::Write as _};

/// The demo's domain.
pub const DOMAIN: &str = "demo.tandem.test";

/// Host parts that mean it too.
pub const ALIASES: &[&str] = &["127.0.0.1", "localhost", "::1"];

/// Password of every login of the demo.
pub const PASSWORD: &str = "demo";

/// The extension without a limit of calls, which load tests ring.
pub const LOAD_EXTENSION: u32 = 1090;

/// The class of numbers that the demo's extensions may call: what the configuration has unless it
/// says otherwise.
const HOME: &str = "national";

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
        let user = match LOGINS.iter().find(|it| it.extension == number) {
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
         Phones: SIP user 1001 to 1018, 2000 to 2003 and {LOAD_EXTENSION}; password demo-NUMBER, \
         for example demo-1001\n\
         Logins of the operators' workspace (password {PASSWORD}):\n"
    );
    for Login { login, display_name, position, extension, .. } in LOGINS {
        writeln!(text, "  {login:<12} {position:<13} extension {extension}  {display_name}")
            .expect("a String takes every write");
    }
    text + "Numbers to call: 9196 echo, 9197 tone, 9198 welcome prompt\n"
}

/// Someone who signs in, and where they sit.
struct Login {
    login: &'static str,
    display_name: &'static str,
    position: &'static str,
    /// A word of [`codes_of_word`], or a list of codes.
    role: &'static str,
    extension: u32,
}

const fn login(
    login: &'static str,
    display_name: &'static str,
    position: &'static str,
    role: &'static str,
    extension: u32,
) -> Login {
    Login { login, display_name, position, role, extension }
}

const LOGINS: &[Login] = &[
    login("operator1", "Ольга Орлова", "Оператор", "operator", 1001),
    login("operator2", "Антон Белов", "Оператор", "operator", 1002),
    login("operator3", "Екатерина Соколова", "Оператор", "operator", 1003),
    login("operator4", "Евгений Морозов", "Оператор", "operator", 1004),
    login("operator5", "Елена Лебедева", "Оператор", "operator", 1005),
    login("operator6", "Кирилл Зайцев", "Оператор", "operator", 1006),
    login("operator7", "Мария Волкова", "Оператор", "operator", 1007),
    login("operator8", "Никита Фёдоров", "Оператор", "operator", 1008),
    login("supervisor", "Светлана Кузнецова", "Супервизор", "supervisor", 2000),
    login("admin", "Андрей Николаев", "Администратор", "admin", 2001),
    login("vinogradova", "Евгения Виноградова", "Админ", "admin", 2002),
    login(
        "Jan2",
        "Наталья Виноградова",
        "Оператор",
        "callcenter_operator callcenter_user km_user qm_user qm_auditor",
        2003,
    ),
];

fn numbers() -> impl Iterator<Item = u32> {
    (1001..=1018).chain([LOAD_EXTENSION, 2000, 2001, 2002, 2003])
}

async fn seed_login(
    store: &Store,
    domain: &DomainRow,
    login: &Login,
) -> Result<UserId, StoreError> {
    if let Some(user) = store.user_by_login(domain.id, login.login).await? {
        return Ok(user.id);
    }
    let user = NewUser {
        login: login.login.to_owned(),
        password: Secret::new(PASSWORD),
        profile: Profile {
            display_name: login.display_name.to_owned(),
            email: Some(format!("{}@{DOMAIN}", login.login.to_lowercase())),
            position: Some(login.position.to_owned()),
            ..Profile::default()
        },
        roles: login.role.split(' ').flat_map(codes_of_word).collect(),
    };
    store.add_user(domain.id, user).await
}

fn extension(number: u32, user: Option<UserId>) -> NewExtension {
    let seat = LOGINS.iter().find(|it| it.extension == number);
    let display_name =
        seat.map_or_else(|| format!("Extension {number}"), |it| it.display_name.to_owned());
    NewExtension {
        number: number.to_string(),
        display_name,
        password: Secret::new(format!("demo-{number}")),
        calls_max: (number != LOAD_EXTENSION).then_some(CALLS_MAX_DEFAULT),
        ring_timeout_s: RING_TIMEOUT_S_DEFAULT,
        user,
        media: MediaRules::default(),
        outbound: LineOutbound { classes: [HOME.to_owned()].into(), ..LineOutbound::default() },
        may_sign_in: seat.is_some(),
    }
}
