//! `/admin/trunks`: links to carriers. Those of the configuration file are shown beside those of the
//! database, and changed there.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, FieldError, IfMatch, JsonBody, Problem,
    Session, Text, UrlPath,
    admin_dialplans::{domain_of_file, no_dialplan_changes},
    media_rules::Dtmf,
};
use crate::{
    config::{self, Secret, TrunkMistake, TrunkText},
    store::{LeftOut, LeftOutReason, Right, StoreError, TrunkDraft, TrunkRow, directory},
};
use axum::{Json, extract::State, http::StatusCode};
use base::TrunkId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes(door: Door) -> Door {
    let manage = Access::Right(Right::TrunksManage);
    door.route(manage, routes!(list, add)).route(manage, routes!(one, change, remove))
}

/// All trunks of the domain.
#[derive(Debug, Serialize, ToSchema)]
struct Trunks {
    /// By name.
    items: Vec<Trunk>,
}

/// A link to a carrier, known by its address or by what it signs in with.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Trunk {
    /// Id.
    id: String,
    /// Where it is written.
    source: TrunkSource,
    /// Its name in dialplans.
    name: String,
    /// Where calls go out: `HOST:PORT/udp` or `HOST:PORT/tcp`.
    destination: String,
    /// Requests from these addresses are this trunk's.
    sources: Vec<String>,
    /// Port that they must come from; `null` for any.
    #[schema(required)]
    source_port: Option<i64>,
    /// User that it signs its requests as, with a password; `null` if its address is enough.
    #[schema(required)]
    inbound_user: Option<String>,
    /// User that it knows us as, with a password; `null` if it knows us by our address.
    #[schema(required)]
    user: Option<String>,
    /// The one realm that these are for; `null` for any.
    #[schema(required)]
    realm: Option<String>,
    /// For how long we register with it, in seconds; `null` if we do not.
    #[schema(required)]
    register_expires_s: Option<i64>,
    /// Where registration goes, in order, if the destination does not take it.
    register_fallbacks: Vec<String>,
    /// Most calls at a time, both directions together; `null` for no limit.
    #[schema(required)]
    channels_max: Option<i64>,
    /// Most new calls a second, both directions together; `null` for no limit.
    #[schema(required)]
    cps_max: Option<i64>,
    /// How often it is asked by OPTIONS whether it is there, in seconds; `null` for never.
    #[schema(required)]
    health_interval_s: Option<i64>,
    /// How keys come from it and go to it.
    dtmf: Dtmf,
    /// Codecs that it may use, the preferred first; empty for all.
    codecs: Vec<String>,
    /// How it writes numbers.
    #[serde(flatten)]
    numbers: Numbers,
    /// What a minute costs by the beginning of numbers, like `+7495 0.85`, `*` for all.
    rates: Vec<String>,
    /// Whether calls go through it.
    is_enabled: bool,
    /// Why calls do not go through it though it is enabled; `null` if they do.
    #[schema(required)]
    left_out: Option<Text>,
    /// For `If-Match`; `null` for one of the file.
    #[schema(required)]
    version: Option<i64>,
}

/// How a trunk writes numbers, and what it is told of callers. Rules are written like `8{rest:10} ->
/// +7{rest}`, and the first that matches decides.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TrunkNumbers)]
struct Numbers {
    /// Rules for numbers that are called through it.
    called_out: Vec<String>,
    /// Rules for numbers that it calls.
    called_in: Vec<String>,
    /// Rules for numbers of those who call through it.
    caller_out: Vec<String>,
    /// Rules for numbers of those who call from it.
    caller_in: Vec<String>,
    /// The number that it sees of lines without one of their own, up to 32 digits, perhaps after a
    /// `+`; `null` for the line's.
    #[schema(required)]
    caller_default: Option<String>,
    /// Whether it is told who calls and who had the call before, also of who wants to be unknown.
    asserts_callers: bool,
}

/// Where a trunk is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TrunkSource {
    /// In the configuration file: changed there, and by a reload.
    File,
    /// In the database: changed here.
    Database,
}

