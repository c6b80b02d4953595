//! A forgotten password, with a mail server in this process.

use crate::{base64::base64, house::House, places::Place};
use axum::http::StatusCode;
use serde_json::json;
use std::time::Duration;
use tandem::{
    config::Secret,
    store::{NewUser, Profile},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    sync::mpsc,
    time::timeout,
};

pub(crate) async fn a_letter_sets_a_new_password_once_and_within_the_hour(place: Place) {
    let (house, mut letters) = with_mail(place).await;
    let mut stranger = house.stranger();
    assert_eq!(stranger.get("/auth/hint").await.json()["recovery"], true);
    let anna = json!({ "domain": "a.example", "login": "anna" });

    for login in ["nobody", "anna"] {
        let asked = json!({ "domain": "a.example", "login": login });
        let reply = stranger.post("/auth/recover", asked).await;
        assert_eq!((reply.status, reply.body.len()), (StatusCode::ACCEPTED, 0), "{login}");
    }
    let letter = next(&mut letters).await;

    assert!(letter.contains("To: anna@a.example"), "{letter}");
    let token = token_of(&letter);
    let confirm = async |token: &str, password: &str| {
        let body = json!({ "token": token, "password": password });
        house.stranger().post("/auth/recover/confirm", body).await
    };
    assert_eq!(confirm(&token, "short").await.json()["errors"][0]["code"], "too_short");
    assert_eq!(confirm(&"0".repeat(64), "a new password").await.status.as_u16(), 422);
    assert_eq!(confirm(&token, "a new password").await.status, StatusCode::NO_CONTENT);
    assert_eq!(confirm(&token, "another password").await.json()["errors"][0]["code"], "expired");
    let signed_in = stranger.sign_in("a.example", "anna", "a new password").await;
    assert_eq!(signed_in.status, StatusCode::OK);

    stranger.post("/auth/recover", anna).await;
    let late = token_of(&next(&mut letters).await);
    house.clock.advance(Duration::from_hours(1));
    assert_eq!(confirm(&late, "a new password").await.json()["errors"][0]["code"], "expired");
    assert!(letters.try_recv().is_err(), "somebody else got a letter");
}

pub(crate) async fn without_a_mail_server_the_answer_is_the_same_and_the_page_knows(place: Place) {
    let house = House::open(place).await;
    house.add(&house.domain, "anna", &[]).await;
    let stranger = house.stranger();

    let asked = json!({ "domain": "a.example", "login": "anna" });
    let reply = stranger.post("/auth/recover", asked).await;

    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert_eq!(stranger.get("/auth/hint").await.json()["recovery"], false);
}

/// A house that writes letters to a server which keeps them.
async fn with_mail(place: Place) -> (House, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, letters) = mpsc::unbounded_channel();
    tokio::spawn(keep_letters(listener, sender));
    let config = format!(
        "[http]\npublic_url = \"https://desk.example/\"\n\
         [mail]\nurl = \"smtp://127.0.0.1:{port}\"\nfrom = \"Tandem <desk@a.example>\"\n"
    );
    let house = House::with_config(place, &config).await;
    let anna = NewUser {
        login: "anna".to_owned(),
        password: Secret::new("forgotten"),
        profile: Profile {
            display_name: "Анна".to_owned(),
            email: Some("anna@a.example".to_owned()),
            ..Profile::default()
        },
        roles: Vec::new(),
    };
    house.store.add_user(house.domain.id, anna).await.unwrap();
    (house, letters)
}

/// As much of RFC 5321 as one client needs.
async fn keep_letters(listener: TcpListener, letters: mpsc::UnboundedSender<String>) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let letters = letters.clone();
        tokio::spawn(async move {
            let (reader, mut writer) = stream.split();
            let mut lines = BufReader::new(reader).lines();
            let mut letter: Option<String> = None;
            writer.write_all(b"220 sink\r\n").await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match &mut letter {
                    Some(text) if line == "." => {
                        letters.send(std::mem::take(text)).unwrap();
                        letter = None;
                        "250 kept\r\n"
                    }
                    Some(text) => {
                        *text += &(line + "\n");
                        continue;
                    }
                    None if line == "DATA" => {
                        letter = Some(String::new());
                        "354 go on\r\n"
                    }
                    None if line == "QUIT" => "221 bye\r\n",
                    None => "250 yes\r\n",
                };
                writer.write_all(answer.as_bytes()).await.unwrap();
            }
        });
    }
}

async fn next(letters: &mut mpsc::UnboundedReceiver<String>) -> String {
    timeout(Duration::from_secs(10), letters.recv()).await.unwrap().unwrap()
}

/// The secret in the letter's link, whichever way the body is encoded.
fn token_of(letter: &str) -> String {
    let (_, body) = letter.split_once("\n\n").unwrap();
    let text = if letter.contains("base64") {
        String::from_utf8(base64(&body.replace('\n', ""))).unwrap()
    } else {
        body.replace("=\n", "").replace("=3D", "=")
    };
    let (_, rest) = text.split_once("https://desk.example/recover?token=").unwrap();
    rest.chars().take_while(|it| it.is_ascii_hexdigit()).collect()
}
