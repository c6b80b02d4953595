//! STUN Binding requests on a SIP port: keep-alives of phones behind NAT, RFC 5626 section 8.

use std::net::{IpAddr, SocketAddr};

/// Whether a datagram is STUN and not SIP: no SIP message starts with these bits, and the magic
/// cookie stands where it should (RFC 5389 section 6).
pub(super) fn is_stun(datagram: &[u8]) -> bool {
    datagram.len() >= HEADER_BYTES && datagram[0] < 4 && datagram[4..8] == COOKIE
}

/// The success response to a Binding request from `remote`; `None` for all that needs none:
/// responses, indications, malformed requests, and ones with attributes that must be understood
/// (which no keep-alive has).
pub(super) fn answer(datagram: &[u8], remote: SocketAddr) -> Option<Vec<u8>> {
    let (header, attributes) = datagram.split_at_checked(HEADER_BYTES)?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    if header[..2] != BINDING_REQUEST || length != attributes.len() || !are_optional(attributes) {
        return None;
    }
    let transaction = &header[4..];
    let address = xor_mapped_address(remote, transaction);
    let mut response = Vec::with_capacity(HEADER_BYTES + 4 + address.len());
    response.extend(BINDING_SUCCESS);
    response.extend((4 + address.len() as u16).to_be_bytes());
    response.extend(transaction);
    response.extend(XOR_MAPPED_ADDRESS);
    response.extend((address.len() as u16).to_be_bytes());
    response.extend(address);
    Some(response)
}

/// Whether all attributes are well-formed and may be ignored.
fn are_optional(mut attributes: &[u8]) -> bool {
    while let [kind, _, high, low, rest @ ..] = attributes {
        let padded = usize::from(u16::from_be_bytes([*high, *low])).next_multiple_of(4);
        let (true, Some(rest)) = (*kind >= 0x80, rest.get(padded..)) else { return false };
        attributes = rest;
    }
    attributes.is_empty()
}

/// RFC 5389 section 15.2. `mask` is the magic cookie followed by the transaction id.
fn xor_mapped_address(remote: SocketAddr, mask: &[u8]) -> Vec<u8> {
    let (family, ip) = match remote.ip() {
        IpAddr::V4(ip) => (1, ip.octets().to_vec()),
        IpAddr::V6(ip) => (2, ip.octets().to_vec()),
    };
    let port = remote.port().to_be_bytes();
    let masked = |bytes: &[u8]| -> Vec<u8> { bytes.iter().zip(mask).map(|(a, b)| a ^ b).collect() };
    [vec![0, family], masked(&port), masked(&ip)].concat()
}

const HEADER_BYTES: usize = 20;
const COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
const BINDING_REQUEST: [u8; 2] = [0, 1];
const BINDING_SUCCESS: [u8; 2] = [1, 1];
const XOR_MAPPED_ADDRESS: [u8; 2] = [0, 0x20];

#[cfg(test)]
mod tests {
    use super::*;

    // The transaction id and addresses of RFC 5769 sections 2.2 and 2.3.
    const TRANSACTION: [u8; 12] =
        [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];

    #[test]
    fn binding_request_is_answered_with_the_address_it_came_from() {
        let v4 = answer(&request(&[]), "192.0.2.1:32853".parse().unwrap()).unwrap();
        let v6 = "[2001:db8:1234:5678:11:2233:4455:6677]:32853".parse().unwrap();
        let v6 = answer(&request(&[]), v6).unwrap();

        assert_eq!(v4[..4], [1, 1, 0, 12]);
        assert_eq!(v4[4..20], [COOKIE.as_slice(), &TRANSACTION].concat());
        assert_eq!(v4[20..], [0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
        assert_eq!(v6[20..28], [0, 0x20, 0, 20, 0, 2, 0xa1, 0x47]);
        assert_eq!(
            v6[28..],
            [
                0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2,
                0xb9, 0xd9
            ]
        );
    }

    #[test]
    fn only_a_plain_binding_request_is_answered() {
        let remote = "192.0.2.1:5060".parse().unwrap();
        let software = [0x80, 0x22, 0, 3, b'u', b'a', b'x', 0];
        let username = [0x00, 0x06, 0, 4, b'a', b'b', b'c', b'd'];
        let mut response = request(&[]);
        response[0] = 1;

        assert!(answer(&request(&software), remote).is_some());
        assert_eq!(answer(&request(&username), remote), None);
        assert_eq!(answer(&request(&software[..6]), remote), None);
        assert_eq!(answer(&response, remote), None);
        assert_eq!(answer(&request(&[])[..19], remote), None);
        assert!(!is_stun(b"INVITE sip:a@b SIP/2.0"));
        assert!(is_stun(&request(&[])));
    }

    fn request(attributes: &[u8]) -> Vec<u8> {
        let length = (attributes.len() as u16).to_be_bytes();
        [&BINDING_REQUEST, &length[..], &COOKIE, &TRANSACTION, attributes].concat()
    }
}
