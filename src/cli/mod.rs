//! The command line: what can be said, and the commands that need no server.
//!
//! `serve`, `trace` and `dialplan test` are carried out by those who know the whole house; the rest
//! is [`admin`].

pub mod admin;
pub mod demo;
pub mod demo_calls;
pub mod journal;
mod password;
pub mod period;
pub mod queue_log;
pub mod statistics;

pub use admin::AdminError;
pub use period::Period;

use crate::config::{Config, ConfigError, Overrides};
use base::CallId;
use call::{facts::CallDirection, statistics::Grouping};
use clap::{
    ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand,
    parser::ValueSource,
};
use std::path::PathBuf;

/// Telephony-first media server and softswitch.
#[derive(Debug, Parser)]
#[command(name = "tandem", version, about, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// What this process was started with; ends it where that makes no sense.
    pub fn of_process() -> Self {
        let matches = Self::command().get_matches();
        Self::of_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    fn of_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut cli = Self::from_arg_matches(matches)?;
        if let (Command::Serve(settings), Some((_, matches))) =
            (&mut cli.command, matches.subcommand())
        {
            let ids = matches.ids().map(clap::Id::as_str);
            let is_variable = |id: &str| matches.value_source(id) == Some(ValueSource::EnvVariable);
            settings.overrides.from_environment =
                ids.filter(|id| is_variable(id)).map(str::to_owned).collect();
        }
        Ok(cli)
    }
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server in the foreground
    Serve(Settings),
    /// Check the configuration and the dialplans, and tell everything that is wrong
    Check(Settings),
    /// Make the demo domain with its extensions, logins and past calls; safe to repeat
    Demo {
        /// Make no past calls
        #[arg(long)]
        no_calls: bool,
        /// The configuration.
        #[command(flatten)]
        settings: Settings,
    },
    /// Domains: the tenants of this server
    Domain {
        /// What to do with them.
        #[command(subcommand)]
        command: DomainCommand,
        /// The configuration.
        #[command(flatten)]
        settings: Settings,
    },
    /// Users: people who sign in
    User {
        /// What to do with them.
        #[command(subcommand)]
        command: UserCommand,
        /// The configuration.
        #[command(flatten)]
        settings: Settings,
    },
    /// Extensions: numbers with SIP credentials
    Extension {
        /// What to do with them.
        #[command(subcommand)]
        command: ExtensionCommand,
        /// The configuration.
        #[command(flatten)]
        settings: Settings,
    },
    /// Dialplans: what becomes of a dialled number
    Dialplan {
        /// What to do with them.
        #[command(subcommand)]
        command: DialplanCommand,
        /// The configuration.
        #[command(flatten)]
        settings: Settings,
    },
    /// The journal: everything that happened to calls
    Journal {
        /// What to do with it.
        #[command(subcommand)]
        command: JournalCommand,
        /// The configuration.
        #[command(flatten)]
        settings: Settings,
    },
    /// Print the description of the HTTP API (OpenAPI 3.1)
    Openapi,
    /// Show the SIP messages of a recent call of the running server as a ladder
    Trace {
        /// The call's id or the SIP Call-ID of one of its dialogs; without it, the calls that are kept
        call: Option<String>,
        /// The configuration.
        #[command(flatten)]
        settings: Settings,
    },
}

/// Where the configuration comes from.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Configuration")]
pub struct Settings {
    /// Configuration file; without it, the defaults
    #[arg(long, value_name = "FILE", env = "TANDEM_CONFIG", global = true)]
    pub config: Option<PathBuf>,
    /// Flags that win over it.
    #[command(flatten)]
    pub overrides: Overrides,
}

impl Settings {
    /// The checked configuration, or everything that is wrong with it.
    pub fn load(&self) -> Result<Config, Vec<ConfigError>> {
        Config::load(self.config.as_deref(), &self.overrides)
    }
}

/// `tandem journal …`
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// Print what happened to calls, one JSON object a line, the oldest first
    Show {
        /// Only what happened to this call
        #[arg(long, value_name = "ID")]
        call: Option<CallId>,
    },
    /// Make the call log anew: add the rows that the database does not have
    Restore,
    /// Print figures of calls, made of the journal alone: what `GET /api/v1/statistics/calls` makes
    /// of the call log
    Statistics {
        /// Which calls.
        #[command(flatten)]
        period: Period,
        /// Only calls of this direction: in, out or internal
        #[arg(long, value_name = "WORD", value_parser = direction)]
        direction: Option<CallDirection>,
        /// In groups, too: by day, hour, direction, line or trunk
        #[arg(long = "by", value_name = "WORD", value_parser = grouping)]
        grouping: Option<Grouping>,
        /// Print JSON, as the API does
        #[arg(long)]
        json: bool,
    },
    /// Print what happened in queues, line by line as Asterisk's queue_log has it
    QueueLog {
        /// Which lines.
        #[command(flatten)]
        period: Period,
    },
}

