//! `/admin/dialplans`: the editor of dialplans.
//!
//! A client names files of the dialplans' directory, never a path. Plans of another domain are not
//! there for those who do not manage domains, and nothing that they save may concern another domain.

use super::{
    Access, Act, ApiState, AuditAction, AuditObject, Door, JsonBody, Problem, Session, Text,
    UrlPath,
    house::{HouseHandle, PlanTrouble},
    plan_words, text_diff,
};
use crate::store::Right;
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
};
use call::dialplan::{
    Caller, DialOutcome, Explanation, Finding, Judgement, PlanError, Rehearsal, RouteQuery,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::Path,
};
use tokio::sync::{Mutex, MutexGuard};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes(door: Door) -> Door {
    let (view, manage) =
        (Access::Right(Right::DialplansView), Access::Right(Right::DialplansManage));
    door.route(view, routes!(list))
        .route(view, routes!(one))
        .route(view, routes!(check))
        .route(view, routes!(test))
        .route(manage, routes!(save))
}

/// All files that may be seen.
#[derive(Debug, Serialize, ToSchema)]
struct Dialplans {
    /// In the order in which their rules are tried.
    items: Vec<DialplanFile>,
}

/// A file of dialplans, without its text.
#[derive(Debug, Serialize, ToSchema)]
struct DialplanFile {
    /// Name.
    name: String,
    /// SHA-256 of the text, for `If-Match`.
    version: String,
    /// In bytes.
    size: usize,
    /// The domain whose calls it is for; `null` for all.
    #[schema(required)]
    domain: Option<String>,
}

/// A file of dialplans.
#[derive(Debug, Serialize, ToSchema)]
struct Dialplan {
    /// Name.
    name: String,
    /// The TOML.
    text: String,
    /// SHA-256 of the text, for `If-Match`.
    version: String,
}

/// A text that is not saved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DialplanText {
    /// Name of the file that it is meant for.
    name: String,
    /// The TOML.
    text: String,
}

/// A text to be saved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewText {
    /// The TOML.
    text: String,
}

/// Whether all plans would load with a text.
#[derive(Debug, Serialize, ToSchema)]
struct Checked {
    /// They would.
    ok: bool,
    /// What is wrong.
    errors: Vec<Mistake>,
}

/// One mistake.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DialplanMistake)]
struct Mistake {
    /// In which file.
    file: String,
    /// Line, from 1.
    line: usize,
    /// Path of the key; empty for a mistake in the TOML itself.
    key: String,
    /// What is wrong and what was expected.
    message: Text,
}

/// A call to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TestCall {
    /// Number of the extension that calls, or of the caller behind the trunk.
    from: String,
    /// What is dialled.
    to: String,
    /// The trunk that the call comes from.
    trunk: Option<String>,
    /// The file that `text` is meant for.
    name: Option<String>,
    /// A text that is not saved.
    text: Option<String>,
    /// What the caller presses, in order. Left out, the call is followed up to the first question.
    keys: Option<String>,
    /// How dials end that nobody answers, in order: `busy`, `no_answer`, `offline`, `refused` or
    /// `failed`. The one after the last is answered.
    #[serde(default)]
    outcomes: Vec<String>,
}

/// What would become of a call.
#[derive(Debug, Serialize, ToSchema)]
struct Tested {
    /// Each rule that was looked at, and the verdict on it.
    steps: Vec<TestedStep>,
    /// Where the call ends up, as an `expect` names it: `user 1001`, `trunk provider 74951234567`,
    /// `refuse 404`, …
    action: String,
    /// The same for people.
    outcome: Text,
    /// The rule that decides; `null` if none matches.
    #[schema(required)]
    rule: Option<String>,
}

/// A step on the way to what would be done.
#[derive(Debug, Serialize, ToSchema)]
struct TestedStep {
    /// The file of the rule that was looked at; `null` for what is no rule.
    #[schema(required)]
    file: Option<String>,
    /// Where the rule begins, from 1.
    #[schema(required)]
    line: Option<usize>,
    /// Whether the rule decides.
    decides: bool,
    /// What was found; a rule is told by its name.
    text: Text,
}

