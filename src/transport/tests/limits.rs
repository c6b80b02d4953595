use super::{udp::Phone, *};
use metrics_exporter_prometheus::PrometheusBuilder;

#[tokio::test]
async fn a_flood_is_dropped_unread_and_others_are_served_meanwhile() {
    const FLOOD: usize = 50_000;
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let mut house = metrics::with_local_recorder(&recorder, || {
        House::start(&[(Transport::Udp, "127.0.0.1:0")])
    });
    let ours = house.address(0);
    let flooder = Phone::new("127.0.0.1:0").await;
    let phone = Phone::new("127.0.0.2:0").await;
    let limits = SourceLimits::default();
    let memory = resident_bytes();
    let start = Instant::now();

    let flood = tokio::spawn(async move {
        let junk = [options("flood"), "x".repeat(1_000)].concat();
        for _ in 0..FLOOD {
            flooder.send(&junk, ours).await;
        }
    });
    let mut served = 0;
    let mut flooded = 0;
    while !flood.is_finished() || served == 0 {
        // The kernel may drop a datagram while its buffer is full of the flood: phones retransmit.
        phone.send(&options("phone"), ours).await;
        let heard = timeout(Duration::from_millis(50), house.inbox.recv()).await;
        if let Ok(Some(TransportEvent::Received { source, .. })) = heard {
            if source.remote == phone.address() {
                served += 1;
            } else {
                flooded += 1;
            }
        }
        assert!(start.elapsed() < Duration::from_secs(30), "the flood starves the phone");
    }
    soon(flood).await.unwrap();

    let allowed = u64::from(limits.burst)
        + u64::from(limits.messages_per_second) * (start.elapsed().as_secs() + 1);
    assert!(flooded <= allowed, "{flooded} of the flood came through");
    let report = metrics.render();
    let count = |name: &str| -> f64 {
        let line = report.lines().find(|it| it.starts_with(name)).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(count("tandem_sip_limited_total") >= f64::from(limits.offences_max), "{report}");
    assert!(count("tandem_sip_banned_total") > 0.0, "{report}");
    assert!(count(r#"tandem_sip_messages_total{direction="in",transport="udp"}"#) > 0.0);
    let grown = resident_bytes().saturating_sub(memory);
    assert!(grown < FLOOD as u64 * 1_400 / 2, "{grown} bytes kept of a flood");
}

#[tokio::test]
async fn a_source_with_offences_is_banned_and_others_are_not() {
    let mut house = House::start_with(&[(Transport::Udp, "127.0.0.1:0")], |config| {
        config.sources.offences_max = 2;
    });
    let ours = house.address(0);
    let offender = Phone::new("127.0.0.1:0").await;
    let phone = Phone::new("127.0.0.2:0").await;

    house.handle.report_offence(offender.address().ip());
    offender.send(&options("a"), ours).await;
    assert_eq!(house.call_id().await, "a");
    house.handle.report_offence(offender.address().ip());
    offender.send(&options("b"), ours).await;
    phone.send(&options("c"), ours).await;

    assert_eq!(house.call_id().await, "c");
}

#[tokio::test]
async fn an_exempt_source_may_send_what_it_can() {
    let mut house = House::start_with(&[(Transport::Udp, "127.0.0.1:0")], |config| {
        config.sources.messages_per_second = 1;
        config.sources.burst = 1;
        config.sources.exempt = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let trunk = Phone::new("127.0.0.1:0").await;

    for n in 0..100 {
        trunk.send(&options(&n.to_string()), house.address(0)).await;
        assert_eq!(house.call_id().await, n.to_string());
    }
}

/// Memory that this process holds.
fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split_whitespace().nth(1).unwrap().parse().unwrap();
    pages * 4096
}