/// A trunk as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TrunkDraft)]
struct Wanted {
    /// Its name in dialplans: up to 64 letters, digits, `-`, `_` and `.`.
    name: String,
    /// Where calls go out: `HOST:PORT/udp` or `HOST:PORT/tcp`.
    destination: String,
    /// Requests from these addresses are this trunk's; none if it only takes calls, or signs in.
    #[serde(default)]
    sources: Vec<String>,
    /// Port that they must come from, where trunks or phones share an address; `null` for any.
    source_port: Option<i64>,
    /// User that it signs its requests as, in the realm of the domain, and that no line is called like;
    /// `null` if its address is enough.
    inbound_user: Option<String>,
    /// Password of that user; `null` for the one that is stored for that user. Nobody reads it again.
    inbound_password: Option<String>,
    /// User that it knows us as; `null` if it knows us by our address.
    user: Option<String>,
    /// Password of that user; `null` for the one that is stored, as long as user, realm, destination
    /// and fallbacks are those that it was stored for. Nobody reads it again.
    password: Option<String>,
    /// The one realm that these are for; `null` for any.
    realm: Option<String>,
    /// For how long we register with it, 60 to 86400 seconds; `null` if we do not.
    register_expires_s: Option<i64>,
    /// Where registration goes, in order, if the destination does not take it: `HOST:PORT/udp` or
    /// `HOST:PORT/tcp`.
    #[serde(default)]
    register_fallbacks: Vec<String>,
    /// Most calls at a time, both directions together, 1 to 100000; `null` for no limit.
    channels_max: Option<i64>,
    /// Most new calls a second, both directions together, 1 to 10000; `null` for no limit.
    cps_max: Option<i64>,
    /// How often it is asked by OPTIONS whether it is there, 5 to 3600 seconds; `null` for never.
    health_interval_s: Option<i64>,
    /// How keys come from it and go to it.
    #[serde(default)]
    dtmf: Dtmf,
    /// Codecs that it may use, the preferred first; empty for all.
    #[serde(default)]
    codecs: Vec<String>,
    /// Rules for numbers that are called through it, like `8{rest:10} -> +7{rest}`; the first that
    /// matches decides.
    #[serde(default)]
    called_out: Vec<String>,
    /// The same for numbers that it calls.
    #[serde(default)]
    called_in: Vec<String>,
    /// The same for numbers of those who call through it.
    #[serde(default)]
    caller_out: Vec<String>,
    /// The same for numbers of those who call from it.
    #[serde(default)]
    caller_in: Vec<String>,
    /// The number that it sees of lines without one of their own, up to 32 digits, perhaps after a
    /// `+`; `null` for the line's.
    caller_default: Option<String>,
    /// Whether it is told who calls and who had the call before, also of who wants to be unknown.
    #[serde(default)]
    asserts_callers: bool,
    /// What a minute costs by the beginning of numbers, like `+7495 0.85`, `*` for all: for plans that
    /// choose the cheapest trunk.
    #[serde(default)]
    rates: Vec<String>,
    /// Whether calls go through it.
    #[serde(default = "yes")]
    is_enabled: bool,
}

/// The trunks
#[utoipa::path(
    get, path = "/admin/trunks", tag = "administration",
    responses((status = 200, body = Trunks), Problem)
)]
async fn list(State(api): State<ApiState>, session: Session) -> Result<Json<Trunks>, Problem> {
    Ok(Json(Trunks { items: load_all(&api, &session).await? }))
}

/// A trunk
#[utoipa::path(
    get, path = "/admin/trunks/{id}", tag = "administration", params(("id" = String, Path)),
    responses((status = 200, body = Trunk), Problem)
)]
async fn one(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<String>,
) -> Result<Json<Trunk>, Problem> {
    Ok(Json(load(&api, &session, &id).await?))
}

/// Make a trunk
#[utoipa::path(
    post, path = "/admin/trunks", tag = "administration", request_body = Wanted,
    responses((status = 201, body = Trunk), Problem)
)]
async fn add(
    State(api): State<ApiState>,
    session: Session,
    JsonBody(wanted): JsonBody<Wanted>,
) -> Result<(StatusCode, Json<Trunk>), Problem> {
    let _others_wait = no_dialplan_changes().await;
    let draft = checked(&api, &session, wanted, None).await?;
    let id = api.store.add_trunk(session.domain.id, &draft).await.map_err(taken)?;
    let trunk = told(&api, &session, AuditAction::TrunkAdded, id, None).await?;
    Ok((StatusCode::CREATED, Json(trunk)))
}

