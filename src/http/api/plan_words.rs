//! What dialplans have to tell, in both languages: mistakes, and why a call goes where it goes.

use super::Text;
use call::{
    RecentOf,
    dialplan::{
        Absence, Action, Builtin, Caller, CodeKind, Dial, DialOutcome, DialTarget, Explanation,
        FeatureOrder, Finding, ForwardWhen, Judgement, Mistake, NameOf, NumberMistake, SoundKind,
        TomlType,
    },
    speech::Language,
};
use media::progress::ProgressTone;

/// What is wrong and what was expected. What a plan says itself is quoted as TOML quotes it.
pub(super) fn mistake(mistake: &Mistake) -> Text {
    Text::of_error(in_russian(mistake), mistake)
}

/// A step on the way. A rule is told without its place.
pub(super) fn finding(finding: &Finding<'_>, explanation: &Explanation<'_>) -> Text {
    match finding {
        Finding::Call { from: Caller::Extension(from), number, domain } => {
            Text::both(format!("{from} звонит на {number} в домене {domain}"), finding.to_string())
        }
        Finding::Call { from: Caller::Trunk(trunk), number, domain } => Text::both(
            format!("С транка {trunk} звонят на {number} в домене {domain}"),
            finding.to_string(),
        ),
        Finding::NoNumber => Text::of_error("Набранное не может быть номером", finding),
        Finding::Rule { name, judgement, .. } => Text::both(
            format!("{name}: {}", judgement_in_russian(judgement)),
            format!("{name}: {judgement}"),
        ),
        Finding::Recorded => Text::of_error("Звонок записывается", finding),
        Finding::Does { action } => {
            let Text { ru, en } = action_words(action, explanation.rule.is_some());
            Text::both(format!("→ {ru}"), format!("→ {en}"))
        }
    }
}

/// Where a call ends up.
pub(super) fn outcome(explanation: &Explanation<'_>) -> Text {
    match explanation.last() {
        Some(action) => action_words(action, explanation.rule.is_some()),
        None => action_words(&Action::HangUp, true),
    }
}

fn dial_words(dial: &Dial) -> Text {
    match dial.targets.as_slice() {
        [DialTarget::User(number)] => {
            Text::both(format!("вызвать номер {number}"), format!("call extension {number}"))
        }
        [DialTarget::Trunk { trunk, number }] => Text::both(
            format!("вызвать {number} через транк {trunk}"),
            format!("call {number} through the trunk {trunk}"),
        ),
        many => {
            let name = |it: &DialTarget| match it {
                DialTarget::User(number) => number.clone(),
                DialTarget::Trunk { trunk, number } => format!("{trunk}/{number}"),
            };
            let names = many.iter().map(name).collect::<Vec<_>>().join(", ");
            Text::both(format!("вызвать сразу {names}"), format!("call {names} at once"))
        }
    }
}

/// What whoever calls wants to become of calls to its own number.
fn feature_words(order: &FeatureOrder) -> Text {
    match order {
        FeatureOrder::DoNotDisturb(true) => {
            Text::fixed("включить «Не беспокоить»", "turn do-not-disturb on")
        }
        FeatureOrder::DoNotDisturb(false) => {
            Text::fixed("выключить «Не беспокоить»", "turn do-not-disturb off")
        }
        FeatureOrder::CallWaiting(true) => {
            Text::fixed("включить второй вызов", "turn call waiting on")
        }
        FeatureOrder::CallWaiting(false) => {
            Text::fixed("выключить второй вызов", "turn call waiting off")
        }
        FeatureOrder::Forward { when, to } => {
            let (ru, en) = match when {
                ForwardWhen::All => ("всех звонков", "all calls"),
                ForwardWhen::Busy => ("при занятости", "calls while busy"),
                ForwardWhen::NoAnswer => ("без ответа", "calls without an answer"),
                ForwardWhen::Offline => ("вне сети", "calls while offline"),
            };
            match to {
                Some(to) => Text::both(
                    format!("включить переадресацию ({ru}) на {to}"),
                    format!("forward {en} to {to}"),
                ),
                None => Text::both(
                    format!("выключить переадресацию ({ru})"),
                    format!("no longer forward {en}"),
                ),
            }
        }
    }
}

