//! Answers to digest challenges, by the formula of RFC 7616 section 3.4.1.

use super::Gate;
use md5::Digest as _;

/// A challenge, and how often it was answered.
#[derive(Clone, Debug)]
pub(super) struct Challenge {
    realm: String,
    nonce: String,
    is_sha256: bool,
    pub(super) is_stale: bool,
    count: u32,
}

impl Challenge {
    /// The challenge of the wanted algorithm among `WWW-Authenticate` rows.
    pub(super) fn find(rows: &[String], wants_sha256: bool) -> Option<Self> {
        rows.iter().map(|it| Self::read(it)).find(|it| it.is_sha256 == wants_sha256)
    }

    fn read(row: &str) -> Self {
        let field = |name: &str| field(row, name);
        Self {
            realm: field("realm").expect("a challenge has a realm"),
            nonce: field("nonce").expect("a challenge has a nonce"),
            is_sha256: field("algorithm").is_some_and(|it| it == "SHA-256"),
            is_stale: field("stale").is_some_and(|it| it == "true"),
            count: 0,
        }
    }

    /// The `Authorization` value for one more request.
    pub(super) fn answer(
        &mut self,
        user: &str,
        password: &str,
        method: &str,
        uri: &str,
        cnonce: &str,
    ) -> String {
        self.count += 1;
        let Self { realm, nonce, count, is_sha256, .. } = self;
        let hash = |text: String| {
            if *is_sha256 { hex(&sha2::Sha256::digest(text)) } else { hex(&md5::Md5::digest(text)) }
        };
        let nc = format!("{count:08x}");
        let secret = hash(format!("{user}:{realm}:{password}"));
        let what = hash(format!("{method}:{uri}"));
        let response = hash(format!("{secret}:{nonce}:{nc}:{cnonce}:auth:{what}"));
        let algorithm = if *is_sha256 { "SHA-256" } else { "MD5" };
        format!(
            "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm={algorithm}, cnonce=\"{cnonce}\", qop=auth, nc={nc}"
        )
    }
}

/// Whether an `Authorization` value proves that a request comes from whom a gate asks for.
pub(super) fn is_proof(row: &str, method: &str, gate: &Gate) -> bool {
    let field = |name: &str| field(row, name).unwrap_or_default();
    let hash = |text: String| hex(&md5::Md5::digest(text));
    let (user, realm, nonce, nc) = (field("username"), field("realm"), field("nonce"), field("nc"));
    let secret = hash(format!("{user}:{realm}:{}", gate.password));
    let what = hash(format!("{method}:{}", field("uri")));
    let proof = format!("{secret}:{nonce}:{nc}:{}:{}:{what}", field("cnonce"), field("qop"));
    let is_asked = user == gate.user && realm == gate.realm && nonce == gate.nonce();
    // The answer to the first of two who ask goes with the one to the second again (RFC 7616 section 3.4).
    let is_counted = nc == "00000001" || gate.further.is_some() && nc == "00000002";
    is_asked && is_counted && field("qop") == "auth" && field("response") == hash(proof)
}

fn field(row: &str, name: &str) -> Option<String> {
    let fields = row.trim_start_matches("Digest").split(',').map(str::trim);
    let value = fields.filter_map(|it| it.split_once('=')).find(|(it, _)| *it == name);
    value.map(|(_, value)| value.trim_matches('"').to_owned())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + format!("{byte:02x}").as_str())
}
