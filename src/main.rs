//! The `tandem` binary: says what the command line asks for to those who can do it.

use call::{
    dialplan::{Caller, DialOutcome, Rehearsal, RouteQuery},
    statistics::Question,
};
use std::{
    io::{self, Write as _},
    process::ExitCode,
};
use tandem::{
    boot::{self, ConfigSource, plans},
    cli::{
        Cli, Command, DialplanCommand, JournalCommand, Settings,
        admin::{self, Terminal},
        journal, queue_log,
    },
    config::{Config, ConfigError},
    http::control::Client,
    store::Store,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::of_process();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do if standard error is closed.
            let _ = writeln!(io::stderr(), "tandem: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Serve(settings) => Ok(boot::serve(source_of(settings)).await?),
            Command::Check(settings) => check(&settings).await,
            Command::Openapi => {
                let description = tandem::http::api::openapi().to_pretty_json()?;
                Ok(writeln!(io::stdout(), "{description}")?)
            }
            Command::Trace { call, settings } => trace(call, &settings).await,
            Command::Dialplan { command, settings } => test_dialplan(command, &settings).await,
            Command::Journal { command, settings } => read_journal(command, &settings).await,
            Command::Demo { no_calls, settings } => {
                administer(&settings, async |store, terminal| {
                    admin::run_demo(store, !no_calls, terminal).await
                })
                .await
            }
            Command::Domain { command, settings } => {
                administer(&settings, async |store, terminal| {
                    admin::run_domain(store, command, terminal).await
                })
                .await
            }
            Command::User { command, settings } => {
                administer(&settings, async |store, terminal| {
                    admin::run_user(store, command, terminal).await
                })
                .await
            }
            Command::Extension { command, settings } => {
                require_classes(&load(&settings)?, command.outbound_classes())?;
                administer(&settings, async |store, terminal| {
                    admin::run_extension(store, command, terminal).await
                })
                .await
            }
        }
    })
}

fn source_of(settings: Settings) -> ConfigSource {
    ConfigSource { file: settings.config, overrides: settings.overrides }
}

fn load(settings: &Settings) -> anyhow::Result<Config> {
    settings.load().map_err(|errors| {
        let lines: Vec<_> = errors.iter().map(ConfigError::to_string).collect();
        anyhow::anyhow!("{}", lines.join("\n"))
    })
}

/// A right to a class that the configuration does not have would be one to nothing.
fn require_classes(config: &Config, wanted: &[String]) -> anyhow::Result<()> {
    match config.outbound.unknown_class(wanted) {
        None => Ok(()),
        Some(unknown) => anyhow::bail!(
            "there is no class of numbers {unknown:?}: write one of {}",
            config.outbound.names()
        ),
    }
}

async fn check(settings: &Settings) -> anyhow::Result<()> {
    let config = load(settings)?;
    let (plans, loaded) = plans::load_for(&config).await?;
    writeln!(
        io::stdout(),
        "the configuration is valid; {} dialplan rules, {} prompts and {} kinds of hold music",
        plans.len(),
        loaded.sounds.prompts.len(),
        loaded.sounds.music.len()
    )?;
    for line in &loaded.left_out {
        writeln!(io::stdout(), "warning: {line}")?;
    }
    Ok(())
}

async fn read_journal(command: JournalCommand, settings: &Settings) -> anyhow::Result<()> {
    let config = load(settings)?;
    let directory = &config.journal.dir;
    let (mut out, mut notes) = (io::BufWriter::new(io::stdout()), io::stderr());
    let mut terminal = journal::Terminal { out: &mut out, notes: &mut notes };
    let open = async || Store::open(&config.store).await;
    match command {
        JournalCommand::Show { call } => journal::show(directory, call, &mut terminal)?,
        JournalCommand::Restore => {
            let store = open().await?;
            let restored = journal::restore(&store, directory, &mut terminal).await;
            store.close().await;
            restored?;
        }
        JournalCommand::Statistics { period, direction, grouping, json } => {
            let [from, until] = period.ends()?;
            let domain = period.domain_id(open).await?;
            let question = Question { from, until, direction, grouping, zone: period.time_zone };
            journal::print_statistics(directory, domain, question, json, &mut terminal)?;
        }
        JournalCommand::QueueLog { period } => {
            let [from, until] = period.ends()?;
            let domain = period.domain_id(open).await?;
            let wanted = queue_log::Wanted { from, until, domain };
            journal::print_queue_log(directory, wanted, &mut terminal)?;
        }
    }
    Ok(out.flush()?)
}

async fn trace(call: Option<String>, settings: &Settings) -> anyhow::Result<()> {
    let config = load(settings)?;
    let client = Client::new(&config.server.data_dir);
    let answer = match call {
        Some(call) => client.trace(&call).await?,
        None => client.get("/calls").await?,
    };
    Ok(io::stdout().write_all(answer.as_bytes())?)
}

async fn test_dialplan(command: DialplanCommand, settings: &Settings) -> anyhow::Result<()> {
    let DialplanCommand::Test { from, to, domain, caller, keys, outcomes, answers } = command;
    let config = load(settings)?;
    let (plans, _) = plans::load_for(&config).await?;
    let domain = match domain {
        Some(domain) => domain,
        None => only_domain(&config).await?,
    };
    let query = RouteQuery {
        domain: &domain,
        from: Caller::parse(&from),
        number: caller.as_deref().unwrap_or(&from),
        dialled: &to,
        now: tandem::clock::now().unix,
    };
    let outcome = |name: &String| {
        let known = DialOutcome::ALL.map(DialOutcome::name).join(", ");
        DialOutcome::named(name)
            .ok_or_else(|| anyhow::anyhow!("no dial ends with {name:?}; expected one of {known}"))
    };
    let answer = |text: &String| {
        let (name, value) = text.split_once('=').ok_or_else(|| {
            anyhow::anyhow!("{text:?} is no answer; expected a variable and its value: NAME=VALUE")
        })?;
        anyhow::Ok((name.to_owned(), value.to_owned()))
    };
    let rehearsal = Rehearsal {
        keys: keys.map(|it| it.chars().collect()),
        outcomes: outcomes.iter().map(outcome).collect::<Result<_, _>>()?,
        answers: answers.iter().map(answer).collect::<Result<_, _>>()?,
    };
    let explanation = plans.explain(&query, rehearsal);
    let mut out = io::stdout();
    for step in &explanation.trail {
        writeln!(out, "{step}")?;
    }
    if let Some(action) = explanation.last() {
        writeln!(out, "=> {action}")?;
    }
    Ok(())
}

async fn only_domain(config: &Config) -> anyhow::Result<String> {
    let store = Store::open(&config.store).await?;
    let mut names = store.list_domains().await?.into_iter().map(|it| it.name);
    match (names.next(), names.next()) {
        (Some(name), None) => Ok(name),
        (_, _) => anyhow::bail!("name the domain of the call with --domain"),
    }
}

/// Opens the database, lets `work` change it, and tells a running server.
async fn administer(
    settings: &Settings,
    work: impl AsyncFnOnce(&Store, &mut Terminal<'_>) -> Result<(), admin::AdminError>,
) -> anyhow::Result<()> {
    let config = load(settings)?;
    std::fs::create_dir_all(&config.server.data_dir)?;
    let store = Store::open(&config.store).await?;
    let (mut input, mut output) = (io::BufReader::new(io::stdin()), io::stdout());
    let done = work(&store, &mut Terminal { input: &mut input, output: &mut output }).await;
    store.close().await;
    done?;
    // Without a server there is nobody to tell.
    let _ = Client::new(&config.server.data_dir).post("/reload").await;
    Ok(())
}
