//! `/admin/domains`: the tenants of the installation. Who may manage domains manages all of them.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, FieldError, IfMatch, JsonBody, Problem,
    Session, Text, UrlPath, media_rules::checked_music, time::rfc3339,
};
use crate::store::{
    DomainContents, DomainRow, Right, StoreError, domains, domains::check_domain_name,
};
use axum::{Json, extract::State, http::StatusCode};
use base::DomainId;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    let manage = Access::Right(Right::DomainsManage);
    door.route(manage, routes!(list, add)).route(manage, routes!(one, change, remove))
}

/// All domains.
#[derive(Debug, Serialize, ToSchema)]
struct Domains {
    /// By name.
    items: Vec<Domain>,
}

/// A tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Domain {
    /// Id.
    id: Uuid,
    /// The host part of its addresses, and the realm of its passwords.
    name: String,
    /// Other host names and addresses that mean it.
    aliases: Vec<String>,
    /// Music that whoever is put on hold hears, unless the holder's line has its own; `null` for
    /// that of the configuration.
    #[schema(required)]
    hold_music: Option<String>,
    /// How many people it has.
    users: u64,
    /// How many lines it has.
    lines: u64,
    /// How many trunks it has, those of the configuration file included.
    trunks: u64,
    /// RFC 3339.
    created_at: String,
    /// Whether it is the domain that the asker belongs to.
    is_own: bool,
    /// For `If-Match`.
    version: i64,
}

/// A domain to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDomain {
    /// Its name, which it keeps: the passwords of its lines are made with it.
    name: String,
    /// Other host names and addresses that are to mean it.
    #[serde(default)]
    aliases: Vec<String>,
    /// Music that whoever is put on hold hears, one that the server has; `null` for that of the
    /// configuration.
    hold_music: Option<String>,
}

/// What may be changed of a domain.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DomainDraft {
    /// Other host names and addresses that are to mean it.
    aliases: Vec<String>,
    /// Music that whoever is put on hold hears, one that the server has; `null` for that of the
    /// configuration.
    hold_music: Option<String>,
}

/// The domains
#[utoipa::path(
    get, path = "/admin/domains", tag = "administration",
    responses((status = 200, body = Domains), Problem)
)]
async fn list(State(api): State<ApiState>, session: Session) -> Result<Json<Domains>, Problem> {
    let contents = api.store.domain_contents().await?;
    let domains = api.store.list_domains().await?.into_iter();
    let items = domains.map(|row| {
        let contents = contents.get(&row.id).copied().unwrap_or_default();
        Domain::of(&api, &session, row, contents)
    });
    Ok(Json(Domains { items: items.collect() }))
}

/// A domain
#[utoipa::path(
    get, path = "/admin/domains/{id}", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 200, body = Domain), Problem)
)]
async fn one(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<Json<Domain>, Problem> {
    Ok(Json(load(&api, &session, id).await?.1))
}

/// Make a domain, with its built-in roles
#[utoipa::path(
    post, path = "/admin/domains", tag = "administration", request_body = NewDomain,
    responses((status = 201, body = Domain), Problem)
)]
async fn add(
    State(api): State<ApiState>,
    session: Session,
    JsonBody(wanted): JsonBody<NewDomain>,
) -> Result<(StatusCode, Json<Domain>), Problem> {
    let (name, aliases) = (wanted.name.trim(), trimmed(&wanted.aliases));
    check(&api, Some(name), &aliases, None).await?;
    let hold_music = music(&api, wanted.hold_music.as_deref())?;
    let draft = domains::DomainDraft { aliases, hold_music };
    let id = api.store.add_domain_with(name, &draft).await?;
    Ok((
        StatusCode::CREATED,
        Json(told(&api, &session, AuditAction::DomainAdded, id.0, None).await?),
    ))
}

/// Change a domain's aliases
#[utoipa::path(
    put, path = "/admin/domains/{id}", tag = "administration", params(("id" = Uuid, Path)),
    request_body = DomainDraft, responses((status = 200, body = Domain), Problem)
)]
async fn change(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    IfMatch(version): IfMatch,
    JsonBody(wanted): JsonBody<DomainDraft>,
) -> Result<Json<Domain>, Problem> {
    let (row, before) = load(&api, &session, id).await?;
    if before.version != version {
        return Err(Problem::version_conflict(&before));
    }
    let aliases = trimmed(&wanted.aliases);
    check(&api, None, &aliases, Some(row.id)).await?;
    require_unnamed(&api, &row, &aliases)?;
    let hold_music = music(&api, wanted.hold_music.as_deref())?;
    let draft = domains::DomainDraft { aliases, hold_music };
    match api.store.change_domain(&row, version, &draft).await {
        Err(StoreError::Conflict) => {
            return Err(Problem::version_conflict(&load(&api, &session, id).await?.1));
        }
        other => other?,
    }
    Ok(Json(told(&api, &session, AuditAction::DomainChanged, id, Some(&before)).await?))
}

/// Remove a domain in which nothing is left
#[utoipa::path(
    delete, path = "/admin/domains/{id}", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Removed"), Problem)
)]
async fn remove(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    IfMatch(version): IfMatch,
) -> Result<StatusCode, Problem> {
    let (row, before) = load(&api, &session, id).await?;
    if before.version != version {
        return Err(Problem::version_conflict(&before));
    }
    require_removable(&before)?;
    match api.store.remove_domain(row.id, version).await {
        Err(StoreError::Conflict) => {
            let (_, current) = load(&api, &session, id).await?;
            require_removable(&current)?;
            return Err(Problem::version_conflict(&current));
        }
        other => other?,
    }
    let act = Act {
        before: json(&before),
        ..Act::on(AuditAction::DomainRemoved, AuditObject::Domain, id)
    };
    api.audit(&session, act).await?;
    api.directory_changed().await;
    api.changed(&session, "domain", id, None);
    Ok(StatusCode::NO_CONTENT)
}

