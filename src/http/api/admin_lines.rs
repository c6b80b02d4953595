//! `/admin/lines`: extensions.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, FieldError, IfMatch, JsonBody, Problem,
    Session, Text, UrlPath,
    admin_outbound::checked_classes,
    admin_trunks::signs_in,
    media_rules::{Dtmf, checked_music},
};
use crate::{
    config::{Secret, codecs_mistake, is_caller_number},
    store::{
        ExtensionDraft, ExtensionRow, NewExtension, Right,
        extensions::{CALLS_MAX_DEFAULT, RING_TIMEOUT_S_DEFAULT, check_number},
    },
};
use axum::{Json, extract::State, http::StatusCode};
use base::{ExtensionId, Rng, UserId};
use call::{Codecs, MediaRules, outbound::LineOutbound};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes(door: Door) -> Door {
    let manage = Access::Right(Right::LinesManage);
    door.route(manage, routes!(list, add))
        .route(manage, routes!(one, change, remove))
        .route(manage, routes!(set_password))
}

/// All lines of the domain.
#[derive(Debug, Serialize, ToSchema)]
struct Lines {
    /// By number.
    items: Vec<Line>,
}

/// An extension.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Line {
    /// Id.
    id: Uuid,
    /// The number, which is also the SIP user name.
    number: String,
    /// Shown to those it calls.
    name: String,
    /// Who sits there.
    #[schema(required)]
    user_id: Option<Uuid>,
    /// Most calls at a time; `null` for no limit.
    #[schema(required)]
    calls_max: Option<u32>,
    /// How long it rings, in seconds.
    ring_timeout_s: u32,
    /// How keys come from its devices and go to them.
    dtmf: Dtmf,
    /// Codecs that its devices may use, the preferred first; empty for all.
    codecs: Vec<String>,
    /// Music that whoever it puts on hold hears; `null` for that of the domain.
    #[schema(required)]
    hold_music: Option<String>,
    /// Names of the classes of numbers that it may call through trunks.
    outbound_classes: Vec<String>,
    /// The number that trunks see of it; `null` for what the trunk says.
    #[schema(required)]
    caller_number: Option<String>,
    /// Whether those whom it calls outside are not to know who calls.
    is_withheld: bool,
    /// Whether it may sign in at phones of other lines, with its PIN.
    may_sign_in: bool,
    /// For `If-Match`.
    version: i64,
}

/// A line to be made.
#[derive(Debug, Deserialize, ToSchema)]
struct NewLine {
    /// The number, which is also the SIP user name.
    number: String,
    #[serde(flatten)]
    draft: LineDraft,
    /// SIP password; one is made up if there is none here.
    password: Option<String>,
}

/// What may be changed of a line.
#[derive(Debug, Deserialize, ToSchema)]
struct LineDraft {
    /// Shown to those it calls.
    name: String,
    /// Who sits there: a user of the domain.
    user_id: Option<Uuid>,
    /// Most calls at a time; `null` for no limit.
    #[serde(default = "calls_max")]
    calls_max: Option<u32>,
    /// How long it rings, 5 to 600 s.
    #[serde(default = "ring_timeout_s")]
    ring_timeout_s: u32,
    /// How keys come from its devices and go to them.
    #[serde(default)]
    dtmf: Dtmf,
    /// Codecs that its devices may use, the preferred first; empty for all.
    #[serde(default)]
    codecs: Vec<String>,
    /// Music that whoever it puts on hold hears, one that the server has; `null` for that of the
    /// domain.
    hold_music: Option<String>,
    /// Names of the classes of numbers that it may call through trunks; none unless they are here.
    #[serde(default)]
    outbound_classes: Vec<String>,
    /// The number that trunks see of it, up to 32 digits, perhaps after a `+`; `null` for what the
    /// trunk says.
    caller_number: Option<String>,
    /// Whether those whom it calls outside are not to know who calls.
    #[serde(default)]
    is_withheld: bool,
    /// Whether it may sign in at phones of other lines, with its PIN. One that may not any more is signed
    /// out.
    #[serde(default)]
    may_sign_in: bool,
}

