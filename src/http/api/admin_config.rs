//! `/admin/config`: the configuration in force, for looking. It is changed in its file.

use super::{Access, ApiState, Door, Problem, Text};
use crate::{
    config::{Description, Setting, Source},
    store::Right,
};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::ConfigView), routes!(show))
}

/// The configuration in force.
#[derive(Debug, Serialize, ToSchema)]
struct Configuration {
    /// Name of the file, without its directory; `null` where the server runs on the defaults.
    #[schema(required)]
    file: Option<String>,
    /// Every key, in the order of the documentation.
    items: Vec<ConfigKey>,
}

/// A key of the configuration.
#[derive(Debug, Serialize, ToSchema)]
struct ConfigKey {
    /// Dotted: `sip.listen`, `trunk[0].name`.
    key: String,
    /// As one would write it, text without quotes; `null` where nothing is set. A secret is
    /// masked.
    #[schema(required)]
    value: Option<String>,
    /// Whether the value is not shown.
    is_secret: bool,
    /// Who has said so.
    source: ConfigSource,
    /// Whether a change waits for the next start; SIGHUP takes the others over.
    needs_restart: bool,
    /// What it means, as the file's documentation has it.
    description: Text,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ConfigSource {
    /// The program.
    Default,
    /// The configuration file.
    File,
    /// A variable of the environment.
    Environment,
    /// A flag.
    CommandLine,
}

/// The configuration in force
#[utoipa::path(
    get, path = "/admin/config", tag = "administration",
    responses((status = 200, body = Configuration), Problem)
)]
async fn show(State(api): State<ApiState>) -> Result<Json<Configuration>, Problem> {
    let written = api.house.as_ref().ok_or_else(Problem::busy)?.written_config();
    let items = written.settings().into_iter().map(ConfigKey::of).collect();
    Ok(Json(Configuration { file: written.file_name().map(str::to_owned), items }))
}

impl ConfigKey {
    fn of(setting: Setting) -> Self {
        let Setting { key, value, is_secret, source, needs_restart, description } = setting;
        let source = match source {
            Source::Default => ConfigSource::Default,
            Source::File => ConfigSource::File,
            Source::Environment => ConfigSource::Environment,
            Source::CommandLine => ConfigSource::CommandLine,
        };
        let Description { ru, en } = description;
        let description = Text::fixed(ru, en);
        Self { key, value, is_secret, source, needs_restart, description }
    }
}