/// What is done with a call.
fn action_words(action: &Action, has_rule: bool) -> Text {
    match action {
        Action::Answer => Text::fixed("ответить", "answer"),
        Action::Say(speech) => Text::both(format!("сказать:{speech}"), format!("say:{speech}")),
        Action::Gather(gather) => Text::both(
            format!("спросить цифры, не больше {}:{}", gather.digits_max, gather.speech),
            format!("ask for {} keys at most:{}", gather.digits_max, gather.speech),
        ),
        Action::Choose(trunks) => {
            let names = trunks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Text::both(
                format!("выбрать самый дешёвый из {names}"),
                format!("choose the cheapest of {names}"),
            )
        }
        Action::Dial(dial) => dial_words(dial),
        Action::Queue { name, .. } => Text::both(
            format!("поставить в очередь {name}: очередей ещё нет, звонящий услышит об этом"),
            format!("put into the queue {name}: there are none yet, and the caller is told so"),
        ),
        Action::OrderCallback { queue, .. } => Text::both(
            format!(
                "принять заказ обратного звонка очереди {queue}: этого ещё нет, звонящий услышит об этом"
            ),
            format!(
                "take an order for a call back by {queue}: there is none yet, and the caller is told so"
            ),
        ),
        Action::Page(plan) => {
            let names = plan.extensions.join(", ");
            Text::both(format!("объявить сразу на {names}"), format!("speak to {names} at once"))
        }
        Action::Park(_) => Text::fixed("поставить на парковку", "park the call"),
        Action::Fetch { slot } => {
            Text::both(format!("снять с парковки {slot}"), format!("fetch who is parked at {slot}"))
        }
        Action::PickUp { users } => Text::both(
            format!("перехватить звонок на {}", users.join(", ")),
            format!("pick up a call to {}", users.join(", ")),
        ),
        Action::Recent(RecentOf::Dialled) => {
            Text::fixed("взять последний набранный номер", "take the number called last")
        }
        Action::Recent(RecentOf::Caller) => {
            Text::fixed("взять номер звонившего последним", "take the number of the last caller")
        }
        Action::SetFeature(order) => feature_words(order),
        Action::SignIn { number, .. } => Text::both(
            format!("посадить номер {number} за этот телефон"),
            format!("sign {number} in at this phone"),
        ),
        Action::SignOut => {
            Text::fixed("освободить этот телефон", "sign out whoever is signed in at this phone")
        }
        Action::Web(order) => Text::both(
            format!("спросить веб-сервер: {}", order.url),
            format!("ask a web server: {}", order.url),
        ),
        Action::Record(true) => Text::fixed("начать запись", "start recording"),
        Action::Record(false) => Text::fixed("остановить запись", "stop recording"),
        Action::HangUp => Text::fixed("завершить звонок", "hang up"),
        Action::Builtin(Builtin::Echo) => Text::fixed("вернуть звук эхом", "play the sound back"),
        Action::Builtin(Builtin::Tone { hz, .. }) => {
            Text::both(format!("дать тон {hz} Гц"), format!("play a tone of {hz} Hz"))
        }
        Action::Builtin(Builtin::Progress(tone)) => {
            let (ru, en) = match tone {
                ProgressTone::Dial => ("ответа станции", "dial"),
                ProgressTone::Ringback => ("контроля посылки вызова", "ringback"),
                ProgressTone::Busy => ("«занято»", "busy"),
                ProgressTone::Congestion => ("перегрузки", "congestion"),
            };
            Text::both(format!("дать сигнал {ru}"), format!("play the {en} tone"))
        }
        Action::Builtin(Builtin::Music { name }) => {
            Text::both(format!("включить музыку {name}"), format!("play the music {name}"))
        }
        Action::Conference(plan) => Text::both(
            format!("ввести в конференцию {}", plan.room),
            format!("bring into the conference {}", plan.room),
        ),
        Action::Supervise { number, .. } => Text::both(
            format!("дать супервизору послушать разговор номера {number}"),
            format!("let a supervisor hear the call of {number}"),
        ),
        Action::LeaveMessage { number, .. } => Text::both(
            format!("дать оставить сообщение для номера {number}"),
            format!("let the caller leave a message for {number}"),
        ),
        Action::HearMessages { .. } => {
            Text::fixed("дать прослушать свои сообщения", "let the caller hear its messages")
        }
        Action::Refuse { status, .. } if !has_rule => Text::both(
            format!("отказать ({status}): ни одно правило не подошло"),
            format!("refuse ({status}): no rule matches"),
        ),
        Action::Refuse { status, reason } => {
            Text::both(format!("отказать: {status} {reason}"), format!("refuse: {status} {reason}"))
        }
    }
}