/// The files of dialplans
#[utoipa::path(
    get, path = "/admin/dialplans", tag = "administration",
    responses((status = 200, body = Dialplans), Problem)
)]
async fn list(State(api): State<ApiState>, session: Session) -> Result<Json<Dialplans>, Problem> {
    let house = house(&api)?;
    let mut items = Vec::new();
    for name in names(&house.dialplans_dir()).map_err(unreadable)? {
        let text = fs::read_to_string(house.dialplans_dir().join(&name)).map_err(unreadable)?;
        if may_see(&session, &text) {
            let (version, size) = (version_of(&text), text.len());
            items.push(DialplanFile { name, version, size, domain: domain_of(&text) });
        }
    }
    Ok(Json(Dialplans { items }))
}

/// A file of dialplans
#[utoipa::path(
    get, path = "/admin/dialplans/{name}", tag = "administration", params(("name" = String, Path)),
    responses((status = 200, body = Dialplan), Problem)
)]
async fn one(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(name): UrlPath<String>,
) -> Result<Json<Dialplan>, Problem> {
    let found = read(&house(&api)?, &session, &checked_name(&name)?)?;
    found.map(Json).ok_or_else(Problem::not_found)
}

/// Check a text without saving it
#[utoipa::path(
    post, path = "/admin/dialplans/check", tag = "administration", request_body = DialplanText,
    responses((status = 200, body = Checked), Problem)
)]
async fn check(
    State(api): State<ApiState>,
    session: Session,
    JsonBody(wanted): JsonBody<DialplanText>,
) -> Result<Json<Checked>, Problem> {
    let (house, name) = (house(&api)?, checked_name(&wanted.name)?);
    may_replace(&house, &session, &name, &wanted.text)?;
    Ok(Json(match house.load_plans(Some((&name, &wanted.text))) {
        Ok(_) => Checked { ok: true, errors: Vec::new() },
        Err(trouble) => {
            let errors = mistakes(trouble).into_iter();
            let errors = errors.filter(|it| it.file == name || session.may(Right::DomainsManage));
            Checked { ok: false, errors: errors.collect() }
        }
    }))
}

/// Tell what would become of a call
#[utoipa::path(
    post, path = "/admin/dialplans/test", tag = "administration", request_body = TestCall,
    responses((status = 200, body = Tested), Problem)
)]
async fn test(
    State(api): State<ApiState>,
    session: Session,
    JsonBody(call): JsonBody<TestCall>,
) -> Result<Json<Tested>, Problem> {
    let house = house(&api)?;
    let changed = match (&call.name, &call.text) {
        (Some(name), Some(text)) => {
            let name = checked_name(name)?;
            may_replace(&house, &session, &name, text)?;
            Some((name, text.as_str()))
        }
        (_, _) => None,
    };
    let changed = changed.as_ref().map(|(name, text)| (name.as_str(), *text));
    let plans = house.load_plans(changed).map_err(refused)?;
    let from = match &call.trunk {
        Some(trunk) => Caller::Trunk(trunk),
        None => Caller::parse(&call.from),
    };
    let outcomes = call.outcomes.iter().map(|it| DialOutcome::named(it).ok_or_else(no_outcome));
    let rehearsal = Rehearsal {
        keys: call.keys.as_ref().map(|it| it.chars().collect()),
        outcomes: outcomes.collect::<Result<_, _>>()?,
        // Nobody is asked for the sake of a question.
        answers: Vec::new(),
    };
    let query = RouteQuery {
        domain: &session.domain.name,
        from,
        number: &call.from,
        dialled: &call.to,
        now: api.clock.now().unix,
    };
    let explanation = plans.explain(&query, rehearsal);
    Ok(Json(Tested {
        action: explanation.last().map(ToString::to_string).unwrap_or_default(),
        outcome: plan_words::outcome(&explanation),
        rule: explanation.rule.map(str::to_owned),
        steps: explanation.trail.iter().map(|it| TestedStep::of(it, &explanation)).collect(),
    }))
}

