//! Recordings of calls, as players ask for them.

use crate::{
    archive::with_calls,
    house::{House, Reply, Visitor},
    places::Place,
};
use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use base::{CallId, DomainId, RecordingId, Rng, UnixMillis};
use serde_json::json;
use std::{fs, path::Path};
use tandem::store::{AuditFilter, RecordingRow, RecordingState};

/// A complete recording of a call; its id.
pub(crate) async fn with_recording(house: &House, domain: DomainId, call: &str) -> String {
    let call: CallId = call.parse().unwrap();
    let id = RecordingId::new(
        UnixMillis(1_800_000_000_000),
        &mut Rng::from_number(call.0.as_u128() as u64),
    );
    let row = RecordingRow {
        id,
        domain,
        call,
        started: UnixMillis(1_800_000_000_000),
        duration_ms: 30_500,
        bytes: SOUND.len() as i64,
        sha256: "abc".to_owned(),
        file: format!("2027-01-15/{id}.wav"),
        left: "+79000000001".to_owned(),
        right: "1001".to_owned(),
        state: RecordingState::Complete,
        packets_lost: 0,
    };
    house.store.add_recording(&row).await.unwrap();
    id.to_string()
}

pub(crate) async fn a_recording_is_heard_by_who_sees_its_call_and_each_time_is_written_down(
    place: Place,
) {
    let folder = tempfile::tempdir().unwrap();
    let house = house_in(place, folder.path()).await;
    let operator = house.visitor(&house.domain, "anna", &["callcenter_operator"]).await;
    let anna = house.store.user_by_login(house.domain.id, "anna").await.unwrap().unwrap().id;
    let supervisor = house.visitor(&house.domain, "chief", &["callcenter_supervisor"]).await;
    let calls = with_calls(&house, anna).await;
    let own = recorded(&house, folder.path(), &calls[0]).await;
    let colleagues = recorded(&house, folder.path(), &calls[2]).await;

    let heard = hear(&operator, &own, None).await;
    assert_eq!((heard.status, &heard.body[..]), (StatusCode::OK, SOUND));
    let refused = hear(&operator, &colleagues, None).await.refusal();
    assert_eq!(refused, (404, "not_found".to_owned()));
    assert_eq!(hear(&supervisor, &colleagues, None).await.status, StatusCode::OK);

    let filter = AuditFilter { what: Some("recording".into()), ..AuditFilter::default() };
    let audit = house.store.audit_page(house.domain.id, &filter, None, 9).await.unwrap();
    let told: Vec<_> =
        audit.iter().map(|it| (it.entry.what.as_str(), it.entry.who.as_str())).collect();
    assert_eq!(told, [("recording.heard", "chief"), ("recording.heard", "anna")]);
    assert_eq!(audit[1].entry.object_id, own);

    house.store.expire_recording(own.parse().unwrap()).await.unwrap();
    assert_eq!(hear(&operator, &own, None).await.refusal(), (404, "not_found".to_owned()));
    let card = operator.get(&format!("/calls/{}", calls[0])).await.json();
    assert_eq!(card["recordings"][0]["state"], "expired");
}

pub(crate) async fn a_recording_is_played_from_anywhere_and_known_by_its_call(place: Place) {
    let folder = tempfile::tempdir().unwrap();
    let house = house_in(place, folder.path()).await;
    let supervisor = house.visitor(&house.domain, "chief", &["callcenter_supervisor"]).await;
    let anna = house.add(&house.domain, "anna", &["callcenter_operator"]).await;
    let calls = with_calls(&house, anna).await;
    let id = recorded(&house, folder.path(), &calls[0]).await;

    for (range, status, told, bytes) in [
        (None, 200, None, SOUND),
        (Some("bytes=0-"), 206, Some("bytes 0-25/26"), SOUND),
        (Some("bytes=10-12"), 206, Some("bytes 10-12/26"), b"klm"),
        (Some("bytes=-3"), 206, Some("bytes 23-25/26"), b"xyz"),
        (Some("bytes=26-"), 416, Some("bytes */26"), b""),
    ] {
        let reply = hear(&supervisor, &id, range).await;
        let header = |name| reply.headers.get(name).map(|it| it.to_str().unwrap());
        assert_eq!((reply.status.as_u16(), &reply.body[..]), (status, bytes), "{range:?}");
        assert_eq!(header(header::CONTENT_RANGE), told, "{range:?}");
        assert_eq!(header(header::CONTENT_LENGTH), Some(bytes.len().to_string().as_str()));
        assert_eq!(header(header::CONTENT_TYPE), Some("audio/wav"));
        assert_eq!(header(header::ACCEPT_RANGES), Some("bytes"));
        assert_eq!(header(header::ETAG), Some("\"abc\""));
    }

    let list = supervisor.get("/calls").await.json();
    let of_call = |id: &str| {
        let items = list["items"].as_array().unwrap();
        items.iter().find(|it| it["id"] == id).unwrap()["recording"].clone()
    };
    let expected = json!({
        "id": id, "started_at": "2027-01-15T08:00:00.000Z", "duration_ms": 30_500, "bytes": 26,
        "sha256": "abc", "state": "complete", "left": "+79000000001", "right": "1001",
        "packets_lost": 0,
    });
    assert_eq!(of_call(&calls[0]), expected);
    assert!(of_call(&calls[1]).is_null());
    let card = supervisor.get(&format!("/calls/{}", calls[0])).await.json();
    assert_eq!((&card["recording"], &card["recordings"]), (&expected, &json!([expected])));
}

async fn house_in(place: Place, folder: &Path) -> House {
    let config = format!("[recording]\ndir = {:?}\n", folder.to_str().unwrap());
    House::with_config(place, &config).await
}

/// A recording whose file is there.
async fn recorded(house: &House, folder: &Path, call: &str) -> String {
    let id = with_recording(house, house.domain.id, call).await;
    let day = folder.join("2027-01-15");
    fs::create_dir_all(&day).unwrap();
    fs::write(day.join(format!("{id}.wav")), SOUND).unwrap();
    id
}

async fn hear(visitor: &Visitor, id: &str, range: Option<&str>) -> Reply {
    let mut request = visitor.request(Method::GET, &format!("/recordings/{id}/audio"));
    if let Some(range) = range {
        request = request.header(header::RANGE, range);
    }
    visitor.send(request, Body::empty()).await
}

const SOUND: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
