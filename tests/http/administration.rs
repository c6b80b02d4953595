//! Lines, dialplans and health.

use crate::{
    house::{House, PASSWORD},
    places::Place,
};
use axum::http::{Method, StatusCode, header};
use call::{Sounds, dialplan::Plans};
use serde_json::{Value, json};
use sip::digest::Ha1;
use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tandem::{
    boot,
    config::{Config, Written},
    http::api::house::{Done, House as Server, PlanTrouble, ToldAlarm, Vitals},
};

/// Stands for the running server.
#[derive(Default)]
pub(crate) struct Fake {
    written: Written,
    directory: PathBuf,
    /// What plans may name.
    trunks: Vec<String>,
    pub(crate) reloads: AtomicUsize,
    rules: AtomicUsize,
    is_broken: AtomicBool,
    alarms: Vec<ToldAlarm>,
}

impl Fake {
    pub(crate) fn with_plan(text: &str) -> (Arc<Self>, tempfile::TempDir) {
        Self::with_trunks(text, "", &[])
    }

    /// With the trunks of a configuration, and others that plans may name.
    pub(crate) fn with_trunks(
        plan: &str,
        config: &str,
        others: &[&str],
    ) -> (Arc<Self>, tempfile::TempDir) {
        let written = Written::parse(config, &tandem::config::Overrides::default()).unwrap();
        Self::with_config(plan, written, others)
    }

    /// With a configuration, and trunks beside its own that plans may name.
    pub(crate) fn with_config(
        plan: &str,
        written: Written,
        others: &[&str],
    ) -> (Arc<Self>, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("main.toml"), plan).unwrap();
        let file = written.check().unwrap().trunks.into_iter().map(|it| it.link.name);
        let trunks = others.iter().map(|&it| it.to_owned()).chain(file).collect();
        let fake =
            Self { written, trunks, directory: directory.path().to_owned(), ..Self::default() };
        (Arc::new(fake), directory)
    }
}

impl Server for Fake {
    fn reload_directory(&self) -> Done<'_> {
        self.reloads.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(()) })
    }

    fn config(&self) -> Arc<Config> {
        Arc::new(self.written.check().unwrap())
    }

    fn music(&self) -> Vec<String> {
        vec!["default".to_owned(), "jazz".to_owned()]
    }

    fn written_config(&self) -> Arc<Written> {
        Arc::new(self.written.clone())
    }

    fn use_plans(&self, plans: Arc<Plans>) -> Done<'_> {
        let is_broken = self.is_broken.load(Ordering::SeqCst);
        if !is_broken {
            self.rules.store(plans.len(), Ordering::SeqCst);
        }
        Box::pin(async move { if is_broken { Err("a shard is gone".to_owned()) } else { Ok(()) } })
    }

    fn dialplans_dir(&self) -> PathBuf {
        self.directory.clone()
    }

    fn load_plans(&self, changed: Option<(&str, &str)>) -> Result<Arc<Plans>, PlanTrouble> {
        let mut config = Config::clone(&self.config());
        config.server.dialplans_dir.clone_from(&self.directory);
        let (sounds, trunks) = (Sounds::default(), self.trunks.iter().cloned());
        boot::plans::load_with(&config, &sounds, trunks, changed).map_err(boot::house::trouble)
    }

    fn outbound_alarms(&self) -> Vec<ToldAlarm> {
        self.alarms.clone()
    }

    fn vitals(&self) -> Pin<Box<dyn Future<Output = Vitals> + Send + '_>> {
        Box::pin(async { Vitals { is_ready: true, calls: 3, ..Vitals::default() } })
    }
}

pub(crate) async fn house(place: Place, fake: Arc<Fake>) -> House {
    House::dressed(place, "", move |api| api.with_house(fake)).await
}