fn judgement_in_russian(judgement: &Judgement) -> String {
    match judgement {
        Judgement::Matches { pattern, captures } => {
            let named =
                |text, (name, value): &(String, String)| format!("{text}, {name} = {value}");
            captures.iter().fold(format!("подходит: {pattern}"), named)
        }
        Judgement::OtherNumber { patterns } => {
            format!("номер не подходит: {}", patterns.join(" или "))
        }
        Judgement::OtherCaller { from } => {
            let named = |it: &String| match Caller::parse(it) {
                Caller::Trunk(name) => format!("с транка {name}"),
                Caller::Extension(_) => "с внутренних номеров".to_owned(),
            };
            let named: Vec<_> = from.iter().map(named).collect();
            format!("только для звонков {}", named.join(" или "))
        }
        Judgement::OtherCallerNumber { patterns } => {
            format!("номер звонящего не подходит: {}", patterns.join(" или "))
        }
        Judgement::OtherDomain { domain } => format!("только для домена {domain}"),
        Judgement::OtherTime { hours } => format!("только для звонков {}", hours_in_russian(hours)),
        Judgement::OtherWord { said } => format!("скрипт сообщает {said:?}, а не true"),
    }
}

/// `within work` or `outside work`.
fn hours_in_russian(hours: &str) -> String {
    match hours.split_once(' ') {
        Some(("within", name)) => format!("в часы {name}"),
        Some((_, name)) => format!("вне часов {name}"),
        None => hours.to_owned(),
    }
}