/// A line that was made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeLine {
    #[serde(flatten)]
    line: Line,
    /// The SIP password if it was made up: it is told here and nowhere else.
    #[schema(required)]
    password: Option<String>,
}

/// Another SIP password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChoice {
    /// One is made up if there is none here.
    password: Option<String>,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
struct PasswordTold {
    /// The SIP password if it was made up: it is told here and nowhere else.
    #[schema(required)]
    password: Option<String>,
}

/// The lines
#[utoipa::path(
    get, path = "/admin/lines", tag = "administration",
    responses((status = 200, body = Lines), Problem)
)]
async fn list(State(api): State<ApiState>, session: Session) -> Result<Json<Lines>, Problem> {
    let rows = api.store.extensions_of_domain(session.domain.id).await?;
    Ok(Json(Lines { items: rows.into_iter().map(Line::of).collect() }))
}

/// A line
#[utoipa::path(
    get, path = "/admin/lines/{id}", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 200, body = Line), Problem)
)]
async fn one(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
) -> Result<Json<Line>, Problem> {
    Ok(Json(load(&api, &session, id).await?))
}

/// Make a line
#[utoipa::path(
    post, path = "/admin/lines", tag = "administration", request_body = NewLine,
    responses((status = 201, body = MadeLine), Problem)
)]
async fn add(
    State(api): State<ApiState>,
    session: Session,
    JsonBody(wanted): JsonBody<NewLine>,
) -> Result<(StatusCode, Json<MadeLine>), Problem> {
    let mut errors = wanted.draft.errors();
    if check_number(&wanted.number).is_err() {
        let message = Text::fixed(
            "До 32 цифр, латинских букв и знаков - _ . +",
            "Up to 32 digits, Latin letters and - _ . +",
        );
        errors.push(FieldError::new("number", "malformed", message));
    }
    if signs_in(&api, &session, &wanted.number).await? {
        let message = Text::fixed(
            "Так представляется транк: измените его имя или выберите другой номер",
            "A trunk signs in as that: give it another name, or choose another number",
        );
        errors.push(FieldError::new("number", "taken", message));
    }
    let draft = wanted.draft.checked(&api, &session, errors).await?;
    let (password, made_up) = choose(wanted.password)?;
    let new = NewExtension {
        number: wanted.number.clone(),
        display_name: draft.display_name,
        password,
        calls_max: draft.calls_max,
        ring_timeout_s: draft.ring_timeout_s,
        user: draft.user,
        media: draft.media,
        outbound: draft.outbound,
        may_sign_in: draft.may_sign_in,
    };
    let added = api.store.add_extension(&session.domain, new).await;
    let id = match added {
        Err(crate::store::StoreError::Exists { .. }) => return Err(Problem::exists("number")),
        other => other?,
    };
    let line = load(&api, &session, id.0).await?;
    told(&api, &session, AuditAction::LineAdded, None, Some(&line)).await?;
    Ok((StatusCode::CREATED, Json(MadeLine { line, password: made_up })))
}

/// Change a line
#[utoipa::path(
    put, path = "/admin/lines/{id}", tag = "administration", params(("id" = Uuid, Path)),
    request_body = LineDraft, responses((status = 200, body = Line), Problem)
)]
async fn change(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    IfMatch(version): IfMatch,
    JsonBody(wanted): JsonBody<LineDraft>,
) -> Result<Json<Line>, Problem> {
    let before = load(&api, &session, id).await?;
    if before.version != version {
        return Err(Problem::version_conflict(&before));
    }
    let errors = wanted.errors();
    let draft = wanted.checked(&api, &session, errors).await?;
    let domain = session.domain.id;
    match api.store.change_extension(domain, ExtensionId(id), version, &draft).await {
        Err(crate::store::StoreError::Conflict) => {
            return Err(Problem::version_conflict(&load(&api, &session, id).await?));
        }
        other => other?,
    }
    let line = load(&api, &session, id).await?;
    told(&api, &session, AuditAction::LineChanged, Some(&before), Some(&line)).await?;
    Ok(Json(line))
}

