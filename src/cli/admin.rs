//! `tandem demo`, `domain`, `user` and `extension`: what an administrator does to the database,
//! with or without a server running. A running one takes it over with SIGHUP.

use super::{
    DomainCommand, ExtensionCommand, PasswordSource, UserCommand, demo, demo_calls,
    password::Chosen,
};
use crate::{
    clock,
    config::Secret,
    store::{
        MailSettings, NewExtension, NewUser, OpenError, Profile, Store, StoreError,
        domains::DomainDraft, extensions::RING_TIMEOUT_S_DEFAULT, roles,
    },
};
use call::{Codecs, CodecsError, MediaRules, outbound::LineOutbound};
use std::{
    collections::{BTreeSet, HashMap},
    io::{self, BufRead, Write},
};

/// Why a command was not carried out; each says why in one line.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The database cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database says no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Input or output failed.
    #[error("cannot read or write: {0}")]
    Io(#[from] io::Error),
    /// An extension cannot have these codecs.
    #[error(transparent)]
    Codecs(#[from] CodecsError),
}

/// The terminal, or what stands for it in a test.
pub struct Terminal<'a> {
    /// Where passwords may be read from.
    pub input: &'a mut (dyn BufRead + Send),
    /// Where answers go.
    pub output: &'a mut (dyn Write + Send),
}

/// `tandem demo`
pub async fn run_demo(
    store: &Store,
    with_calls: bool,
    terminal: &mut Terminal<'_>,
) -> Result<(), AdminError> {
    demo::seed(store).await?;
    if with_calls {
        let domain = store.require_domain(demo::DOMAIN).await?;
        demo_calls::seed(store, &domain, clock::unix_now()).await?;
    }
    write!(terminal.output, "{}", demo::welcome())?;
    Ok(())
}

/// `tandem domain …`
pub async fn run_domain(
    store: &Store,
    command: DomainCommand,
    terminal: &mut Terminal<'_>,
) -> Result<(), AdminError> {
    match command {
        DomainCommand::Add { name, aliases, hold_music } => {
            store.add_domain_with(&name, &DomainDraft { aliases, hold_music }).await?;
            writeln!(terminal.output, "domain {name} added")?;
        }
        DomainCommand::List => {
            for domain in store.list_domains().await? {
                writeln!(terminal.output, "{}\t{}", domain.name, domain.aliases.join(" "))?;
            }
        }
    }
    Ok(())
}

/// `tandem user …`
pub async fn run_user(
    store: &Store,
    command: UserCommand,
    terminal: &mut Terminal<'_>,
) -> Result<(), AdminError> {
    match command {
        UserCommand::Add { login, domain, roles, name, password } => {
            let domain = store.require_domain(&domain).await?;
            let Chosen { password, is_made_up } = password.choose(terminal.input)?;
            let display_name = name.unwrap_or_else(|| login.clone());
            let codes: Vec<_> = roles.iter().flat_map(|it| roles::codes_of_word(it)).collect();
            let told = codes.join(", ");
            let user = NewUser {
                login: login.clone(),
                password: password.clone(),
                profile: Profile { display_name, ..Profile::default() },
                roles: codes,
            };
            store.add_user(domain.id, user).await?;
            writeln!(terminal.output, "user {login} of {} added, {told}", domain.name)?;
            tell(is_made_up, password.expose(), terminal)
        }
        UserCommand::List => list_users(store, terminal).await,
        UserCommand::Password { login, domain, password } => {
            let domain = store.require_domain(&domain).await?;
            let user = store.require_user(domain.id, &login).await?;
            let Chosen { password, is_made_up } = password.choose(terminal.input)?;
            store.set_user_password(domain.id, user.id, password.clone(), None).await?;
            writeln!(terminal.output, "password of user {login} changed")?;
            tell(is_made_up, password.expose(), terminal)
        }
        UserCommand::Disable { login, domain } => {
            set_disabled(store, &domain, &login, true).await?;
            Ok(writeln!(terminal.output, "user {login} disabled")?)
        }
        UserCommand::Enable { login, domain } => {
            set_disabled(store, &domain, &login, false).await?;
            Ok(writeln!(terminal.output, "user {login} enabled")?)
        }
    }
}

