//! `/admin/outbound-classes`: what a line may be given the right to call.

use super::{Access, ApiState, Door, FieldError, Text};
use crate::store::Right;
use axum::{Json, extract::State};
use call::outbound::{OutboundClass, OutboundRules};
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::LinesManage), routes!(list))
}

/// All classes of numbers outside.
#[derive(Debug, Serialize, ToSchema)]
struct OutboundClasses {
    /// As the configuration has them.
    items: Vec<Class>,
}

/// Numbers that a line may have the right to call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OutboundClass)]
struct Class {
    /// Its name.
    name: String,
    /// What its numbers begin with.
    prefixes: Vec<String>,
}

/// The classes of numbers outside
#[utoipa::path(
    get, path = "/admin/outbound-classes", tag = "administration",
    responses((status = 200, body = OutboundClasses))
)]
async fn list(State(api): State<ApiState>) -> Json<OutboundClasses> {
    let config = api.config_in_force();
    Json(OutboundClasses { items: config.outbound.classes().iter().map(Class::of).collect() })
}

impl Class {
    fn of(class: &OutboundClass) -> Self {
        Self { name: class.name.clone(), prefixes: class.prefixes.clone() }
    }
}

/// The classes that a line is to have the right to, all of which must be there.
pub(super) fn checked_classes(
    rules: &OutboundRules,
    wanted: &[String],
) -> Result<BTreeSet<String>, FieldError> {
    match rules.unknown_class(wanted) {
        None => Ok(wanted.iter().cloned().collect()),
        Some(unknown) => {
            let known = rules.names();
            let message = Text::both(
                format!("Класса номеров {unknown:?} нет; есть {known}"),
                format!("There is no class of numbers {unknown:?}; there is {known}"),
            );
            Err(FieldError::new("outbound_classes", "unknown", message))
        }
    }
}