/// Change a trunk
///
/// One that dialplans name keeps its name.
#[utoipa::path(
    put, path = "/admin/trunks/{id}", tag = "administration", params(("id" = String, Path)),
    request_body = Wanted, responses((status = 200, body = Trunk), Problem)
)]
async fn change(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<String>,
    IfMatch(version): IfMatch,
    JsonBody(wanted): JsonBody<Wanted>,
) -> Result<Json<Trunk>, Problem> {
    let _others_wait = no_dialplan_changes().await;
    let (row, before) = load_writable(&api, &session, &id, version).await?;
    let draft = checked(&api, &session, wanted, Some(row)).await?;
    if draft.text.name != before.name {
        require_unused(&api, &session, &before.name)?;
    }
    match api.store.change_trunk(session.domain.id, row, version, &draft).await {
        Err(StoreError::Conflict) => {
            return Err(Problem::version_conflict(&load(&api, &session, &id).await?));
        }
        other => other.map_err(taken)?,
    }
    Ok(Json(told(&api, &session, AuditAction::TrunkChanged, row, Some(&before)).await?))
}

/// Remove a trunk
///
/// One that dialplans name stays.
#[utoipa::path(
    delete, path = "/admin/trunks/{id}", tag = "administration", params(("id" = String, Path)),
    responses((status = 204, description = "Removed"), Problem)
)]
async fn remove(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<String>,
    IfMatch(version): IfMatch,
) -> Result<StatusCode, Problem> {
    let _others_wait = no_dialplan_changes().await;
    let (row, before) = load_writable(&api, &session, &id, version).await?;
    require_unused(&api, &session, &before.name)?;
    api.store.remove_trunk(session.domain.id, row, version).await?;
    let act = Act {
        before: json(&before),
        ..Act::on(AuditAction::TrunkRemoved, AuditObject::Trunk, &before.id)
    };
    api.audit(&session, act).await?;
    api.directory_changed().await;
    api.changed(&session, "trunk", &before.id, None);
    Ok(StatusCode::NO_CONTENT)
}

impl Trunk {
    fn of_file(trunk: &config::Trunk) -> Self {
        let id = format!("{FILE_ID}{}", trunk.name);
        Self { source: TrunkSource::File, version: None, ..Self::written(id, trunk.text()) }
    }

    fn of_row(row: TrunkRow, left_out: &[LeftOut]) -> Self {
        let left_out = left_out.iter().find(|it| it.id == Some(row.id));
        Self {
            is_enabled: row.draft.is_enabled,
            left_out: left_out.map(|it| words(&it.reason)),
            version: Some(row.version),
            ..Self::written(row.id.to_string(), row.draft.text)
        }
    }

    /// As it is written, without its password.
    fn written(id: String, text: TrunkText) -> Self {
        let given = |it: String| Some(it).filter(|it| !it.is_empty());
        Self {
            id,
            source: TrunkSource::Database,
            name: text.name,
            destination: text.destination,
            sources: text.sources,
            source_port: text.source_port,
            inbound_user: given(text.inbound_user),
            user: given(text.user),
            realm: given(text.realm),
            register_expires_s: text.register_expires_s,
            register_fallbacks: text.register_fallbacks,
            channels_max: text.channels_max,
            cps_max: text.cps_max,
            health_interval_s: text.health_interval_s,
            dtmf: Dtmf::named(&text.dtmf),
            codecs: text.codecs,
            numbers: Numbers {
                called_out: text.called_out,
                called_in: text.called_in,
                caller_out: text.caller_out,
                caller_in: text.caller_in,
                caller_default: given(text.caller_default),
                asserts_callers: text.asserts_callers,
            },
            rates: text.rates,
            is_enabled: true,
            left_out: None,
            version: None,
        }
    }
}

impl Wanted {
    /// Whether the user is that of the stored trunk, and so is whoever asks it for its password: who
    /// may not read the password must not have it sent elsewhere.
    fn has_user_of(&self, stored: &TrunkText) -> bool {
        let is_same = |wanted: &Option<String>, stored: &str| {
            wanted.as_deref().unwrap_or_default().trim() == stored
        };
        is_same(&self.user, &stored.user)
            && is_same(&self.realm, &stored.realm)
            && self.destination.trim() == stored.destination
            && self.register_fallbacks.iter().map(|it| it.trim()).eq(&stored.register_fallbacks)
    }