fn in_russian(mistake: &Mistake) -> String {
    match mistake {
        Mistake::Toml(said) => format!("Это не TOML. Разборщик сообщает: {said}"),
        Mistake::Missing => "Не указано, а без этого нельзя".to_owned(),
        Mistake::UnknownKey { expected } => {
            format!("Неизвестный ключ; подходят `{}`", expected.join("`, `"))
        }
        Mistake::WrongType { expected, found } => {
            format!(
                "Нужно значение типа «{}», а здесь «{}»",
                type_name(*expected),
                type_name(*found)
            )
        }
        Mistake::OutOfBounds { first, last } => format!("Нужно число от {first} до {last}"),
        Mistake::NoneGiven => "Нужно хотя бы одно значение".to_owned(),
        Mistake::NotOneLine { bytes_max } => {
            format!("Нужна одна непустая строка не длиннее {bytes_max} байт")
        }
        Mistake::NotOneStepKey { found } => {
            format!("У шага ровно один ключ, его название, а указано: {found}")
        }
        Mistake::DialTarget => {
            "Нужно либо `user` или `users`, либо `trunk` или `trunks` вместе с `number`".to_owned()
        }
        Mistake::NoChoice => {
            "Нужно \"in_order\" или \"least_cost\", рядом с `trunks` и без `in_turn`".to_owned()
        }
        Mistake::AsWithoutTrunk => {
            "Имеет смысл только рядом с `trunk` или `trunks`: внутренним звонкам прав не нужно"
                .to_owned()
        }
        Mistake::NoExtension => {
            "Нужен внутренний номер без переменных: не тому, кто звонит, выбирать, чьи права \
             действуют"
                .to_owned()
        }
        Mistake::OneThingToSay => {
            "Нужно что-то одно: `prompt`, `file`, `number`, `digits`, `money`, \
             `duration`, `date` или `time`"
                .to_owned()
        }
        Mistake::NotNow => "Здесь может стоять только \"now\"".to_owned(),
        Mistake::NoKey { found } => {
            format!("{found:?} — не клавиша: подходят цифры от 0 до 9, * и #")
        }
        Mistake::NoSlots { slots_max } => {
            format!("Нужны места парковки вида \"701-720\", не больше {slots_max}")
        }
        Mistake::NoForward => format!(
            "Нужно, когда переадресовать: {}",
            ForwardWhen::ALL.map(ForwardWhen::name).join(", ")
        ),
        Mistake::NoRecent => {
            format!("Нужно, чей номер: {}", RecentOf::ALL.map(RecentOf::name).join(", "))
        }
        Mistake::NoCode => {
            let names = CodeKind::ALL.map(CodeKind::name).join(", ");
            format!("Нужно, что можно заказать клавишами: {names}")
        }
        Mistake::NoGreeting => {
            format!("Нужно название приветствия: {}", Absence::ALL.map(Absence::name).join(", "))
        }
        Mistake::NoUrl => {
            "Нужен адрес вида \"https://crm.example/route?from={caller}\", без переменных до пути"
                .to_owned()
        }
        Mistake::NoPointer { found } => {
            format!("{found:?} — не указатель JSON; нужен вида \"/client/name\"")
        }
        Mistake::NoOutcome => {
            format!("Нужен исход вызова: {}", DialOutcome::ALL.map(DialOutcome::name).join(", "))
        }
        Mistake::NoVariable { found } => format!(
            "Переменной {found:?} быть не может: нужно имя из a-z, 0-9 и _, и не `number`, `caller` \
             или `outcome`"
        ),
        Mistake::Script { said } => format!("Скрипт нельзя выполнить: {said}"),
        Mistake::NoZone { found } => {
            format!("{found:?} — не часовой пояс; нужен вида \"Europe/Moscow\" или \"UTC\"")
        }
        Mistake::NoHours { found } => {
            format!("{found:?} — не часы работы; нужны вида \"mon-fri 09:00-18:00\"")
        }
        Mistake::NoDay { found } => {
            format!("{found:?} — не день; нужен вида \"2026-05-09\" или \"01-01..01-08\"")
        }
        Mistake::NoMoment { found } => {
            format!("{found:?} — не момент времени; нужен вида \"2026-11-27 12:00\"")
        }
        Mistake::WithinAndOutside => {
            "Уже указано `within`; можно написать только одно из двух".to_owned()
        }
        Mistake::MinAboveMax => "Больше, чем `digits_max`".to_owned(),
        Mistake::NoSuchName { of, name } => {
            let (what, none) = match of {
                NameOf::Rule => ("Правила", "нет"),
                NameOf::Block => ("Блока", "нет"),
                NameOf::Schedule => ("Часов работы", "нет"),
            };
            format!("{what} с именем {name:?} {none} ни в одном файле")
        }
        Mistake::NoCaller { found } => {
            format!("Нужно \"extensions\" или \"trunk:ИМЯ\", а здесь {found:?}")
        }
        Mistake::NoTrunk { name, known } if known.is_empty() => {
            format!("Транка {name:?} нет; сейчас нет ни одного")
        }
        Mistake::NoTrunk { name, known } => {
            format!("Транка {name:?} нет; есть: {}", known.join(", "))
        }
        Mistake::NoSound { kind: SoundKind::Prompt, name } => {
            format!("Фразы {name:?} нет среди загруженных звуков")
        }
        Mistake::NoSound { kind: SoundKind::Music, name } => {
            format!("Музыки {name:?} нет среди загруженных звуков")
        }
        Mistake::NoPin { digits_max } => format!("Нужно от 1 до {digits_max} цифр"),
        Mistake::ModeratorWithoutPin => {
            "Имеет смысл только вместе с `pin`: без него код ни у кого не спрашивают".to_owned()
        }
        Mistake::NoTone => {
            let known = ProgressTone::ALL.map(ProgressTone::name).join(", ");
            format!("Ожидается сигнал: {known}")
        }
        Mistake::NoLanguage => {
            let known = Language::ALL.map(|it| format!("{:?}", it.code())).join(" или ");
            format!("Ожидается язык, на котором сервер говорит: {known}")
        }
        Mistake::MissingPrompt { language, file } => {
            format!("Здесь говорится на языке {language:?}, и нужна фраза {file:?}, а её нет")
        }
        Mistake::Number(mistake) => number_in_russian(mistake),
        Mistake::TooManyRules { found, allowed } => {
            format!("Правил во всех планах {found}, а можно не больше {allowed}")
        }
        Mistake::NameTaken { of, file, line, name } => {
            let what = match of {
                NameOf::Rule => "Правило",
                NameOf::Block => "Блок",
                NameOf::Schedule => "Расписание",
            };
            format!("{what} с именем {name:?} уже есть: {file}:{line}")
        }
        Mistake::Unreachable { pattern, rule, file, line } => format!(
            "Сюда не дойдёт ни один звонок на {pattern}: их все забирает правило {rule:?} \
             ({file}:{line})"
        ),
        Mistake::Example { from, to, expected, found, rule, refusal: _ } => {
            let decided = rule.as_ref().map_or_else(
                || "ни одно правило не подошло".to_owned(),
                |rule| format!("по правилу {rule:?}"),
            );
            format!(
                "Звонок с {from} на {to} должен дать {expected:?}, а даёт {found:?} ({decided})"
            )
        }
    }
}

