//! What a message costs on the signalling path: `cargo bench -p sip --bench message`.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sip::{
    framing::StreamFramer,
    parse::{Framing, parse},
};
use std::hint::black_box;

criterion_group!(benches, message);
criterion_main!(benches);

fn message(criterion: &mut Criterion) {
    let bytes = invite();
    let parsed = parse(&bytes, Framing::Datagram).expect("the INVITE is well-formed");
    let mut group = criterion.benchmark_group("invite");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("parse", |it| it.iter(|| parse(black_box(&bytes), Framing::Datagram)));
    group.bench_function("encode", |it| it.iter(|| black_box(&parsed).encode()));
    group.bench_function("frame", |it| {
        let mut framer = StreamFramer::new();
        it.iter(|| {
            framer.push(black_box(&bytes));
            framer.next_frame()
        });
    });
    group.finish();
}

/// About 800 bytes: what a desk phone sends.
fn invite() -> Bytes {
    let body = "v=0\r\no=1001 8000 8000 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n\
        m=audio 11780 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
        a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n";
    let head = format!(
        "INVITE sip:1002@demo.tandem.test SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK4b43c2ff8.1;rport\r\n\
         Max-Forwards: 70\r\n\
         From: \"Anna\" <sip:1001@demo.tandem.test>;tag=3ca8ad48\r\n\
         To: <sip:1002@demo.tandem.test>\r\n\
         Call-ID: 8a7f0d2c-7d3c4a5e@192.0.2.10\r\n\
         CSeq: 20 INVITE\r\n\
         Contact: <sip:1001@192.0.2.10:5060;transport=udp>\r\n\
         Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, REFER, NOTIFY\r\n\
         Supported: replaces, timer\r\n\
         User-Agent: Phone 1.2.3\r\n\
         Content-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    (head + body).into()
}
