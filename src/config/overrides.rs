//! Flags that win over the file, so that two servers can run side by side.

use super::{LogFormat, PortRange, Raw, SipListener, Source};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// What the command line says. `None` and empty leave the file's word.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Overrides {
    /// Listen on this address, for SIP, HTTP and RTP; may be given once for IPv4 and once for IPv6
    #[arg(long, global = true, value_name = "IP")]
    pub listen: Vec<IpAddr>,

    /// Port of every SIP listener
    #[arg(long, global = true, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub sip_port: Option<u16>,

    /// Port of every HTTP listener
    #[arg(long, global = true, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub http_port: Option<u16>,

    /// UDP ports of RTP and RTCP, for example 20000-29999
    #[arg(long, global = true, value_name = "FIRST-LAST")]
    pub rtp_ports: Option<PortRange>,

    /// Directory that the server writes to
    #[arg(long = "data", global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Log level, or directives such as info,tandem::registrar=debug
    #[arg(long, global = true, value_name = "LEVEL", env = "TANDEM_LOG")]
    pub log_level: Option<String>,

    /// How log lines look
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,

    /// Which of them are variables of the environment rather than flags, by the names of the fields.
    #[arg(skip)]
    pub from_environment: BTreeSet<String>,
}

/// Keys that have another value by overrides, and by which kind of them.
pub(super) type Touched = BTreeMap<&'static str, Source>;

impl Overrides {
    /// Puts them over what the file says; tells which keys they decide.
    pub(super) fn apply(&self, raw: &mut Raw) -> Touched {
        let mut touched = Touched::new();
        self.move_addresses(raw, &mut touched);
        self.move_ports(raw, &mut touched);
        if let Some(ports) = self.rtp_ports {
            raw.media.ports = ports.to_string();
            touched.insert("media.ports", self.source_of("rtp_ports"));
        }
        if let Some(dir) = &self.data_dir {
            raw.server.data_dir.clone_from(dir);
            touched.insert("server.data_dir", self.source_of("data_dir"));
        }
        if let Some(level) = &self.log_level {
            raw.log.level.clone_from(level);
            touched.insert("log.level", self.source_of("log_level"));
        }
        if let Some(format) = self.log_format {
            raw.log.format = format;
            touched.insert("log.format", self.source_of("log_format"));
        }
        touched
    }

    fn source_of(&self, field: &str) -> Source {
        let is_variable = self.from_environment.contains(field);
        if is_variable { Source::Environment } else { Source::CommandLine }
    }

    fn move_addresses(&self, raw: &mut Raw, touched: &mut Touched) {
        if self.listen.is_empty() {
            return;
        }
        let sip_port = parsed(&raw.sip.listen).next().map_or(5060, |it| it.address.port());
        let http_port = raw.http.listen.first().map_or(8080, SocketAddr::port);
        let each = |ip: &IpAddr, port| SocketAddr::new(*ip, port);
        raw.sip.listen = (self.listen.iter())
            .map(|ip| each(ip, sip_port))
            .flat_map(|address| [format!("{address}/udp"), format!("{address}/tcp")])
            .collect();
        raw.http.listen = self.listen.iter().map(|ip| each(ip, http_port)).collect();
        raw.media.listen.clone_from(&self.listen);
        let source = self.source_of("listen");
        touched.extend(["sip.listen", "http.listen", "media.listen"].map(|key| (key, source)));
    }

    fn move_ports(&self, raw: &mut Raw, touched: &mut Touched) {
        if let Some(port) = self.sip_port {
            for text in &mut raw.sip.listen {
                if let Ok(mut listener) = text.parse::<SipListener>() {
                    listener.address.set_port(port);
                    *text = listener.to_string();
                }
            }
            touched.insert("sip.listen", self.source_of("sip_port"));
        }
        if let Some(port) = self.http_port {
            if raw.http.listen.is_empty() {
                raw.http.listen.push(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
            }
            raw.http.listen.iter_mut().for_each(|it| it.set_port(port));
            touched.insert("http.listen", self.source_of("http_port"));
        }
    }
}

fn parsed(listeners: &[String]) -> impl Iterator<Item = SipListener> {
    listeners.iter().filter_map(|text| text.parse().ok())
}