/// `tandem domain …`
#[derive(Debug, Subcommand)]
pub enum DomainCommand {
    /// Add a domain
    Add {
        /// Its name: the digest realm and the host part of its addresses
        name: String,
        /// Another host name or address that means it; may be repeated
        #[arg(long = "alias", value_name = "HOST")]
        aliases: Vec<String>,
        /// Music that whoever is put on hold hears, a folder of sounds/music; unless given,
        /// calls.hold_music
        #[arg(long, value_name = "NAME")]
        hold_music: Option<String>,
    },
    /// List the domains
    List,
}

/// `tandem user …`
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user
    Add {
        /// What they sign in with
        login: String,
        /// Their domain
        #[arg(long)]
        domain: String,
        /// What they may do: a role's code, or operator, supervisor or admin for the usual sets of
        /// roles; may be repeated
        #[arg(long = "role", value_name = "ROLE", default_value = "operator")]
        roles: Vec<String>,
        /// What others see; the login unless given
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// Their password.
        #[command(flatten)]
        password: PasswordSource,
    },
    /// List the users
    List,
    /// Give a user another password
    Password {
        /// What they sign in with
        login: String,
        /// Their domain
        #[arg(long)]
        domain: String,
        /// The password.
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Let a user sign in no longer
    Disable {
        /// What they sign in with
        login: String,
        /// Their domain
        #[arg(long)]
        domain: String,
    },
    /// Let a user sign in again
    Enable {
        /// What they sign in with
        login: String,
        /// Their domain
        #[arg(long)]
        domain: String,
    },
}

/// `tandem extension …`
#[derive(Debug, Subcommand)]
pub enum ExtensionCommand {
    /// Add an extension
    Add {
        /// The number, which is also the SIP user name
        number: String,
        /// Its domain
        #[arg(long)]
        domain: String,
        /// Shown to those it calls; the number unless given
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// Login of the user who sits there
        #[arg(long, value_name = "LOGIN")]
        user: Option<String>,
        /// Most calls at a time; 0 for no limit
        #[arg(long, value_name = "N", default_value_t = crate::store::extensions::CALLS_MAX_DEFAULT)]
        calls_max: u32,
        /// How long it rings before the call counts as not answered
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(5..=600))]
        ring_timeout: Option<u32>,
        /// How keys come from its devices and go to them: auto, rfc4733, info or inband
        #[arg(long, value_name = "MODE", default_value = "auto", value_parser = dtmf_mode)]
        dtmf: call::DtmfMode,
        /// Codecs that its devices may use, the preferred first; all unless given
        #[arg(long, value_name = "NAME,NAME", value_delimiter = ',')]
        codecs: Vec<String>,
        /// Music that whoever it puts on hold hears, a folder of sounds/music; unless given, that of
        /// its domain
        #[arg(long, value_name = "NAME")]
        hold_music: Option<String>,
        /// Classes of numbers that it may call through trunks; none unless given
        #[arg(long, value_name = "NAME,NAME", value_delimiter = ',')]
        outbound_classes: Vec<String>,
        /// The number that trunks see of it; unless given, what the trunk says
        #[arg(long, value_name = "NUMBER")]
        caller_number: Option<String>,
        /// Let those whom it calls outside not know who calls
        #[arg(long)]
        withhold: bool,
        /// Let it sign in at phones of other extensions
        #[arg(long)]
        may_sign_in: bool,
        /// Its SIP password.
        #[command(flatten)]
        password: PasswordSource,
    },
    /// List the extensions
    List,
    /// Give an extension another SIP password
    Password {
        /// The number
        number: String,
        /// Its domain
        #[arg(long)]
        domain: String,
        /// The password.
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Say which numbers outside an extension may call
    Rights {
        /// The number
        number: String,
        /// Its domain
        #[arg(long)]
        domain: String,
        /// Classes of numbers that it may call through trunks, and no others; none unless given
        #[arg(long, value_name = "NAME,NAME", value_delimiter = ',')]
        outbound_classes: Vec<String>,
    },
    /// Let an extension sign in at phones of other extensions, with its PIN
    SignIn {
        /// The number
        number: String,
        /// Its domain
        #[arg(long)]
        domain: String,
        /// No longer
        #[arg(long)]
        none: bool,
    },
    /// Set the PIN of an extension, for its mailbox and for signing in, read from standard input
    Pin {
        /// The number
        number: String,
        /// Its domain
        #[arg(long)]
        domain: String,
        /// Let the mailbox open without one, and nobody sign in with it
        #[arg(long)]
        none: bool,
    },
    /// Say where the owner of an extension's mailbox is written to when somebody leaves a message
    Mail {
        /// The number
        number: String,
        /// Its domain
        #[arg(long)]
        domain: String,
        /// One address
        #[arg(long, required_unless_present = "none", value_parser = mail_address)]
        address: Option<lettre::Address>,
        /// Only tell of the message, and leave its sound out
        #[arg(long)]
        without_sound: bool,
        /// Remove from the mailbox what was sent with its sound
        #[arg(long)]
        delete_sent: bool,
        /// Write no more
        #[arg(long, conflicts_with_all = ["address", "without_sound", "delete_sent"])]
        none: bool,
    },
    /// Remove an extension and its registrations
    Remove {
        /// The number
        number: String,
        /// Its domain
        #[arg(long)]
        domain: String,
    },
}