    /// As it would be written in place of `before`, whose passwords stay unless others are typed.
    fn text_after(self, before: Option<&TrunkText>) -> TrunkText {
        let stored = before.filter(|it| self.has_user_of(it)).and_then(|it| it.password.clone());
        let trimmed = |it: Option<String>| it.map(|it| it.trim().to_owned()).unwrap_or_default();
        let user = trimmed(self.user);
        let typed = self.password.filter(|it| !it.is_empty()).map(Secret::new);
        let inbound_user = trimmed(self.inbound_user);
        let is_same_user = |it: &&TrunkText| it.inbound_user == inbound_user;
        let stored_inbound = before.filter(is_same_user).and_then(|it| it.inbound_password.clone());
        let typed_inbound = self.inbound_password.filter(|it| !it.is_empty()).map(Secret::new);
        TrunkText {
            name: self.name.trim().to_owned(),
            destination: self.destination.trim().to_owned(),
            sources: self.sources,
            source_port: self.source_port,
            inbound_password: typed_inbound.or(stored_inbound),
            inbound_user,
            password: typed.or(stored.filter(|_| !user.is_empty())),
            user,
            realm: trimmed(self.realm),
            register_expires_s: self.register_expires_s,
            register_fallbacks: self.register_fallbacks,
            channels_max: self.channels_max,
            cps_max: self.cps_max,
            health_interval_s: self.health_interval_s,
            dtmf: self.dtmf.mode().name().to_owned(),
            codecs: self.codecs,
            called_out: self.called_out,
            called_in: self.called_in,
            caller_out: self.caller_out,
            caller_in: self.caller_in,
            caller_default: trimmed(self.caller_default),
            asserts_callers: self.asserts_callers,
            rates: self.rates,
        }
    }
}

