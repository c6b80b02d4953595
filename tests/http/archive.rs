//! The archive of calls, the interactions and the call log.

use crate::{
    house::{House, Visitor},
    places::Place,
};
use axum::http::StatusCode;
use base::{CallId, CdrId, LegId, Rng, UnixMillis, UserId};
use call::{Cdr, HangupParty, LegRole};
use media::StreamStats;
use serde_json::{Value, json};
use tandem::{http::api::time::rfc3339, store::DomainRow};

/// Three calls of `a.example` and one of `b.example`; their ids, oldest first.
pub(crate) async fn with_calls(house: &House, anna: UserId) -> Vec<String> {
    let mut rng = Rng::from_number(1);
    let mut records = Vec::new();
    let mut ids = Vec::new();
    let calls = [
        (&house.domain, 0, "provider/+79000000001", "1001", 30_500),
        (&house.domain, 60_000, "1001", "=cmd|calc!A0", 0),
        (&house.domain, 120_000, "1002", "1003", 400),
        (&house.other, 180_000, "1001", "1002", 5000),
    ];
    for (domain, at, caller, callee, talk_ms) in calls {
        let call = CallId::new(UnixMillis(BASE + at), &mut rng);
        ids.push(call.to_string());
        records.push(leg(domain, call, &mut rng, LegRole::Caller, [caller, caller], talk_ms, anna));
        records.push(leg(domain, call, &mut rng, LegRole::Callee, [caller, callee], talk_ms, anna));
    }
    house.store.insert_cdrs(&records).await.unwrap();
    ids
}

#[expect(clippy::too_many_arguments, reason = "a row has many columns")]
fn leg(
    domain: &DomainRow,
    call: CallId,
    rng: &mut Rng,
    role: LegRole,
    [caller, party]: [&str; 2],
    talk_ms: i64,
    anna: UserId,
) -> Cdr {
    let started = UnixMillis((call.0.as_u128() >> 80) as i64);
    let is_annas = party == "1001" && domain.name == "a.example";
    Cdr {
        id: CdrId::new(UnixMillis(started.0 + 2000 + talk_ms), rng),
        call,
        leg: LegId::new(started, rng),
        domain: domain.id,
        role,
        caller: caller.to_owned(),
        dialled: "700".to_owned(),
        party: party.to_owned(),
        name: (party == "1001").then(|| "Анна".to_owned()),
        user: is_annas.then_some(anna),
        workplace: None,
        sip_call_id: "a\"b".to_owned(),
        signalling_peer: "192.0.2.1:5060;udp".to_owned(),
        started,
        ring_ms: Some(150),
        answer_ms: (talk_ms > 0).then_some(2000),
        end_ms: 2000 + talk_ms,
        talk_ms,
        sip_status: 200,
        hangup: HangupParty::Remote,
        cause: "normal".to_owned(),
        codec: None,
        media: StreamStats::default(),
    }
}

async fn get(visitor: &Visitor, path: &str) -> Value {
    let reply = visitor.get(path).await;
    assert_eq!(reply.status, StatusCode::OK, "{path}: {reply:?}");
    reply.json()
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect()
}

pub(crate) async fn an_operator_sees_the_calls_of_their_lines_and_a_supervisor_all(place: Place) {
    let house = House::open(place).await;
    let operator = house.visitor(&house.domain, "anna", &["callcenter_operator"]).await;
    let anna = house.store.user_by_login(house.domain.id, "anna").await.unwrap().unwrap().id;
    let supervisor = house.visitor(&house.domain, "chief", &["callcenter_supervisor"]).await;
    let other = house.visitor(&house.other, "other", &["callcenter_supervisor"]).await;
    let calls = with_calls(&house, anna).await;

    let own = get(&operator, "/calls").await;
    assert_eq!(ids(&own), [&calls[1], &calls[0]]);
    assert_eq!(own["total_estimate"], 2);
    assert_eq!(own["next_cursor"], Value::Null);
    let row = &own["items"][1];
    assert_eq!(row["side_a"], json!({ "number": "+79000000001", "name": null }));
    assert_eq!(row["side_b"], json!({ "number": "1001", "name": "Анна" }));
    assert_eq!((&row["direction"], &row["talk_ms"]), (&json!("in"), &json!(30_500)));
    assert_eq!(row["started_at"], "2027-01-15T08:00:00.000Z");

    assert_eq!(ids(&get(&supervisor, "/calls").await).len(), 3);
    let annas = format!("/calls?user={anna}&direction=in");
    assert_eq!(ids(&get(&supervisor, &annas).await), [&calls[0]]);
    assert_eq!(ids(&get(&other, "/calls").await), [&calls[3]]);
    for (visitor, path) in [
        (&operator, format!("/calls/{}", calls[2])),
        (&operator, format!("/interactions/{}", calls[2])),
        (&other, format!("/calls/{}", calls[0])),
        (&other, format!("/interactions/{}", calls[0])),
        (&other, annas),
    ] {
        assert_eq!(visitor.get(&path).await.refusal(), (404, "not_found".to_owned()), "{path}");
    }
    let of_another = format!("/calls?user={NOBODY}");
    assert_eq!(operator.get(&of_another).await.refusal(), (403, "forbidden".to_owned()));
}

