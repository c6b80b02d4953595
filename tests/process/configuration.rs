//! The configuration in force, asked of a running server.

use crate::harness::{Server, Visitor, wait_for};
use serde_json::{Value, json};
use std::{fs, time::Duration};

#[test]
fn the_configuration_in_force_names_its_sources_and_sighup_changes_what_needs_no_restart() {
    let server = Server::start_with_variable(
        "[sip]\nsource_burst = 1001\n[log]\nlevel = \"error\"\n",
        ("TANDEM_LOG", "debug"),
    );
    let admin = Visitor::sign_in(&server, "admin");
    let told = |key: &str| {
        let shown = admin.get("/admin/config");
        let folder = server.folder().to_string_lossy().into_owned();
        assert_eq!(shown["file"], "tandem.toml");
        let items = shown["items"].as_array().expect("they are a list");
        let found = items.iter().find(|it| it["key"] == key).cloned().unwrap_or_default();
        let is_own = found["value"].as_str().is_some_and(|it| it.contains(&folder));
        assert_eq!(is_own, key == "server.data_dir", "{found}");
        (found["value"].clone(), found["source"].clone())
    };
    let (file, flag) = (json!("file"), json!("command_line"));
    assert_eq!(told("log.level"), (json!("debug"), json!("environment")));
    assert_eq!(told("sip.source_burst"), (json!("1001"), file.clone()));
    assert_eq!(told("server.data_dir").1, flag);
    let (sip, source) = told("sip.listen");
    assert!(sip.to_string().contains(&server.sip().to_string()) && source == flag, "{sip}");
    assert_eq!(told("calls.calls_max"), (json!("10000"), json!("default")));
    assert_eq!(told("trunk[0].name").1, file);
    assert_eq!(told("trunk[1].name").0, Value::Null);

    let path = server.folder().join("tandem.toml");
    let text = fs::read_to_string(&path).expect("it is there").replace("1001", "1002");
    let more = "[[trunk]]\nname = \"second\"\ndomain = \"demo.tandem.test\"\n\
                destination = \"192.0.2.1:5060/udp\"\n";
    fs::write(&path, format!("{text}\n{more}")).expect("it can be written");
    server.hang_up();
    wait_for("the reload", RELOAD_LIMIT, || {
        (told("trunk[1].name") == (json!("second"), file.clone())).then_some(())
    });
    assert_eq!(told("sip.source_burst"), (json!("1001"), file), "that waits for a restart");
}

const RELOAD_LIMIT: Duration = Duration::from_secs(30);