impl ExtensionCommand {
    /// Names of classes of numbers that the configuration must have.
    pub fn outbound_classes(&self) -> &[String] {
        match self {
            Self::Add { outbound_classes, .. } | Self::Rights { outbound_classes, .. } => {
                outbound_classes
            }
            Self::List
            | Self::Password { .. }
            | Self::Pin { .. }
            | Self::SignIn { .. }
            | Self::Mail { .. }
            | Self::Remove { .. } => &[],
        }
    }
}

/// `tandem dialplan …`
#[derive(Debug, Subcommand)]
pub enum DialplanCommand {
    /// Tell what would become of a call, and why
    Test {
        /// Who calls: an extension, or trunk:NAME
        from: String,
        /// What is dialled
        to: String,
        /// The domain of the call; may be left out where there is only one
        #[arg(long)]
        domain: Option<String>,
        /// The number of whoever calls through a trunk
        #[arg(long)]
        caller: Option<String>,
        /// What the caller presses, in order; without it the call is followed up to the first question
        #[arg(long)]
        keys: Option<String>,
        /// How a dial ends: busy, no_answer, offline, refused or failed; once for each dial that
        /// nobody answers
        #[arg(long = "outcome")]
        outcomes: Vec<String>,
        /// What a web server answers: a variable that it sets, and its value; may be repeated
        #[arg(long = "answer", value_name = "NAME=VALUE")]
        answers: Vec<String>,
    },
}

/// A password given or, with neither flag, made up and printed once.
#[derive(Clone, Default, Args)]
#[group(multiple = false)]
pub struct PasswordSource {
    /// The password; visible to others of this machine while the command runs
    #[arg(long, value_name = "TEXT")]
    password: Option<String>,
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

fn mail_address(text: &str) -> Result<lettre::Address, String> {
    text.parse().map_err(|_| "write one address like anna@example.org".to_owned())
}

fn direction(written: &str) -> Result<CallDirection, String> {
    CallDirection::named(written).ok_or_else(|| "write one of in, out, internal".to_owned())
}

fn grouping(written: &str) -> Result<Grouping, String> {
    let known = Grouping::ALL.map(Grouping::as_str).join(", ");
    Grouping::named(written).ok_or_else(|| format!("write one of {known}"))
}

fn dtmf_mode(written: &str) -> Result<call::DtmfMode, String> {
    let known = call::DtmfMode::ALL.map(call::DtmfMode::name).join(", ");
    call::DtmfMode::named(written).ok_or_else(|| format!("write one of {known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_makes_sense() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_may_stand_behind_the_subcommand() {
        let cli = Cli::try_parse_from([
            "tandem",
            "user",
            "add",
            "anna",
            "--domain",
            "a.example",
            "--role",
            "admin",
            "--password",
            "x",
            "--config",
            "t.toml",
            "--data",
            "d",
        ])
        .unwrap();

        let Command::User { command, settings } = cli.command else { panic!("{cli:?}") };
        assert_eq!(settings.config, Some("t.toml".into()));
        assert_eq!(settings.overrides.data_dir, Some("d".into()));
        assert!(matches!(&command, UserCommand::Add { roles, .. } if *roles == ["admin"]));
        assert!(!format!("{command:?}").contains("\"x\""), "a password is shown");
    }

    #[test]
    fn two_servers_can_run_side_by_side_by_flags() {
        let cli = Cli::try_parse_from([
            "tandem",
            "serve",
            "--sip-port",
            "6060",
            "--http-port",
            "8181",
            "--rtp-ports",
            "40000-40999",
            "--data",
            "elsewhere",
            "--listen",
            "127.0.0.2",
        ])
        .unwrap();

        let Command::Serve(settings) = cli.command else { panic!("{cli:?}") };
        let config = settings.load().unwrap();
        assert_eq!(config.sip.listen[0].to_string(), "127.0.0.2:6060/udp");
        assert_eq!(config.media.ports.to_string(), "40000-40999");
    }
}
