//! The administrator's commands, as typed.

use crate::places::Place;
use base::UnixMillis;
use clap::Parser as _;
use sip::digest::Ha1;
use tandem::{
    cli::{Cli, Command, admin},
    config::Secret,
    store::{PinTry, Store},
};

pub(crate) async fn an_administrator_is_made_and_signs_in(place: Place) {
    let store = place.open().await;

    run(&store, "domain add A.example --alias 192.0.2.1", "").await;
    let added = run(&store, "user add anna --domain a.example --role admin", "").await;
    let password = added.lines().find_map(|it| it.strip_prefix("password: ")).unwrap();

    let domain = store.require_domain("192.0.2.1").await.unwrap();
    let sign_in = async |password: &str| {
        store.authenticate_user(domain.id, "anna", Secret::new(password)).await.unwrap()
    };
    assert!(sign_in(password).await.is_some());

    let changed =
        run(&store, "user password anna --domain a.example --password-stdin", "new one\n").await;
    assert!(!changed.contains("new one"), "a chosen password is shown: {changed}");
    assert!(sign_in("new one").await.is_some());

    run(&store, "user add boris --domain a.example --role platform_admin --password x", "").await;
    run(&store, "user disable anna --domain a.example", "").await;
    assert!(sign_in("new one").await.is_none());
    assert_eq!(
        run(&store, "user list", "").await.lines().next().unwrap().to_owned() + "\n",
        "a.example\tanna\tcallcenter_admin,callcenter_user,platform_admin\tdisabled\tanna\n"
    );
    run(&store, "user enable anna --domain a.example", "").await;
    assert!(sign_in("new one").await.is_some());
}

pub(crate) async fn an_extension_is_made_changed_and_removed(place: Place) {
    let store = place.open().await;
    run(&store, "domain add a.example", "").await;

    run(&store, "extension add 1001 --domain a.example --calls-max 0 --password x", "").await;

    assert_eq!(
        run(&store, "extension list", "").await,
        "a.example\t1001\tno limit\tnothing\t1001\n"
    );
    let rights = "extension rights 1001 --domain a.example --outbound-classes city,abroad";
    run(&store, rights, "").await;
    let listed = run(&store, "extension list", "").await;
    assert_eq!(listed, "a.example\t1001\tno limit\tabroad,city\t1001\n");
    run(&store, "extension password 1001 --domain a.example --password y", "").await;
    let row = &store.list_extensions().await.unwrap()[0];
    assert!(row.extension.ha1 == Ha1::of_password("1001", "a.example", "y"));
    let mailbox = (row.extension.domain, row.extension.id);
    run(&store, "extension pin 1001 --domain a.example", "4711\n").await;
    let now = UnixMillis(0);
    let tried = store.try_pin(mailbox.0, mailbox.1, Secret::new("4711"), now).await.unwrap();
    assert_eq!(tried, PinTry::Right);
    run(&store, "extension pin 1001 --domain a.example --none", "").await;
    assert!(!store.has_mailbox_pin(mailbox.0, mailbox.1).await.unwrap());
    for (line, may_sign_in) in [("", true), (" --none", false)] {
        run(&store, &format!("extension sign-in 1001 --domain a.example{line}"), "").await;
        let row = &store.list_extensions().await.unwrap()[0];
        assert_eq!(row.extension.may_sign_in, may_sign_in);
    }
    let mail = "extension mail 1001 --domain a.example";
    let told = run(&store, &format!("{mail} --address anna@a.example --delete-sent"), "").await;
    assert!(told.contains("[mail]"), "{told}");
    let settings = store.mail_settings(mailbox.0, mailbox.1).await.unwrap().unwrap();
    assert_eq!((settings.has_sound, settings.deletes_sent), (true, true));
    run(&store, &format!("{mail} --none"), "").await;
    assert_eq!(store.mail_settings(mailbox.0, mailbox.1).await.unwrap(), None);
    for bad in ["--address nonsense", "", "--none --address a@b.example"] {
        let line = format!("tandem {mail} {bad}");
        assert!(Cli::try_parse_from(line.split_whitespace()).is_err(), "{bad}");
    }
    run(&store, "extension remove 1001 --domain a.example", "").await;
    assert!(store.list_extensions().await.unwrap().is_empty());
}

async fn run(store: &Store, line: &str, input: &str) -> String {
    let words = ["tandem"].into_iter().chain(line.split(' '));
    let command = Cli::try_parse_from(words).unwrap().command;
    let mut output = Vec::new();
    let mut input = input.as_bytes();
    let mut terminal = admin::Terminal { input: &mut input, output: &mut output };
    match command {
        Command::Domain { command, .. } => admin::run_domain(store, command, &mut terminal).await,
        Command::User { command, .. } => admin::run_user(store, command, &mut terminal).await,
        Command::Extension { command, .. } => {
            admin::run_extension(store, command, &mut terminal).await
        }
        command @ (Command::Serve(_)
        | Command::Check(_)
        | Command::Demo { .. }
        | Command::Dialplan { .. }
        | Command::Journal { .. }
        | Command::Openapi
        | Command::Trace { .. }) => panic!("{command:?} is not the database's"),
    }
    .unwrap();
    String::from_utf8(output).unwrap()
}