fn number_in_russian(mistake: &NumberMistake) -> String {
    match mistake {
        NumberMistake::Empty => "Пусто, а нужен номер".to_owned(),
        NumberMistake::Unclosed => "Скобка { не закрыта".to_owned(),
        NumberMistake::Character(odd) => format!("Символа {odd:?} в номере быть не может"),
        NumberMistake::NoRange(found) => format!("{found:?} — не диапазон вида 1001-1018"),
        NumberMistake::RangeEnds(range) => format!(
            "Концы диапазона {range} должны быть одной длины, и первый не больше последнего"
        ),
        NumberMistake::NoCount(found) => {
            format!("{found:?} — не число цифр вида 4, 2..8 или 3..")
        }
        NumberMistake::CaptureName(inside) => {
            format!("Для {{{inside}}} нужно имя из a-z, 0-9 и _, например {{rest}}")
        }
        NumberMistake::Endless(name) => format!(
            "Длина {{{name}}} не задана, поэтому дальше может идти только конец или не цифра"
        ),
        NumberMistake::ReservedName => {
            "{number} — это всегда весь номер; выберите другое имя".to_owned()
        }
        NumberMistake::Twice(name) => format!("{{{name}}} встречается дважды"),
        NumberMistake::Separator(separator) => format!(
            "Символ {separator:?} убирается из набранного номера, поэтому уберите его и здесь \
             (диапазон — это шаблон целиком или запись {{name=1001-1018}})"
        ),
        NumberMistake::NeverSet { name } => {
            format!("Переменную {{{name}}} не задаёт ни один шаг и ни один шаблон")
        }
        NumberMistake::NotCaptured { name, pattern } => {
            format!("В шаблоне {pattern} нет части {{{name}}}; весь номер — это {{number}}")
        }
    }
}

