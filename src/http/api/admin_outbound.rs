//! `/admin/outbound-classes` and `/admin/outbound-alarms`: what a line may be given the right to call,
//! and who called more than it may.

use super::{
    Access, ApiState, Door, FieldError, Problem, Session, Text, house::ToldAlarm, time::rfc3339,
};
use crate::store::Right;
use axum::{Json, extract::State};
use call::outbound::{Limit, OutboundAlarm, OutboundClass, OutboundRules, Scope};
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes(door: Door) -> Door {
    door.route(Access::Right(Right::LinesManage), routes!(list))
        .route(Access::Right(Right::HealthView), routes!(alarms))
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

/// Who called more than it may, or what nobody may, since the start of the server.
#[derive(Debug, Serialize, ToSchema)]
struct OutboundAlarms {
    /// The latest first.
    items: Vec<Alarm>,
}

/// Somebody calls more than it may, or what nobody may.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OutboundAlarm)]
struct Alarm {
    /// When; the same is told again after ten minutes.
    at: String,
    /// Number of the line.
    line: String,
    /// The number that it called.
    number: String,
    /// Which limit: `line_calls`, `domain_calls`, `line_rate`, `domain_rate`, `line_minutes`,
    /// `domain_minutes`, `hours` or `blocked`.
    limit: &'static str,
    /// In words.
    text: Text,
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

/// Who called more than it may
#[utoipa::path(
    get, path = "/admin/outbound-alarms", tag = "administration",
    responses((status = 200, body = OutboundAlarms), Problem)
)]
async fn alarms(State(api): State<ApiState>, session: Session) -> Json<OutboundAlarms> {
    let all = api.house.as_ref().map_or_else(Vec::new, |it| it.outbound_alarms());
    let own = all.into_iter().filter(|it| it.alarm.domain == session.domain.id);
    Json(OutboundAlarms { items: own.map(Alarm::of).collect() })
}

impl Alarm {
    fn of(told: ToldAlarm) -> Self {
        let text = Text::of_error(in_russian(&told.alarm), &told.alarm);
        let OutboundAlarm { line, number, limit, .. } = told.alarm;
        Self { at: rfc3339(told.at), line, number, limit: limit.name(), text }
    }
}

fn in_russian(alarm: &OutboundAlarm) -> String {
    let OutboundAlarm { line, number, limit, .. } = alarm;
    let class = alarm.class.as_deref().unwrap_or_default();
    match limit {
        Limit::Calls(Scope::Line) => {
            format!("У линии {line} уже столько звонков, сколько можно: класс {class}")
        }
        Limit::Calls(Scope::Domain) => {
            format!("У домена уже столько звонков, сколько можно: класс {class}")
        }
        Limit::Rate(Scope::Line) => {
            format!("Линия {line} звонит слишком часто: класс {class}")
        }
        Limit::Rate(Scope::Domain) => format!("Домен звонит слишком часто: класс {class}"),
        Limit::Minutes(Scope::Line) => {
            format!("Линия {line} исчерпала минуты на сегодня: класс {class}")
        }
        Limit::Minutes(Scope::Domain) => {
            format!("Домен исчерпал минуты на сегодня: класс {class}")
        }
        Limit::Hours => format!("На класс {class} в это время звонить нельзя"),
        Limit::Blocked => format!("{number} в чёрном списке"),
    }
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