/// Save a text and put all plans in force
///
/// All or nothing: if the plans do not load with it, nothing changes. `If-Match` names the version
/// that the writer saw; a file that is not there is made without it.
#[utoipa::path(
    put, path = "/admin/dialplans/{name}", tag = "administration", params(("name" = String, Path)),
    request_body = NewText, responses((status = 200, body = Dialplan), Problem)
)]
async fn save(
    State(api): State<ApiState>,
    session: Session,
    UrlPath(name): UrlPath<String>,
    headers: HeaderMap,
    JsonBody(wanted): JsonBody<NewText>,
) -> Result<Json<Dialplan>, Problem> {
    let (house, name) = (house(&api)?, checked_name(&name)?);
    let _one_at_a_time = no_dialplan_changes().await;
    let before = may_replace(&house, &session, &name, &wanted.text)?;
    if seen_version(&headers) != before.as_ref().map(|it| it.version.as_str()) {
        return Err(match before {
            Some(current) => Problem::version_conflict(&current),
            None => Problem::not_found(),
        });
    }
    let plans = house.load_plans(Some((&name, &wanted.text))).map_err(refused)?;
    let path = house.dialplans_dir().join(&name);
    write_whole(&path, &wanted.text).map_err(unreadable)?;
    if let Err(problem) = house.use_plans(plans).await {
        tracing::error!(%problem, "new dialplans are not taken over; the old file is put back");
        let put_back = match &before {
            Some(old) => write_whole(&path, &old.text),
            None => fs::remove_file(&path),
        };
        put_back.map_err(unreadable)?;
        // Some shards may have taken the new ones over.
        if let Ok(plans) = house.load_plans(None)
            && let Err(problem) = house.use_plans(plans).await
        {
            tracing::error!(%problem, "the old dialplans are not taken over either");
        }
        return Err(Problem::busy());
    }
    let after = Dialplan { version: version_of(&wanted.text), name, text: wanted.text };
    let old_text = before.as_ref().map_or("", |it| it.text.as_str());
    let diff = text_diff::unified(old_text, &after.text);
    let act = Act {
        before: before.as_ref().map(|it| json!({ "version": it.version, "size": it.text.len() })),
        after: Some(json!({ "version": after.version, "size": after.text.len(), "diff": diff })),
        ..Act::on(AuditAction::DialplanChanged, AuditObject::Dialplan, &after.name)
    };
    api.audit(&session, act).await?;
    api.changed(&session, "dialplan", &after.name, None);
    Ok(Json(after))
}

/// The file as it is, if it is there and the session may put `text` in its place.
fn may_replace(
    house: &HouseHandle,
    session: &Session,
    name: &str,
    text: &str,
) -> Result<Option<Dialplan>, Problem> {
    let path = house.dialplans_dir().join(name);
    let before = read(house, session, name)?;
    // Another domain's file is there all the same.
    if before.is_none() && path.exists() {
        return Err(Problem::not_found());
    }
    if !may_write(session, text) {
        return Err(Problem::invalid_field(
            "text",
            "other_domain",
            Text::fixed(
                "Укажите в файле domain своего домена: чужие звонки он менять не может",
                "Name your own domain in the file: it may not concern the calls of others",
            ),
        ));
    }
    Ok(before)
}

fn read(house: &HouseHandle, session: &Session, name: &str) -> Result<Option<Dialplan>, Problem> {
    let text = match fs::read_to_string(house.dialplans_dir().join(name)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if !may_see(session, &text) {
        return Ok(None);
    }
    Ok(Some(Dialplan { name: name.to_owned(), version: version_of(&text), text }))
}

fn may_see(session: &Session, text: &str) -> bool {
    session.may(Right::DomainsManage)
        || domain_of(text).is_none_or(|it| it.eq_ignore_ascii_case(&session.domain.name))
}

fn may_write(session: &Session, text: &str) -> bool {
    if session.may(Right::DomainsManage) {
        return true;
    }
    let Ok(table) = text.parse::<toml::Table>() else {
        // It will not load anyway, and the check says why.
        return true;
    };
    let is_own = |it: &toml::Value| {
        it.as_str().is_some_and(|it| it.eq_ignore_ascii_case(&session.domain.name))
    };
    let rules = table.get("rule").and_then(toml::Value::as_array);
    table.get("domain").is_some_and(is_own)
        && rules
            .into_iter()
            .flatten()
            .all(|rule| rule.get("match").and_then(|it| it.get("domain")).is_none_or(is_own))
}

/// The domain that a file is for; `None` for all.
pub(super) fn domain_of_file(house: &HouseHandle, name: &str) -> Option<String> {
    domain_of(&fs::read_to_string(house.dialplans_dir().join(name)).ok()?)
}

/// Nobody saves dialplans, or changes what they may name, while the guard is held.
pub(super) async fn no_dialplan_changes() -> MutexGuard<'static, ()> {
    SAVING.lock().await
}

