//! The roles that every domain has, and what they may do.

use crate::store::rights::Right;
use std::collections::BTreeSet;

/// A role that the program makes and keeps up.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// What programs call it.
    pub code: &'static str,
    /// What people call it, in Russian.
    pub title_ru: &'static str,
    /// In English.
    pub title_en: &'static str,
    rights: Rights,
}

#[derive(Clone, Copy, Debug)]
enum Rights {
    All,
    These(&'static [&'static [Right]]),
}

impl BuiltIn {
    /// What it lets its holders do.
    pub fn rights(&self) -> BTreeSet<Right> {
        match self.rights {
            Rights::All => Right::ALL.iter().copied().collect(),
            Rights::These(groups) => groups.iter().copied().flatten().copied().collect(),
        }
    }
}

/// The role that may do everything, domains included. One of its holders must always be left.
pub const PLATFORM_ADMIN: &str = "platform_admin";

/// All built-in roles.
pub const BUILT_IN: &[BuiltIn] = &[
    role("callcenter_user", "Пользователь контакт-центра", "Contact-centre user", &[USER]),
    role("callcenter_operator", "Оператор контакт-центра", "Contact-centre operator", &[USER]),
    role("km_user", "Пользователь базы знаний", "Knowledge-base user", &[&[Right::KbUse]]),
    role("qm_user", "Пользователь контроля качества", "Quality user", &[&[Right::QmView]]),
    role(
        "qm_auditor",
        "Аудитор контроля качества",
        "Quality auditor",
        &[&[Right::QmView, Right::QmAudit]],
    ),
    role(
        "callcenter_supervisor",
        "Супервизор контакт-центра",
        "Contact-centre supervisor",
        &[USER, SUPERVISOR],
    ),
    role(
        "callcenter_admin",
        "Администратор контакт-центра",
        "Contact-centre administrator",
        &[USER, SUPERVISOR, ADMIN],
    ),
    BuiltIn {
        code: PLATFORM_ADMIN,
        title_ru: "Администратор платформы",
        title_en: "Platform administrator",
        rights: Rights::All,
    },
];

/// The roles that a word of the command line means: a short word for the usual sets, or a code.
pub fn codes_of_word(word: &str) -> Vec<String> {
    let codes: &[&str] = match word {
        "operator" => &["callcenter_user", "callcenter_operator", "km_user", "qm_user"],
        "supervisor" => &["callcenter_user", "callcenter_supervisor", "km_user", "qm_auditor"],
        "admin" => &["callcenter_user", "callcenter_admin", PLATFORM_ADMIN],
        code => &[code],
    };
    codes.iter().map(|&it| it.to_owned()).collect()
}

const fn role(
    code: &'static str,
    title_ru: &'static str,
    title_en: &'static str,
    rights: &'static [&'static [Right]],
) -> BuiltIn {
    BuiltIn { code, title_ru, title_en, rights: Rights::These(rights) }
}

const USER: &[Right] = &[
    Right::WorkspaceUse,
    Right::CallsOwn,
    Right::RecordingsListen,
    Right::InteractionsView,
    Right::ExtensionsView,
];

const SUPERVISOR: &[Right] = &[
    Right::CallsTeam,
    Right::LiveView,
    Right::CallHangupAny,
    Right::CallRecordAny,
    Right::CallSupervise,
    Right::WallView,
    Right::WallManage,
    Right::UiJson,
    Right::AgentForceStatus,
    Right::QmView,
    Right::KbUse,
];

const ADMIN: &[Right] = &[
    Right::TraceView,
    Right::UsersManage,
    Right::RolesManage,
    Right::LinesManage,
    Right::TrunksManage,
    Right::DialplansView,
    Right::DialplansManage,
    Right::RegistrationsView,
    Right::CdrsView,
    Right::CdrsExport,
    Right::HealthView,
    Right::AuditView,
    Right::QmAudit,
];