/// The domain's own: those of the file whose domain it is, and its rows.
async fn load_all(api: &ApiState, session: &Session) -> Result<Vec<Trunk>, Problem> {
    let config = api.config_in_force();
    let rows = api.store.list_trunks().await?;
    let domains = api.store.list_domains().await?;
    let (_, left_out) = directory::trunks_in_force(&config.trunks, rows.clone(), &domains);
    let own = domains.iter().find(|it| it.id == session.domain.id);
    let is_own =
        |it: &&config::Trunk| own.is_some_and(|own| own.names().any(|name| name == it.domain));
    let file = config.trunks.iter().filter(is_own).map(Trunk::of_file);
    let rows = rows.into_iter().filter(|it| it.domain == session.domain.id);
    let mut all: Vec<_> = file.chain(rows.map(|it| Trunk::of_row(it, &left_out))).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

async fn load(api: &ApiState, session: &Session, id: &str) -> Result<Trunk, Problem> {
    let all = load_all(api, session).await?;
    all.into_iter().find(|it| it.id == id).ok_or_else(Problem::not_found)
}

/// The trunk, if it is of the database and as the writer saw it.
async fn load_writable(
    api: &ApiState,
    session: &Session,
    id: &str,
    version: i64,
) -> Result<(TrunkId, Trunk), Problem> {
    let trunk = load(api, session, id).await?;
    match (trunk.source, id.parse()) {
        (TrunkSource::Database, Ok(row)) if trunk.version == Some(version) => Ok((row, trunk)),
        (TrunkSource::Database, _) => Err(Problem::version_conflict(&trunk)),
        (TrunkSource::File, _) => Err(Problem::read_only(Text::both(
            format!("Транк {:?} задан в файле конфигурации: измените его там", trunk.name),
            format!("Trunk {:?} is in the configuration file: change it there", trunk.name),
        ))),
    }
}

/// What is to be stored; `own` is the row that it takes the place of.
async fn checked(
    api: &ApiState,
    session: &Session,
    wanted: Wanted,
    own: Option<TrunkId>,
) -> Result<TrunkDraft, Problem> {
    let is_enabled = wanted.is_enabled;
    let rows = api.store.list_trunks().await?;
    let before = rows.iter().find(|it| Some(it.id) == own).map(|it| &it.draft.text);
    let text = wanted.text_after(before);
    let trunk = text.check(&session.domain.name).map_err(refused)?;
    if let Some(login) = &trunk.inbound_login
        && api.store.extension_with_number(session.domain.id, &login.username).await?.is_some()
    {
        return Err(refused(vec![config::Trunk::login_taken()]));
    }
    let config = api.config_in_force();
    if config.trunks.iter().any(|it| it.name == trunk.name) {
        return Err(Problem::exists("name"));
    }
    // Those that are disabled count: they may be enabled again.
    let rows = rows.into_iter().filter(|it| Some(it.id) != own);
    let domains = api.store.list_domains().await?;
    let name_of = |id| domains.iter().find(|it| it.id == id).map_or("", |it| it.name.as_str());
    let rows = rows.filter_map(|it| it.draft.text.check(name_of(it.domain)).ok());
    let others: Vec<_> = config.trunks.iter().cloned().chain(rows).collect();
    let own = domains.iter().find(|it| it.id == session.domain.id);
    let is_own =
        |it: &config::Trunk| own.is_some_and(|own| own.names().any(|name| name == it.domain));
    if let Some(rival) = trunk.rival(&others) {
        let name = is_own(rival).then_some(rival.name.as_str());
        return Err(refused(vec![config::Trunk::rivalry(name)]));
    }
    if others.iter().any(|it| is_own(it) && it.shares_login(&trunk)) {
        return Err(refused(vec![config::Trunk::login_taken()]));
    }
    Ok(TrunkDraft { text: trunk.text(), is_enabled })
}

/// Whether a trunk of the session's domain signs in as this user.
pub(super) async fn signs_in(
    api: &ApiState,
    session: &Session,
    user: &str,
) -> Result<bool, Problem> {
    let config = api.config_in_force();
    let login = |it: &config::Trunk| it.inbound_login.as_ref().map(|it| it.username.clone());
    let is_own = |it: &&config::Trunk| session.domain.names().any(|name| name == it.domain);
    if config.trunks.iter().filter(is_own).any(|it| login(it).as_deref() == Some(user)) {
        return Ok(true);
    }
    let rows = api.store.list_trunks().await?;
    Ok(rows.iter().any(|it| it.domain == session.domain.id && it.draft.text.inbound_user == user))
}

/// Refuses if dialplans name the trunk: without it they would not load any more.
fn require_unused(api: &ApiState, session: &Session, name: &str) -> Result<(), Problem> {
    let Some(house) = &api.house else { return Ok(()) };
    let Ok(plans) = house.load_plans(None) else {
        return Err(Problem::in_use(Text::fixed(
            "В диалпланах есть ошибки: исправьте их, чтобы было видно, кто использует транк",
            "The dialplans have mistakes: mend them, to see what uses the trunk",
        )));
    };
    let rules = plans.rules_of_trunk(name);
    let Some(rule) = rules.first() else { return Ok(()) };
    let domain = domain_of_file(house, rule.file);
    let is_visible = session.may(Right::DomainsManage)
        || domain.is_none_or(|it| it.eq_ignore_ascii_case(&session.domain.name));
    Err(Problem::in_use(if is_visible {
        let (file, line, rule) = (rule.file, rule.line, rule.name);
        Text::both(
            format!("Транк использует правило {rule:?}, {file}:{line}"),
            format!("Rule {rule:?} uses the trunk, {file}:{line}"),
        )
    } else {
        Text::fixed(
            "Транк использует диалплан другого домена",
            "A dialplan of another domain uses the trunk",
        )
    }))
}

/// Writes the change down, lets calls go by it, tells those who listen.
async fn told(
    api: &ApiState,
    session: &Session,
    what: AuditAction,
    id: TrunkId,
    before: Option<&Trunk>,
) -> Result<Trunk, Problem> {
    let after = load(api, session, &id.to_string()).await?;
    let act = Act {
        before: before.and_then(json),
        after: json(&after),
        ..Act::on(what, AuditObject::Trunk, &after.id)
    };
    api.audit(session, act).await?;
    api.directory_changed().await;
    api.changed(session, "trunk", &after.id, after.version);
    Ok(after)
}

fn json(trunk: &Trunk) -> Option<serde_json::Value> {
    serde_json::to_value(trunk).ok()
}

fn refused(mistakes: Vec<TrunkMistake>) -> Problem {
    let errors = mistakes.into_iter().map(|it| {
        let TrunkMistake { field, code, ru, en } = it;
        FieldError::new(field, code, Text::of_error(ru, en))
    });
    Problem::invalid(errors.collect())
}

fn taken(error: StoreError) -> Problem {
    let is_taken = matches!(error, StoreError::Exists { .. });
    if is_taken { Problem::exists("name") } else { error.into() }
}

fn words(reason: &LeftOutReason) -> Text {
    match reason {
        LeftOutReason::UnknownDomain(_) => Text::of_error("Такого домена нет", reason),
        LeftOutReason::NameTaken => {
            Text::of_error("В файле конфигурации есть транк с таким именем", reason)
        }
        LeftOutReason::SourceTaken(_) => Text::fixed(
            "Его адрес есть и у другого транка, который важнее",
            "Another trunk, which comes first, has its address too",
        ),
        LeftOutReason::LoginTaken(_) => Text::fixed(
            "Тем же пользователем представляется другой транк, который важнее",
            "Another trunk, which comes first, signs in as the same user",
        ),
        LeftOutReason::Malformed(mistakes) => {
            let told: Vec<_> =
                mistakes.iter().map(|it| format!("{}: {}", it.field, it.ru)).collect();
            Text::of_error(told.join("; "), reason)
        }
    }
}

fn yes() -> bool {
    true
}

/// What ids of trunks of the file begin with.
const FILE_ID: &str = "file:";