pub(crate) async fn a_list_is_filtered_sorted_and_goes_page_by_page(place: Place) {
    let house = House::open(place).await;
    let supervisor = house.visitor(&house.domain, "chief", &["callcenter_supervisor"]).await;
    let anna = house.add(&house.domain, "anna", &["callcenter_operator"]).await;
    let calls = with_calls(&house, anna).await;

    let first = get(&supervisor, "/calls?limit=2&sort=time").await;
    assert_eq!(ids(&first), [&calls[0], &calls[1]]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = get(&supervisor, &format!("/calls?limit=2&sort=time&cursor={cursor}")).await;
    assert_eq!(ids(&second), [&calls[2]]);
    assert_eq!(second["total_estimate"], 3);
    assert_eq!(second["next_cursor"], Value::Null);
    let span = "/calls?from=2027-01-15T11:01:00%2B03:00&to=2027-01-15T08:02:00Z";
    assert_eq!(ids(&get(&supervisor, span).await), [&calls[1]]);
    assert_eq!(ids(&get(&supervisor, "/calls?q=%2B7900&peer=1001").await), [&calls[0]]);
    assert_eq!(ids(&get(&supervisor, "/calls?q=%D0%BD%D0%BD").await), [&calls[1], &calls[0]]);
    for (path, field) in [
        ("/calls?sort=talk", "sort"),
        ("/calls?from=yesterday", "from"),
        ("/calls?limit=201", "limit"),
        ("/calls?direction=up", "direction"),
        ("/calls?cursor=x", "cursor"),
        ("/interactions?channel=smoke", "channel"),
    ] {
        let reply = supervisor.get(path).await;
        assert_eq!(reply.refusal(), (422, "invalid".to_owned()), "{path}");
        assert_eq!(reply.json()["errors"][0]["field"], field);
    }
}

pub(crate) async fn a_card_tells_legs_and_history_and_an_interaction_its_operators(place: Place) {
    let house = House::open(place).await;
    let operator = house.visitor(&house.domain, "anna", &["callcenter_operator"]).await;
    let anna = house.store.user_by_login(house.domain.id, "anna").await.unwrap().unwrap().id;
    let calls = with_calls(&house, anna).await;

    let card = get(&operator, &format!("/calls/{}", calls[0])).await;
    assert_eq!(card["answered_at"], "2027-01-15T08:00:02.000Z");
    assert_eq!(card["ended_at"], "2027-01-15T08:00:32.500Z");
    assert_eq!(card["legs"].as_array().unwrap().len(), 2);
    assert_eq!(card["legs"][0]["trunk"], "provider");
    assert_eq!(card["legs"][1]["number"], "1001");
    let history = card["history"].as_array().unwrap();
    let told: Vec<_> = history.iter().map(|it| it["what"].as_str().unwrap()).collect();
    assert_eq!(told, ["call_started", "rung", "ringing", "answered", "hung_up", "hung_up"]);
    assert_eq!(history[0]["params"]["dialled"], "700");

    let page = get(&operator, "/interactions").await;
    assert_eq!(ids(&page), [&calls[1], &calls[0]]);
    let expected = json!({
        "id": calls[0], "at": "2027-01-15T08:00:00.000Z", "channel": "call",
        "description": "+79000000001 → Анна [00:30]", "operators": ["anna"], "service": null,
        "call_id": calls[0],
    });
    assert_eq!(page["items"][1], expected);
    assert_eq!(get(&operator, &format!("/interactions/{}", calls[0])).await, expected);
    for path in ["/interactions?channel=email", "/interactions?service=x"] {
        assert_eq!(ids(&get(&operator, path).await), [""; 0]);
    }
    assert_eq!(ids(&get(&operator, "/interactions?channel=call").await).len(), 2);
    let unanswered = page["items"][0]["description"].as_str().unwrap();
    assert!(unanswered.ends_with(" [00:00]"), "{unanswered}");
    let supervisor = house.visitor(&house.domain, "chief", &["callcenter_supervisor"]).await;
    let short = get(&supervisor, &format!("/interactions/{}", calls[2])).await;
    assert_eq!(short["description"], "1002 → 1003 [00:01]", "answered, for less than a second");
}

pub(crate) async fn figures_are_made_of_the_calls_of_ones_own_domain(place: Place) {
    let house = House::open(place).await;
    let admin = house.visitor(&house.domain, "root", &["platform_admin"]).await;
    let anna = house.add(&house.domain, "anna", &["callcenter_operator"]).await;
    with_calls(&house, anna).await;
    let [from, to] = [0, 150_000].map(|it| rfc3339(UnixMillis(BASE + it)));
    let ask = async |more: &str| {
        get(&admin, &format!("/statistics/calls?from={from}&to={to}{more}")).await
    };

    let all = ask("").await;
    assert_eq!(
        (&all["from"], &all["time_zone"], &all["groups"]),
        (&json!(from), &json!("UTC"), &json!([]))
    );
    let calls = &all["total"]["calls"];
    assert_eq!((&calls["offered"], &calls["answered"]), (&json!(3), &json!(2)));
    assert_eq!(calls["talk_ms"], 30_900);
    assert_eq!(calls["average_talk_ms"], 15_450);
    assert_eq!(calls["average_ring_ms"], 1_850);
    assert_eq!(calls["missed"]["refused"], 1, "a plan hung up");
    assert_eq!(calls["ended_by"], json!({"caller": 3, "callee": 0, "system": 0}));
    assert_eq!(all["total"]["callee_legs"]["offered"], 3);
    let trunks = ask("&group=trunk").await;
    assert_eq!(trunks["groups"][0]["name"], "provider");
    assert_eq!(trunks["groups"][0]["caller_legs"]["answered"], 1);
    let inward = ask("&direction=in&group=day&time_zone=Europe/Moscow").await;
    assert_eq!(
        inward["total"],
        inward["groups"][0]
            .as_object()
            .map(|it| {
                let mut tally = it.clone();
                tally.remove("name");
                Value::Object(tally)
            })
            .unwrap()
    );
    assert_eq!(inward["total"]["calls"]["offered"], 1);

    for (query, field) in [
        ("group=week", "group"),
        ("direction=up", "direction"),
        ("time_zone=Mars", "time_zone"),
        ("from=yesterday", "from"),
        ("from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "to"),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "to"),
    ] {
        let reply = admin.get(&format!("/statistics/calls?{query}")).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}: {reply:?}");
        assert_eq!(reply.json()["errors"][0]["field"], field, "{query}: {reply:?}");
    }
}

pub(crate) async fn the_call_log_is_read_by_administrators_and_exported_without_formulas(
    place: Place,
) {
    let house = House::open(place).await;
    let admin = house.visitor(&house.domain, "root", &["platform_admin"]).await;
    let anna = house.add(&house.domain, "anna", &["callcenter_operator"]).await;
    let calls = with_calls(&house, anna).await;

    let page = get(&admin, "/admin/cdrs?trunk=provider").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert_eq!(page["items"][0]["call_id"], calls[0].as_str());
    assert_eq!(get(&admin, "/admin/cdrs?number=1003").await["total_estimate"], 2);
    let reply = admin.get("/admin/cdrs.csv?sort=time").await;

    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.headers["content-type"], "text/csv; charset=utf-8");
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with('\u{feff}'), "{}", lines[0]);
    assert_eq!(lines.len(), 1 + 6);
    assert!(text.contains("\"'=cmd|calc!A0\""), "{text}");
    assert!(text.contains("\"'+79000000001\",\"\",\"provider\""), "{text}");
    assert!(text.contains("\"a\"\"b\"\r\n"), "{text}");
    assert!(!text.contains(&calls[3]), "a row of another domain is in it");
    let filter = tandem::store::AuditFilter { what: Some("cdrs".into()), ..Default::default() };
    let audit = house.store.audit_page(house.domain.id, &filter, None, 9).await.unwrap();
    assert_eq!(audit[0].entry.what, "cdrs.exported");
    assert_eq!(audit[0].entry.who, "root");
}

/// 2027-01-15T08:00:00Z
const BASE: i64 = 1_800_000_000_000;

const NOBODY: &str = "00000000-0000-7000-8000-000000000001";
