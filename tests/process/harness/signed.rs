//! The same request again, with credentials.

use super::header;
use sip::digest::Client;

/// `request`, which was challenged by `response`, signed as `extension` with the demo's password.
pub(crate) fn signed(request: &str, response: &str, extension: &str) -> String {
    let challenge = header(response, "WWW-Authenticate").expect("a challenge");
    let mut client = Client::new(extension, format!("demo-{extension}"));
    client
        .handle_challenge([challenge.as_bytes()], &mut base::Rng::from_number(7))
        .expect("the challenge can be answered");
    let mut words = request.split(' ');
    let (method, uri) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let credentials =
        client.credentials(method.as_bytes(), uri, b"").expect("there was a challenge");
    request
        .replace("branch=z9hG4bK", "branch=z9hG4bKsigned")
        .replace("CSeq: 1 ", "CSeq: 2 ")
        .replace("Max-Forwards:", &format!("Authorization: {credentials}\r\nMax-Forwards:"))
}