/// `tandem extension …`
pub async fn run_extension(
    store: &Store,
    command: ExtensionCommand,
    terminal: &mut Terminal<'_>,
) -> Result<(), AdminError> {
    match command {
        ExtensionCommand::Add {
            number,
            domain,
            name,
            user,
            calls_max,
            ring_timeout,
            dtmf,
            codecs,
            hold_music,
            outbound_classes,
            caller_number,
            withhold,
            may_sign_in,
            password,
        } => {
            let new = Seat {
                display_name: name.unwrap_or_else(|| number.clone()),
                user,
                calls_max: (calls_max > 0).then_some(calls_max),
                ring_timeout_s: ring_timeout.unwrap_or(RING_TIMEOUT_S_DEFAULT),
                media: MediaRules { dtmf, codecs: Codecs::parse(codecs)?, hold_music },
                outbound: LineOutbound {
                    classes: outbound_classes.into_iter().collect(),
                    caller_number,
                    is_withheld: withhold,
                },
                may_sign_in,
                number,
            };
            add_extension(store, &domain, new, password, terminal).await
        }
        ExtensionCommand::List => list_extensions(store, terminal).await,
        ExtensionCommand::Password { number, domain, password } => {
            let domain = store.require_domain(&domain).await?;
            let Chosen { password, is_made_up } = password.choose(terminal.input)?;
            store.set_extension_password(&domain, &number, &password).await?;
            writeln!(terminal.output, "SIP password of extension {number} changed")?;
            tell(is_made_up, password.expose(), terminal)
        }
        ExtensionCommand::Rights { number, domain, outbound_classes } => {
            let domain = store.require_domain(&domain).await?;
            let classes = outbound_classes.into_iter().collect();
            store.set_outbound_classes(domain.id, &number, &classes).await?;
            let told = rights(&classes);
            Ok(writeln!(terminal.output, "extension {number} may call outside: {told}")?)
        }
        ExtensionCommand::SignIn { number, domain, none } => {
            let domain = store.require_domain(&domain).await?;
            store.set_may_sign_in(domain.id, &number, !none).await?;
            let told = if none { "may not" } else { "may" };
            Ok(writeln!(
                terminal.output,
                "extension {number} {told} sign in at phones of other extensions"
            )?)
        }
        ExtensionCommand::Pin { number, domain, none } => {
            let domain = store.require_domain(&domain).await?;
            let mut line = String::new();
            if !none {
                terminal.input.read_line(&mut line)?;
            }
            let pin = (!none).then(|| Secret::new(line.trim_end_matches(['\r', '\n'])));
            store.set_mailbox_pin(domain.id, &number, pin).await?;
            let done = if none { "removed" } else { "set" };
            Ok(writeln!(terminal.output, "PIN of the mailbox of {number} {done}")?)
        }
        ExtensionCommand::Mail { number, domain, address, without_sound, delete_sent, none: _ } => {
            let domain = store.require_domain(&domain).await?;
            let line = store.require_extension(domain.id, &number).await?;
            let settings = address.map(|address| MailSettings {
                address: address.to_string(),
                has_sound: !without_sound,
                deletes_sent: delete_sent,
            });
            store.set_mail_settings(domain.id, line.id, settings.as_ref()).await?;
            let done = match settings {
                Some(settings) => format!(
                    "letters about messages for {number} go to {}, where the configuration has a \
                     [mail] section",
                    settings.address
                ),
                None => format!("no letters about messages for {number} are written"),
            };
            Ok(writeln!(terminal.output, "{done}")?)
        }
        ExtensionCommand::Remove { number, domain } => {
            let domain = store.require_domain(&domain).await?;
            store.remove_extension(domain.id, &number).await?;
            Ok(writeln!(terminal.output, "extension {number} removed")?)
        }
    }
}

/// An extension as the command line describes it.
struct Seat {
    number: String,
    display_name: String,
    user: Option<String>,
    calls_max: Option<u32>,
    ring_timeout_s: u32,
    media: MediaRules,
    outbound: LineOutbound,
    may_sign_in: bool,
}

async fn add_extension(
    store: &Store,
    domain: &str,
    seat: Seat,
    password: PasswordSource,
    terminal: &mut Terminal<'_>,
) -> Result<(), AdminError> {
    let domain = store.require_domain(domain).await?;
    let user = match seat.user {
        None => None,
        Some(login) => Some(store.require_user(domain.id, &login).await?.id),
    };
    let Chosen { password, is_made_up } = password.choose(terminal.input)?;
    let extension = NewExtension {
        number: seat.number.clone(),
        display_name: seat.display_name,
        password: password.clone(),
        calls_max: seat.calls_max,
        ring_timeout_s: seat.ring_timeout_s,
        user,
        media: seat.media,
        outbound: seat.outbound,
        may_sign_in: seat.may_sign_in,
    };
    store.add_extension(&domain, extension).await?;
    writeln!(terminal.output, "extension {} of {} added", seat.number, domain.name)?;
    tell(is_made_up, password.expose(), terminal)
}

async fn list_users(store: &Store, terminal: &mut Terminal<'_>) -> Result<(), AdminError> {
    let names = domain_names(store).await?;
    for user in store.list_users().await? {
        let domain = names.get(&user.domain).map_or("", String::as_str);
        let state = if user.is_disabled { "disabled" } else { "enabled" };
        let roles: Vec<_> =
            store.roles_of_user(user.id).await?.into_iter().map(|it| it.code).collect();
        let (login, roles, name) = (user.login, roles.join(","), user.display_name);
        writeln!(terminal.output, "{domain}\t{login}\t{roles}\t{state}\t{name}")?;
    }
    Ok(())
}

async fn list_extensions(store: &Store, terminal: &mut Terminal<'_>) -> Result<(), AdminError> {
    let names = domain_names(store).await?;
    for row in store.list_extensions().await? {
        let extension = row.extension;
        let domain = names.get(&extension.domain).map_or("", String::as_str);
        let limit = extension.calls_max.map_or("no limit".to_owned(), |it| format!("{it} calls"));
        let (number, name) = (extension.number, extension.display_name);
        let rights = rights(&extension.outbound.classes);
        writeln!(terminal.output, "{domain}\t{number}\t{limit}\t{rights}\t{name}")?;
    }
    Ok(())
}

/// The classes of numbers outside that an extension may call, for people.
fn rights(classes: &BTreeSet<String>) -> String {
    if classes.is_empty() {
        return "nothing".to_owned();
    }
    classes.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

async fn domain_names(store: &Store) -> Result<HashMap<base::DomainId, String>, StoreError> {
    Ok(store.list_domains().await?.into_iter().map(|it| (it.id, it.name)).collect())
}

async fn set_disabled(
    store: &Store,
    domain: &str,
    login: &str,
    is_disabled: bool,
) -> Result<(), StoreError> {
    let domain = store.require_domain(domain).await?;
    let user = store.require_user(domain.id, login).await?;
    store.set_user_disabled(domain.id, user.id, is_disabled).await
}

/// A password that nobody chose is told once, here and nowhere else.
fn tell(is_made_up: bool, password: &str, terminal: &mut Terminal<'_>) -> Result<(), AdminError> {
    if is_made_up {
        writeln!(terminal.output, "password: {password}")?;
    }
    Ok(())
}
