//! The launcher's tiles: which there are, who sees them, which are not there yet.

use super::{Session, Text};
use crate::store::Right;
use serde::Serialize;
use utoipa::ToSchema;

/// A tile of the launcher.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct Product {
    /// What programs call it.
    code: &'static str,
    /// What people call it.
    title: Text,
    /// What it is for; may be empty.
    caption: Text,
    /// Name of its picture.
    icon: &'static str,
    /// Where it is in the panel; `null` for one that is not there yet.
    #[schema(required)]
    route: Option<&'static str>,
    /// Why it cannot be opened; `null` for one that can.
    #[schema(required)]
    locked: Option<Text>,
}

/// The tiles that a session sees, in order.
pub(super) fn products_of(session: &Session) -> Vec<Product> {
    TILES
        .iter()
        .filter(|tile| tile.rights.is_empty() || session.may_one_of(tile.rights))
        .map(Tile::product)
        .collect()
}

struct Tile {
    code: &'static str,
    icon: &'static str,
    title: (&'static str, &'static str),
    caption: (&'static str, &'static str),
    /// Any of these shows it; none for everybody.
    rights: &'static [Right],
    route: Option<&'static str>,
}

impl Tile {
    fn product(&self) -> Product {
        let (title_ru, title_en) = self.title;
        let (caption_ru, caption_en) = self.caption;
        Product {
            code: self.code,
            title: Text::fixed(title_ru, title_en),
            caption: Text::fixed(caption_ru, caption_en),
            icon: self.icon,
            route: self.route,
            locked: self.route.is_none().then_some(NOT_YET),
        }
    }
}

const NOT_YET: Text = Text::fixed(
    "Этот раздел появится в одной из следующих версий",
    "This section comes with a later version",
);

const PLATFORM: &[Right] = &[Right::DomainsManage];
const ADMIN: &[Right] = &[Right::UsersManage, Right::LinesManage];
const SUPERVISOR: &[Right] = &[Right::CallsTeam, Right::LiveView];
const OPERATOR: &[Right] = &[Right::WorkspaceUse];
/// Whatever has a page in the administration.
const ADMINISTRATION: &[Right] = &[
    Right::UsersManage,
    Right::RolesManage,
    Right::LinesManage,
    Right::TrunksManage,
    Right::DomainsManage,
    Right::DialplansView,
    Right::RegistrationsView,
    Right::CdrsView,
    Right::HealthView,
    Right::ConfigView,
    Right::AuditView,
];
const EVERYBODY: &[Right] = &[];

const fn tile(
    code: &'static str,
    icon: &'static str,
    title: (&'static str, &'static str),
    caption: (&'static str, &'static str),
    rights: &'static [Right],
) -> Tile {
    Tile { code, icon, title, caption, rights, route: None }
}

const NONE: (&str, &str) = ("", "");

const TILES: &[Tile] = &[
    tile(
        "builder",
        "blocks",
        ("Builder", "Builder"),
        ("Управление продуктовым слоем", "Product layer management"),
        PLATFORM,
    ),
    tile(
        "object_model",
        "boxes",
        ("Объектная модель", "Object model"),
        ("Объектная модель платформы", "Platform object model"),
        PLATFORM,
    ),
    tile(
        "observer",
        "activity",
        ("Наблюдатель", "Observer"),
        ("Мониторинг системы", "System monitoring"),
        ADMIN,
    ),
    tile(
        "tester",
        "flask-conical",
        ("Тестировщик", "Tester"),
        ("Нагрузочное и функциональное тестирование", "Load and functional testing"),
        ADMIN,
    ),
    tile(
        "etl",
        "database",
        ("ETL", "ETL"),
        ("Extract, transform and load data", "Extract, transform and load data"),
        ADMIN,
    ),
    tile(
        "request",
        "file-text",
        ("Обращение", "Request (case)"),
        ("новые тест", "demo text"),
        OPERATOR,
    ),
    tile(
        "account",
        "user-round",
        ("Кабинет", "Personal account"),
        ("Личный кабинет пользователя", "User's personal account"),
        EVERYBODY,
    ),
    Tile {
        route: Some("/workspace/calls"),
        ..tile(
            "operator",
            "headset",
            ("Оператор контакт-центра", "Contact-centre operator"),
            ("Автоматическое открытие карточек", "Cards open automatically"),
            OPERATOR,
        )
    },
    tile(
        "reports",
        "chart-column",
        ("Отчеты", "Reports"),
        ("Дашборды, мониторинг, динамика, архив", "Dashboards, monitoring, trends, archive"),
        SUPERVISOR,
    ),
    tile(
        "team",
        "users-round",
        ("Мои подчиненные", "My team"),
        ("Отчеты по моему подразделению", "Reports on my department"),
        SUPERVISOR,
    ),
    tile(
        "multi_admin",
        "building-2",
        ("Мульти-админ", "Multi-admin"),
        ("Мульти-админ", "Multi-domain admin"),
        PLATFORM,
    ),
    tile(
        "supervisor",
        "monitor-check",
        ("Супервизор контакт-центра", "Contact-centre supervisor"),
        ("Управление контакт-центром", "Contact-centre management"),
        SUPERVISOR,
    ),
    tile(
        "campaigns",
        "megaphone",
        ("Исходящие кампании", "Outbound campaigns"),
        ("Автоматические и с участием операторов", "Automatic and operator-assisted"),
        SUPERVISOR,
    ),
    tile(
        "callcenter_admin",
        "workflow",
        ("Администратор контакт-центра", "Contact-centre administrator"),
        ("Настройка алгоритмов обработки вызовов", "Call-handling logic"),
        ADMIN,
    ),
    tile("global", "globe", ("Глобальный", "Global"), NONE, PLATFORM),
    tile("settings", "settings", ("Настройки", "Settings"), NONE, ADMIN),
    tile("softphone", "phone", ("Софтфон", "Softphone"), NONE, EVERYBODY),
    tile(
        "selector",
        "radio-tower",
        ("Селектор", "Conference dispatcher (selector)"),
        NONE,
        EVERYBODY,
    ),
    tile("video", "video", ("ВКС", "Video conferencing"), NONE, EVERYBODY),
    Tile {
        route: Some("/admin"),
        ..tile(
            "administrator",
            "shield-user",
            ("Администратор", "Administrator"),
            NONE,
            ADMINISTRATION,
        )
    },
    tile("ai", "sparkles", ("ИИ", "AI"), NONE, EVERYBODY),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn there_are_21_tiles_and_two_of_them_can_be_opened() {
        assert_eq!(TILES.len(), 21);
        assert_eq!(TILES.iter().map(|it| it.code).collect::<HashSet<_>>().len(), 21);

        let products = TILES.iter().map(Tile::product);
        let open: Vec<_> = products.filter(|it| it.locked.is_none()).collect();

        let routes: Vec<_> = open.iter().map(|it| (it.title.ru.as_ref(), it.route)).collect();
        assert_eq!(
            routes,
            [
                ("Оператор контакт-центра", Some("/workspace/calls")),
                ("Администратор", Some("/admin"))
            ]
        );
    }
}