/// Remove a line and its registrations
#[utoipa::path(
    delete, path = "/admin/lines/{id}", tag = "administration", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Removed"), Problem)
)]
async fn remove(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    IfMatch(version): IfMatch,
) -> Result<StatusCode, Problem> {
    let before = load(&api, &session, id).await?;
    if before.version != version {
        return Err(Problem::version_conflict(&before));
    }
    api.store.remove_extension(session.domain.id, &before.number).await?;
    told(&api, &session, AuditAction::LineRemoved, Some(&before), None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a line another SIP password
#[utoipa::path(
    post, path = "/admin/lines/{id}/password", tag = "administration",
    params(("id" = Uuid, Path)), request_body = PasswordChoice,
    responses((status = 200, body = PasswordTold), Problem)
)]
async fn set_password(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(id): UrlPath<Uuid>,
    JsonBody(choice): JsonBody<PasswordChoice>,
) -> Result<Json<PasswordTold>, Problem> {
    let before = load(&api, &session, id).await?;
    let (password, made_up) = choose(choice.password)?;
    api.store.set_extension_password(&session.domain, &before.number, &password).await?;
    let line = load(&api, &session, id).await?;
    told(&api, &session, AuditAction::LinePasswordChanged, None, Some(&line)).await?;
    Ok(Json(PasswordTold { password: made_up }))
}

impl Line {
    fn of(row: ExtensionRow) -> Self {
        let ExtensionRow { extension, version } = row;
        Self {
            id: extension.id.0,
            number: extension.number,
            name: extension.display_name,
            user_id: extension.user.map(|it| it.0),
            calls_max: extension.calls_max,
            ring_timeout_s: extension.ring_timeout_s,
            dtmf: Dtmf::of(extension.media.dtmf),
            codecs: extension.media.codecs.names().to_vec(),
            hold_music: extension.media.hold_music,
            outbound_classes: extension.outbound.classes.into_iter().collect(),
            caller_number: extension.outbound.caller_number,
            is_withheld: extension.outbound.is_withheld,
            may_sign_in: extension.may_sign_in,
            version,
        }
    }
}