fn domain_of(text: &str) -> Option<String> {
    let table = text.parse::<toml::Table>().ok()?;
    table.get("domain")?.as_str().map(str::to_owned)
}

/// Files of the directory that this editor can name.
fn names(directory: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.path().is_file()
            && let Ok(name) = entry.file_name().into_string()
            && is_name(&name)
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn checked_name(name: &str) -> Result<String, Problem> {
    let name = if name.ends_with(".toml") { name.to_owned() } else { format!("{name}.toml") };
    if is_name(&name) { Ok(name) } else { Err(Problem::not_found()) }
}

fn is_name(name: &str) -> bool {
    let stem = name.strip_suffix(".toml").unwrap_or_default();
    (1..=NAME_BYTES_MAX).contains(&stem.len())
        && stem.bytes().all(|it| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}

fn version_of(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        // A String takes every write.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn seen_version(headers: &HeaderMap) -> Option<&str> {
    let written = headers.get(header::IF_MATCH)?.to_str().ok()?.trim();
    Some(written.trim_start_matches("W/").trim_matches('"'))
}

/// A new file takes the place of the old one at once, or not at all.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension("toml.new");
    let mut file = fs::File::create(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    if let Some(directory) = path.parent() {
        fs::File::open(directory)?.sync_all()?;
    }
    Ok(())
}

fn mistakes(trouble: PlanTrouble) -> Vec<Mistake> {
    match trouble {
        PlanTrouble::Mistakes(errors) => errors.into_iter().map(Mistake::of).collect(),
        PlanTrouble::Files(message) => {
            let message = Text::of_error(format!("Файлы планов не прочитать: {message}"), message);
            vec![Mistake { file: String::new(), line: 0, key: String::new(), message }]
        }
    }
}

impl Mistake {
    fn of(error: PlanError) -> Self {
        let PlanError { file, line, key, mistake } = error;
        Self { file, line, key, message: plan_words::mistake(&mistake) }
    }
}

impl TestedStep {
    fn of(finding: &Finding<'_>, explanation: &Explanation<'_>) -> Self {
        let text = plan_words::finding(finding, explanation);
        let Finding::Rule { file, line, judgement, .. } = finding else {
            return Self { file: None, line: None, decides: false, text };
        };
        let decides = matches!(judgement, Judgement::Matches { .. });
        Self { file: Some((*file).to_owned()), line: Some(*line), decides, text }
    }
}

fn no_outcome() -> Problem {
    let known = DialOutcome::ALL.map(DialOutcome::name).join(", ");
    let told = Text::both(format!("Ожидается: {known}"), format!("Expected one of {known}"));
    Problem::invalid_field("outcomes", "unknown", told)
}

fn refused(trouble: PlanTrouble) -> Problem {
    let errors = mistakes(trouble).into_iter().map(|Mistake { file, line, key, message }| {
        let told = |what: &str| format!("{file}:{line}: {key}: {what}");
        let told = Text::both(told(&message.ru), told(&message.en));
        super::FieldError::new("text", "mistake", told)
    });
    Problem::invalid(errors.collect())
}

fn unreadable(error: io::Error) -> Problem {
    tracing::error!(%error, "a dialplan cannot be read or written");
    Problem::internal()
}

fn house(api: &ApiState) -> Result<HouseHandle, Problem> {
    api.house.clone().ok_or_else(Problem::busy)
}

/// Two who save at once do so one after the other.
static SAVING: Mutex<()> = Mutex::const_new(());

const NAME_BYTES_MAX: usize = 64;