fn type_name(it: TomlType) -> &'static str {
    match it {
        TomlType::String => "строка",
        TomlType::Integer => "целое число",
        TomlType::Float => "дробное число",
        TomlType::Boolean => "да или нет",
        TomlType::Datetime => "дата и время",
        TomlType::Array => "список",
        TomlType::Table => "таблица",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::UnixMillis;
    use call::dialplan::{Known, Rehearsal, RouteQuery, load};

    #[test]
    fn every_mistake_of_a_plan_is_told_in_russian() {
        let plan = r#"
            rules = []
            [[rule]]
            match = { number = ["1-20", 7, "{a}{b}", "8-800", "1{x", "{A}", "{x:0}", "{x=5}", "1 2"] }
            steps = [{ echo = {} }, { echo = {} }]
            [[rule]]
            name = ""
            match = { number = ["", "{number}", "{a}*{a}"], from = ["trunk:gone", "all"] }
            steps = [{ tone = { hz = 0, dbm0 = 0 }, play = { file = "gone.wav" } }]
            [[rule]]
            name = "c"
            match = { number = "3{x}", from = [] }
            steps = [{ dial = { user = "{y}", trunk = "gone" } }]
        "#;

        let errors = load(&[("a.toml", plan)], &Known::default()).unwrap_err();

        assert!(errors.len() > 20, "{errors:?}");
        for error in errors {
            let told = mistake(&error.mistake);
            assert!(told.en.eq_ignore_ascii_case(&error.mistake.to_string()), "{}", told.en);
            assert!(told.ru.chars().any(|it| ('А'..='я').contains(&it)), "{}", told.ru);
        }
    }

    #[test]
    fn a_mistake_names_what_the_plan_says_and_what_would_do() {
        let told = |it: Mistake| mistake(&it).ru.into_owned();
        let example = Mistake::Example {
            from: "1001".to_owned(),
            to: "77".to_owned(),
            expected: "tone".to_owned(),
            found: "refuse 404".to_owned(),
            rule: None,
            refusal: Some("No rule for this number".to_owned()),
        };

        assert_eq!(
            told(example),
            "Звонок с 1001 на 77 должен дать \"tone\", а даёт \"refuse 404\" (ни одно правило не подошло)"
        );
        let caller = Mistake::NoCaller { found: "a\u{202e}b".to_owned() };
        assert_eq!(told(caller), "Нужно \"extensions\" или \"trunk:ИМЯ\", а здесь \"a\\u{202e}b\"");
    }

    #[test]
    fn the_way_of_a_call_is_told_in_both_languages() {
        let plan = r#"
            [[rule]]
            name = "inward"
            match = { number = "9{rest}", from = "trunk:provider" }
            steps = [{ echo = {} }]
            [[rule]]
            name = "abroad"
            match = { number = "9{rest}", domain = "b.example" }
            steps = [{ echo = {} }]
            [[rule]]
            name = "out"
            match = { number = "9{rest}" }
            steps = [{ dial = { trunk = "provider", number = "{number}" } }]
        "#;
        let known = Known { trunks: ["provider".to_owned()].into(), ..Known::default() };
        let plans = load(&[("a.toml", plan)], &known).unwrap();
        let told = |from, dialled| -> Vec<_> {
            let (domain, now) = ("a.example", UnixMillis(0));
            let call = RouteQuery { domain, from, number: "1001", dialled, now };
            let found = plans.explain(&call, Rehearsal::default());
            found.trail.iter().map(|it| finding(it, &found).ru.into_owned()).collect()
        };

        assert_eq!(
            told(Caller::Extension("1001"), "9-12"),
            [
                "1001 звонит на 912 в домене a.example",
                "inward: только для звонков с транка provider",
                "abroad: только для домена b.example",
                "out: подходит: 9{rest}, rest = 12",
                "→ вызвать 912 через транк provider",
            ]
        );
        assert_eq!(
            told(Caller::Trunk("provider"), "5")[..2],
            [
                "С транка provider звонят на 5 в домене a.example",
                "inward: номер не подходит: 9{rest}",
            ]
        );
        assert_eq!(
            told(Caller::Extension("1001"), "a b\n"),
            ["Набранное не может быть номером", "→ отказать (404): ни одно правило не подошло"]
        );
    }
}