impl Domain {
    fn of(api: &ApiState, session: &Session, row: DomainRow, contents: DomainContents) -> Self {
        let config = api.config_in_force();
        let of_file = config.trunks.iter().filter(|it| row.names().any(|name| name == it.domain));
        Self {
            trunks: contents.trunks + of_file.count() as u64,
            id: row.id.0,
            name: row.name,
            aliases: row.aliases,
            hold_music: row.hold_music,
            users: contents.users,
            lines: contents.lines,
            created_at: rfc3339(row.created_at),
            is_own: row.id == session.domain.id,
            version: row.version,
        }
    }
}

async fn load(api: &ApiState, session: &Session, id: Uuid) -> Result<(DomainRow, Domain), Problem> {
    let row = api.store.domain(DomainId(id)).await?.ok_or_else(Problem::not_found)?;
    let contents = api.store.domain_contents().await?.remove(&row.id).unwrap_or_default();
    Ok((row.clone(), Domain::of(api, session, row, contents)))
}

/// Refuses for one's own domain and for one in which something is left, which it names.
fn require_removable(domain: &Domain) -> Result<(), Problem> {
    if domain.is_own {
        return Err(Problem::in_use(Text::fixed(
            "Это ваш собственный домен",
            "It is your own domain",
        )));
    }
    let left = [
        (domain.users, "пользователи", "users"),
        (domain.lines, "линии", "lines"),
        (domain.trunks, "транки", "trunks"),
    ];
    let (mut ru, mut en) = (Vec::new(), Vec::new());
    for (count, ru_name, en_name) in left.into_iter().filter(|(count, ..)| *count > 0) {
        ru.push(format!("{ru_name}: {count}"));
        en.push(format!("{en_name}: {count}"));
    }
    if ru.is_empty() {
        return Ok(());
    }
    Err(Problem::in_use(Text::both(
        format!("В домене остались {}", ru.join(", ")),
        format!("The domain still has {}", en.join(", ")),
    )))
}

/// Refuses if a trunk of the configuration file has its domain by a name that is to go: calls
/// would not go through it any more.
fn require_unnamed(api: &ApiState, row: &DomainRow, aliases: &[String]) -> Result<(), Problem> {
    let stays = |name: &str| {
        name == row.name || aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    };
    let goes = |name: &str| row.names().any(|own| own == name) && !stays(name);
    let config = api.config_in_force();
    let Some(trunk) = config.trunks.iter().find(|it| goes(&it.domain)) else { return Ok(()) };
    let (name, alias) = (&trunk.name, &trunk.domain);
    Err(Problem::in_use(Text::both(
        format!("Транк {name:?} в файле конфигурации указывает домен как {alias:?}"),
        format!("Trunk {name:?} of the configuration file names the domain as {alias:?}"),
    )))
}

fn music(api: &ApiState, name: Option<&str>) -> Result<Option<String>, Problem> {
    checked_music(api, name).map_err(|error| Problem::invalid(vec![error]))
}

fn trimmed(names: &[String]) -> Vec<String> {
    names.iter().map(|it| it.trim().to_owned()).collect()
}

/// Refuses names that are none, and names that another domain has; `own` is the domain that is
/// changed.
async fn check(
    api: &ApiState,
    name: Option<&str>,
    aliases: &[String],
    own: Option<DomainId>,
) -> Result<(), Problem> {
    let named = name.map(|name| ("name".to_owned(), name));
    let aliases = aliases.iter().enumerate();
    let aliases = aliases.map(|(n, alias)| (format!("aliases[{n}]"), alias.as_str()));
    let all: Vec<_> = named.into_iter().chain(aliases).collect();
    if all.len() > NAMES_MAX {
        let message = Text::fixed("Не больше 64 имён", "At most 64 names");
        return Err(Problem::invalid_field("aliases", "too_many", message));
    }
    let (mut errors, mut kept) = (Vec::new(), Vec::new());
    for (field, name) in all {
        match check_domain_name(name) {
            Ok(name) => kept.push((field, name)),
            Err(error) => {
                let ru =
                    format!("{name:?} — не домен: напишите имя хоста или адрес без скобок и порта");
                errors.push(FieldError::new(field, "malformed", Text::of_error(ru, error)));
            }
        }
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let domains = api.store.list_domains().await?;
    let others = domains.iter().filter(|it| Some(it.id) != own);
    let taken: HashSet<&str> = others.flat_map(DomainRow::names).collect();
    match kept.into_iter().find(|(_, name)| taken.contains(name.as_str())) {
        Some((field, _)) => Err(Problem::exists(field)),
        None => Ok(()),
    }
}

/// Writes the change down, lets calls go by it, tells those who listen.
async fn told(
    api: &ApiState,
    session: &Session,
    what: AuditAction,
    id: Uuid,
    before: Option<&Domain>,
) -> Result<Domain, Problem> {
    let (_, after) = load(api, session, id).await?;
    let act = Act {
        before: before.and_then(json),
        after: json(&after),
        ..Act::on(what, AuditObject::Domain, id)
    };
    api.audit(session, act).await?;
    api.directory_changed().await;
    api.changed(session, "domain", id, after.version);
    Ok(after)
}

fn json(domain: &Domain) -> Option<serde_json::Value> {
    serde_json::to_value(domain).ok()
}

/// Its name and its aliases.
const NAMES_MAX: usize = 64;