pub(crate) async fn lines_are_made_changed_and_removed_and_calls_go_by_it(place: Place) {
    let (fake, _directory) = Fake::with_plan("");
    let house = house(place, fake.clone()).await;
    let admin = house.visitor(&house.domain, "root", &["platform_admin"]).await;
    let anna = house.add(&house.domain, "anna", &["callcenter_operator"]).await;

    let wanted = json!({ "number": "1001", "name": "Анна", "user_id": anna.0, "calls_max": 2 });
    let made = admin.post("/admin/lines", wanted.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let (line, password) = (made.json(), made.json()["password"].as_str().unwrap().to_owned());
    assert_eq!((&line["ring_timeout_s"], &line["version"]), (&json!(60), &json!(1)));
    let path = format!("/admin/lines/{}", line["id"].as_str().unwrap());
    let row = &house.store.list_extensions().await.unwrap()[0].extension;
    assert!(row.ha1 == Ha1::of_password("1001", "a.example", &password));
    assert_eq!(row.user, Some(anna));
    assert!(admin.get(&path).await.json().get("password").is_none());
    let again = admin.post("/admin/lines", wanted).await;
    assert_eq!(again.refusal(), (409, "exists".to_owned()));

    assert_eq!(line["dtmf"], "auto");
    let draft = json!({
        "name": "Анна П.", "user_id": null, "calls_max": null, "dtmf": "inband",
        "codecs": ["G722", "PCMA"], "hold_music": " jazz ",
        "outbound_classes": ["international", "national"],
        "caller_number": "+74950001001", "is_withheld": true,
    });
    let changed = admin.act(Method::PUT, &path, Some(1), draft.clone()).await;
    assert_eq!((changed.status, &changed.json()["version"]), (StatusCode::OK, &json!(2)));
    let late = admin.act(Method::PUT, &path, Some(1), draft).await;
    assert_eq!(late.refusal(), (409, "version_conflict".to_owned()));
    assert_eq!(late.json()["current"], changed.json());
    assert_eq!(changed.json()["dtmf"], "inband");
    let row = &house.store.list_extensions().await.unwrap()[0].extension;
    assert_eq!(row.media.dtmf, call::DtmfMode::Inband);
    assert_eq!(row.media.codecs.names(), ["G722", "PCMA"]);
    assert_eq!(row.media.hold_music.as_deref(), Some("jazz"));
    let both = ["international", "national"].map(str::to_owned);
    assert_eq!(row.outbound.classes, both.into());
    let seen = (row.outbound.caller_number.as_deref(), row.outbound.is_withheld);
    assert_eq!(seen, (Some("+74950001001"), true));
    let known = admin.get("/admin/outbound-classes").await.json();
    assert_eq!(known["items"][1], json!({ "name": "international", "prefixes": ["+"] }));
    let mars = json!({
        "name": "Анна", "user_id": null, "calls_max": null, "outbound_classes": ["mars"],
    });
    let refused = admin.act(Method::PUT, &path, Some(2), mars).await.json();
    let error = &refused["errors"][0];
    assert_eq!((&error["field"], &error["code"]), (&json!("outbound_classes"), &json!("unknown")));
    assert!(error.to_string().contains("есть national, international"), "{error}");
    for (codecs, code, told) in [
        (json!(["G722", "MP3"]), "unknown", "MP3"),
        (json!(["PCMA", "pcma"]), "repeated", "PCMA указан дважды"),
    ] {
        let mut draft = json!({ "name": "Анна", "user_id": null, "calls_max": null });
        draft["codecs"] = codecs;
        let refused = admin.act(Method::PUT, &path, Some(2), draft).await.json();
        let error = &refused["errors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!("codecs"), &json!(code)));
        assert!(error.to_string().contains(told), "{error}");
    }
    let polka = json!({
        "name": "Анна", "user_id": null, "calls_max": null, "hold_music": "polka",
    });
    let refused = admin.act(Method::PUT, &path, Some(2), polka).await.json();
    let error = &refused["errors"][0];
    assert_eq!((&error["field"], &error["code"]), (&json!("hold_music"), &json!("unknown")));
    assert!(error.to_string().contains("есть default, jazz"), "{error}");
    let chosen = json!({ "password": "long enough" });
    let reply = admin.post(&format!("{path}/password"), chosen).await;
    assert_eq!((reply.status, reply.json()), (StatusCode::OK, json!({ "password": null })));
    let row = &house.store.list_extensions().await.unwrap()[0].extension;
    assert!(row.ha1 == Ha1::of_password("1001", "a.example", "long enough"));
    let gone = admin.act(Method::DELETE, &path, Some(3), Value::Null).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{gone:?}");
    assert_eq!(admin.get("/admin/lines").await.json(), json!({ "items": [] }));

    assert_eq!(fake.reloads.load(Ordering::SeqCst), 4);
    let audit = house.store.audit_page(house.domain.id, &<_>::default(), None, 50).await.unwrap();
    let told: Vec<_> = audit.iter().map(|it| &it.entry).filter(|it| it.object == "line").collect();
    // The clock stands still, and so the order says nothing.
    let what: BTreeSet<_> = told.iter().map(|it| it.what.as_str()).collect();
    let expected = ["line.removed", "line.password_changed", "line.changed", "line.added"];
    assert_eq!((told.len(), what), (4, expected.into()));
    for secret in ["long enough", password.as_str(), PASSWORD] {
        assert!(told.iter().all(|it| !format!("{it:?}").contains(secret)), "{secret} is told");
    }
}

pub(crate) async fn a_line_of_another_domain_is_not_there_and_nonsense_is_named(place: Place) {
    let (fake, _directory) = Fake::with_plan("");
    let house = house(place, fake).await;
    let admin = house.visitor(&house.domain, "root", &["platform_admin"]).await;
    let other = house.visitor(&house.other, "root", &["platform_admin"]).await;
    let stranger = house.add(&house.other, "stranger", &[]).await;
    let made = admin.post("/admin/lines", json!({ "number": "1001", "name": "x" })).await.json();
    let path = format!("/admin/lines/{}", made["id"].as_str().unwrap());
    let draft = json!({ "name": "y", "user_id": null });

    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::PUT, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::POST, format!("{path}/password")),
    ] {
        let body = if method == Method::POST { json!({}) } else { draft.clone() };
        let reply = other.act(method, &path, Some(1), body).await;
        assert_eq!(reply.refusal(), (404, "not_found".to_owned()), "{path}");
    }
    let nonsense = json!({
        "number": "10 01", "name": "x\ny", "user_id": stranger.0, "calls_max": 0,
        "ring_timeout_s": 1,
    });
    let reply = admin.post("/admin/lines", nonsense).await;
    assert_eq!(reply.refusal(), (422, "invalid".to_owned()));
    let errors = reply.json()["errors"].as_array().unwrap().clone();
    let fields: Vec<_> = errors.iter().map(|it| it["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["name", "calls_max", "ring_timeout_s", "number", "user_id"]);
    let short = admin.post(&format!("{path}/password"), json!({ "password": "short" })).await;
    assert_eq!(short.json()["errors"][0]["field"], "password");
}

pub(crate) async fn a_dialplan_is_saved_whole_or_not_at_all(place: Place) {
    let (fake, directory) = Fake::with_plan(PLAN);
    let house = house(place, fake.clone()).await;
    let admin = house.visitor(&house.domain, "root", &["platform_admin"]).await;
    let file = || fs::read_to_string(directory.path().join("main.toml")).unwrap();
    let save = async |name: &str, version: Option<&str>, text: &str| {
        let mut request = admin.request(Method::PUT, &format!("/admin/dialplans/{name}"));
        if let Some(version) = version {
            request = request.header(header::IF_MATCH, format!("\"{version}\""));
        }
        admin.send_json(request, &json!({ "text": text })).await
    };

    let list = admin.get("/admin/dialplans").await.json();
    assert_eq!(list["items"][0]["name"], "main.toml");
    assert_eq!(list["items"][0]["domain"], "a.example");
    let read = admin.get("/admin/dialplans/main").await.json();
    assert_eq!(read["text"], PLAN);
    let version = read["version"].as_str().unwrap().to_owned();
    let broken = PLAN.replace("echo = {}", "ecko = {}");
    let check = admin
        .post("/admin/dialplans/check", json!({ "name": "main.toml", "text": broken }))
        .await
        .json();
    assert_eq!((&check["ok"], &check["errors"][0]["line"]), (&json!(false), &json!(6)), "{check}");
    let told = &check["errors"][0]["message"];
    assert!(
        told["ru"].as_str().unwrap().starts_with("Неизвестный ключ; подходят `answer`"),
        "{told}"
    );
    assert!(told["en"].as_str().unwrap().starts_with("Unknown key; expected"), "{told}");
    let refused = save("main.toml", Some(&version), &broken).await;
    assert_eq!(refused.refusal(), (422, "invalid".to_owned()));
    assert_eq!(file(), PLAN);

    let better = format!("{PLAN}{SECOND_RULE}");
    let saved = save("main.toml", Some(&version), &better).await;
    assert_eq!(saved.status, StatusCode::OK, "{saved:?}");
    assert_eq!((file(), fake.rules.load(Ordering::SeqCst)), (better.clone(), 2));
    let late = save("main.toml", Some(&version), PLAN).await;
    assert_eq!(late.refusal(), (409, "version_conflict".to_owned()));
    assert_eq!(late.json()["current"]["text"], better);
    let second = ["domain = \"a.example\"\n", &SECOND_RULE.replace("9197", "9198")].concat();
    let clash = save("second", None, &second).await;
    assert_eq!(clash.refusal(), (422, "invalid".to_owned()), "the name of a rule is taken");
    let made = save("second", None, &second.replace("\"two\"", "\"three\"")).await;
    assert_eq!((made.status, fake.rules.load(Ordering::SeqCst)), (StatusCode::OK, 3));

    fake.is_broken.store(true, Ordering::SeqCst);
    let now = admin.get("/admin/dialplans/main").await.json()["version"].clone();
    let failed = save("main.toml", now.as_str(), PLAN).await;
    assert_eq!(failed.refusal(), (503, "busy".to_owned()));
    assert_eq!(file(), better, "the old file is put back");
    for name in ["..%2Fsecret", "Main", "a.b", "%2Fetc%2Fpasswd", "x%00"] {
        let reply = save(name, None, PLAN).await;
        assert_eq!(reply.refusal(), (404, "not_found".to_owned()), "{name}");
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
}

pub(crate) async fn the_audit_tells_what_was_changed_in_a_dialplan(place: Place) {
    let (fake, directory) = Fake::with_plan(PLAN);
    let house = house(place, fake).await;
    let admin = house.visitor(&house.domain, "root", &["platform_admin"]).await;
    let version = admin.get("/admin/dialplans/main").await.json()["version"].clone();
    let better = PLAN.replace("9196", "9199");
    let request = admin.request(Method::PUT, "/admin/dialplans/main");
    let request = request.header(header::IF_MATCH, version.as_str().unwrap());
    let saved = admin.send_json(request, &json!({ "text": better })).await;
    assert_eq!(saved.status, StatusCode::OK, "{saved:?}");
    let new = "domain = \"a.example\"\n";
    let made = admin.act(Method::PUT, "/admin/dialplans/new", None, json!({ "text": new })).await;
    assert_eq!(made.status, StatusCode::OK, "{made:?}");

    let entries = admin.get("/admin/audit?what=dialplan.changed").await.json()["items"].clone();

    let told = |n: usize| (entries[n]["object_id"].clone(), entries[n]["before"].clone());
    assert_eq!(told(0), (json!("new.toml"), Value::Null));
    assert_eq!(entries[0]["after"]["diff"], format!("@@ -0,0 +1 @@\n+{new}"));
    assert_eq!(told(1), (json!("main.toml"), json!({ "version": version, "size": PLAN.len() })));
    let after = &entries[1]["after"];
    assert_eq!(after["version"], saved.json()["version"]);
    assert_eq!(after["size"], better.len());
    let diff = after["diff"].as_str().unwrap();
    let changed: Vec<_> = diff.lines().filter(|it| it.starts_with(['-', '+'])).collect();
    let line = |text: &str| text.lines().find(|it| it.contains("919")).unwrap().to_owned();
    assert_eq!(changed, [format!("-{}", line(PLAN)), format!("+{}", line(&better))], "{diff}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
}

pub(crate) async fn a_call_is_tried_on_texts_that_are_not_saved(place: Place) {
    let (fake, _directory) = Fake::with_plan(PLAN);
    let house = house(place, fake).await;
    let admin = house.visitor(&house.domain, "root", &["platform_admin"]).await;
    let call = json!({ "from": "1001", "to": "9196" });

    let tested = admin.post("/admin/dialplans/test", call).await.json();
    assert_eq!((&tested["action"], &tested["rule"]), (&json!("echo"), &json!("one")));
    let step = &tested["steps"][1];
    assert_eq!((&step["file"], &step["line"]), (&json!("main.toml"), &json!(2)), "{tested}");
    assert_eq!(step["text"]["ru"], "one: подходит: 9196");
    assert_eq!(tested["outcome"]["ru"], "вернуть звук эхом");
    let text = format!("{PLAN}{SECOND_RULE}");
    let call = json!({ "from": "1001", "to": "9197", "name": "main.toml", "text": text });
    let tested = admin.post("/admin/dialplans/test", call).await.json();
    assert_eq!(tested["rule"], "two");
    let behind_trunk = json!({ "from": "+79000000001", "to": "9196", "trunk": "provider" });
    let tested = admin.post("/admin/dialplans/test", behind_trunk).await.json();
    assert_eq!((&tested["action"], &tested["rule"]), (&json!("refuse 404"), &Value::Null));
}

pub(crate) async fn a_dialplan_of_another_domain_is_not_there(place: Place) {
    let (fake, _directory) = Fake::with_plan(PLAN);
    let house = house(place, fake).await;
    let rights = [tandem::store::Right::DialplansView, tandem::store::Right::DialplansManage];
    let draft = tandem::store::RoleDraft {
        code: "router".to_owned(),
        title_ru: "x".to_owned(),
        title_en: "x".to_owned(),
        rights: rights.into(),
    };
    for domain in [&house.domain, &house.other] {
        house.store.add_role(domain.id, &draft).await.unwrap();
    }
    let own = house.visitor(&house.domain, "own", &["router"]).await;
    let other = house.visitor(&house.other, "other", &["router"]).await;
    let body = json!({ "text": PLAN });

    assert_eq!(own.get("/admin/dialplans").await.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(other.get("/admin/dialplans").await.json()["items"], json!([]));
    assert_eq!(other.get("/admin/dialplans/main").await.refusal().0, 404);
    let reply = other.act(Method::PUT, "/admin/dialplans/main", None, body.clone()).await;
    assert_eq!(reply.refusal().0, 404);
    for text in [PLAN, &PLAN[PLAN.find('[').unwrap()..], RULE_OF_ANOTHER] {
        let reply =
            other.act(Method::PUT, "/admin/dialplans/mine", None, json!({ "text": text })).await;
        assert_eq!(reply.json()["errors"][0]["code"], "other_domain", "{text}");
    }
}

pub(crate) async fn health_tells_figures_of_this_process(place: Place) {
    let (fake, _directory) = Fake::with_plan("");
    let house = house(place, fake).await;
    let admin = house.visitor(&house.domain, "root", &["platform_admin"]).await;

    let health = admin.get("/admin/health").await.json();

    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&health["ready"], &health["calls"]), (&json!(true), &json!(3)));
    assert_eq!(health["database"]["ok"], true);
    for figure in ["memory_bytes", "files", "cpu_s"] {
        assert!(health[figure].as_f64().unwrap() > 0.0, "{health}");
    }
}

const PLAN: &str = r#"domain = "a.example"
[[rule]]
name = "one"
match = { number = "9196" }
steps = [
  { echo = {} },
]
"#;

const SECOND_RULE: &str = r#"[[rule]]
name = "two"
match = { number = "9197" }
steps = [{ echo = {} }]
"#;

const RULE_OF_ANOTHER: &str = r#"domain = "b.example"
[[rule]]
name = "three"
match = { number = "9199", domain = "a.example" }
steps = [{ echo = {} }]
"#;