impl LineDraft {
    fn errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let name = self.name.trim();
        if name.chars().count() > NAME_CHARS_MAX || name.contains(char::is_control) {
            let message = Text::fixed("Одна строка до 100 знаков", "One line of up to 100 letters");
            errors.push(FieldError::new("name", "malformed", message));
        }
        if self.calls_max.is_some_and(|it| !(1..=1000).contains(&it)) {
            let message = Text::fixed("От 1 до 1000 или пусто", "From 1 to 1000, or empty");
            errors.push(FieldError::new("calls_max", "out_of_range", message));
        }
        if !(5..=600).contains(&self.ring_timeout_s) {
            let message = Text::fixed("От 5 до 600 секунд", "From 5 to 600 seconds");
            errors.push(FieldError::new("ring_timeout_s", "out_of_range", message));
        }
        errors
    }

    async fn checked(
        &self,
        api: &ApiState,
        session: &Session,
        mut errors: Vec<FieldError>,
    ) -> Result<ExtensionDraft, Problem> {
        let user = self.user_id.map(UserId);
        if let Some(id) = user
            && api.store.user(session.domain.id, id).await?.is_none()
        {
            let message = Text::fixed("Нет такого пользователя", "There is no such user");
            errors.push(FieldError::new("user_id", "unknown", message));
        }
        let codecs = match Codecs::parse(&self.codecs) {
            Ok(codecs) => codecs,
            Err(error) => {
                let (code, ru) = codecs_mistake(&error);
                errors.push(FieldError::new("codecs", code, Text::of_error(ru, error)));
                Codecs::default()
            }
        };
        let hold_music = match checked_music(api, self.hold_music.as_deref()) {
            Ok(hold_music) => hold_music,
            Err(error) => {
                errors.push(error);
                None
            }
        };
        let rules = &api.config_in_force().outbound;
        let classes = match checked_classes(rules, &self.outbound_classes) {
            Ok(classes) => classes,
            Err(error) => {
                errors.push(error);
                BTreeSet::new()
            }
        };
        let caller_number =
            self.caller_number.as_deref().map(str::trim).filter(|it| !it.is_empty());
        if caller_number.is_some_and(|it| !is_caller_number(it)) {
            let message = Text::fixed(
                "До 32 цифр, впереди может быть +",
                "Up to 32 digits, perhaps after a +",
            );
            errors.push(FieldError::new("caller_number", "malformed", message));
        }
        let caller_number = caller_number.map(str::to_owned);
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        Ok(ExtensionDraft {
            display_name: self.name.trim().to_owned(),
            calls_max: self.calls_max,
            ring_timeout_s: self.ring_timeout_s,
            user,
            media: MediaRules { dtmf: self.dtmf.mode(), codecs, hold_music },
            outbound: LineOutbound { classes, caller_number, is_withheld: self.is_withheld },
            may_sign_in: self.may_sign_in,
        })
    }
}

async fn load(api: &ApiState, session: &Session, id: Uuid) -> Result<Line, Problem> {
    managed_line(api, session, id).await.map(Line::of)
}

/// A line of the session's domain.
pub(super) async fn managed_line(
    api: &ApiState,
    session: &Session,
    id: Uuid,
) -> Result<ExtensionRow, Problem> {
    let row = api.store.extension(session.domain.id, ExtensionId(id)).await?;
    row.ok_or_else(Problem::not_found)
}

/// Writes the change down, tells those who listen, and lets calls go by it.
async fn told(
    api: &ApiState,
    session: &Session,
    what: AuditAction,
    before: Option<&Line>,
    after: Option<&Line>,
) -> Result<(), Problem> {
    let json = |it: &Line| serde_json::to_value(it).unwrap_or_default();
    let Some(line) = after.or(before) else { return Ok(()) };
    let act = Act {
        before: before.map(json),
        after: after.map(json),
        ..Act::on(what, AuditObject::Line, line.id)
    };
    api.audit(session, act).await?;
    api.directory_changed().await;
    api.changed(session, "line", line.id, after.map(|it| it.version));
    let owners = [before, after].map(|it| it.and_then(|line| line.user_id).map(UserId));
    if owners[0] != owners[1] {
        api.renew_panels(|it| it.user_id().is_some() && owners.contains(&it.user_id()));
    }
    Ok(())
}

/// The password, and the same if nobody chose it.
fn choose(password: Option<String>) -> Result<(Secret, Option<String>), Problem> {
    if let Some(password) = password {
        if !(8..=128).contains(&password.chars().count()) {
            let message = Text::fixed("От 8 до 128 знаков", "From 8 to 128 letters");
            return Err(Problem::invalid_field("password", "out_of_range", message));
        }
        return Ok((Secret::new(password), None));
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| Problem::internal())?;
    let made_up = Rng::from_entropy(seed).hex(MADE_UP_DIGITS);
    Ok((Secret::new(made_up.clone()), Some(made_up)))
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an optional field")]
fn calls_max() -> Option<u32> {
    Some(CALLS_MAX_DEFAULT)
}

fn ring_timeout_s() -> u32 {
    RING_TIMEOUT_S_DEFAULT
}

const NAME_CHARS_MAX: usize = 100;

/// 80 bits of chance.
const MADE_UP_DIGITS: usize = 20;
