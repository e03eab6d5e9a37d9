//! Ten thousand hosts that are no hotel's: none is let in, none is remembered, nobody is slowed.

use std::{sync::Arc, time::Duration};

use platform_tests::{client::send_raw, platform::Role};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use tokio::{task::JoinSet, time::Instant};

use crate::house::{House, TestHotel};

const SERVE: Role = Role::TenantServe(0);
const HOSTS: usize = 10_000;
const CLIENTS: usize = 8;
/// For what takes milliseconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Ten times what noise makes of it; a leak of a host's name each would be seen at a few MiB.
const GROWTH_KIB: u64 = 16 * 1024;

/// A host that is not `host`, however it is read.
fn strange_host(random: &mut StdRng, host: &str) -> Vec<u8> {
    let (slug, base) = host.split_once('.').unwrap();
    let letters = |random: &mut StdRng, alphabet: &[u8], length: usize| -> String {
        (0..length).map(|_| char::from(*alphabet.choose(random).unwrap())).collect()
    };
    let lower = b"abcdefghijklmnopqrstuvwxyz0123456789-";
    let length = random.random_range(1..30);
    let word = letters(random, lower, length);
    let text = match random.random_range(0..16) {
        0 => format!("{word}.{base}"),
        1 => format!("{slug}{word}.{base}"),
        2 => format!("{word}{slug}.{base}"),
        3 => format!("x{word}x.{host}"),
        4 => format!("{host}.{word}z"),
        5 => format!("{host}@{word}"),
        6 => format!("{word}@{host}"),
        7 => format!("{host}/../{word}"),
        8 => format!("{host}..:{}", random.random_range(1..65_535)),
        9 => format!("{host}:{}", random.random_range(65_536..999_999)),
        10 => format!("{host}:{word}x"),
        11 => format!("{host},{word}.{base}"),
        12 => format!("{}.{base}", "a".repeat(random.random_range(64..300))),
        13 => format!("{}.{}.0.{}", random.random_range(1..255), 0, random.random_range(1..255)),
        14 => format!("[::{:x}]", random.random_range(1..65_535)),
        _ => {
            let length = random.random_range(1..80);
            // Whatever a header may carry: no control bytes, no white space at its ends.
            return (0..length).map(|_| random.random_range(0x21..=0xff_u8)).collect();
        }
    };
    text.into_bytes()
}

fn request(path: &str, host: &[u8], token: &str) -> Vec<u8> {
    let mut bytes = format!("GET {path} HTTP/1.1\r\nHost: ").into_bytes();
    bytes.extend_from_slice(host);
    bytes.extend_from_slice(
        format!("\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n").as_bytes(),
    );
    bytes
}

/// Sends all requests, some at a time, and gives each answer with its host.
async fn flood(port: u16, requests: Vec<Vec<u8>>) -> Vec<String> {
    let mut queues = vec![Vec::new(); CLIENTS];
    for (number, it) in requests.into_iter().enumerate() {
        queues[number % CLIENTS].push(it);
    }
    let mut clients = JoinSet::new();
    for queue in queues {
        clients.spawn(async move {
            let mut answers = Vec::new();
            for it in queue {
                answers.push(send_raw(port, &it, PATIENCE).await.unwrap());
            }
            answers
        });
    }
    clients.join_all().await.into_iter().flatten().collect()
}

/// The median time of the hotel's own requests while `beside` goes on.
async fn median_beside(it: &TestHotel, beside: impl Future<Output = Vec<String>>) -> Duration {
    let mut beside = std::pin::pin!(beside);
    let mut times = Vec::new();
    loop {
        let begun = Instant::now();
        let ask = async { it.site().get("/api/v1/properties").await.unwrap() };
        tokio::select! {
            _ = &mut beside => break,
            answer = ask => assert_eq!(answer.status, 200, "{}", answer.body),
        }
        times.push(begun.elapsed());
    }
    times.sort();
    // None of them ended before the others did: that says nothing.
    times.get(times.len() / 2).copied().unwrap_or(Duration::MAX)
}

/// What the program has in memory, in KiB.
fn resident(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:")).unwrap();
    line.trim().split(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_hosts_find_nothing_leave_nothing_and_slow_nobody() {
    let mut house = House::with(&[]).await;
    let it = house.open_hotel().await;
    let (host, port) = (it.site().host().to_owned(), it.site().port());
    let token = it.site().token().unwrap().to_owned();
    let mut random = StdRng::seed_from_u64(20_260_817);
    let hosts: Arc<[Vec<u8>]> = (0..HOSTS).map(|_| strange_host(&mut random, &host)).collect();
    let asked = |count: usize| -> Vec<Vec<u8>> {
        let paths = ["/", "/api/v1/me", "/api/v1/properties", "/login"];
        let of = |(at, host): (usize, &Vec<u8>)| request(paths[at % 4], host, &token);
        hosts.iter().take(count).enumerate().map(of).collect()
    };
    let known = |count: usize| vec![request("/login", host.as_bytes(), &token); count];

    // Threads and buffers have their size before it is measured.
    flood(port, known(500)).await;
    flood(port, asked(500)).await;
    assert_eq!(it.site().get("/api/v1/properties").await.unwrap().status, 200);
    let pid = house.platform.program(SERVE).unwrap().pid();
    let (memory, pools) = (resident(pid), house.figure(SERVE, "tenant_pools").await);

    let answers = flood(port, asked(HOSTS)).await;

    assert_eq!(answers.len(), HOSTS);
    let company = format!("Hotel {}", host.split('.').next().unwrap());
    for answer in &answers {
        let status = answer.get(9..12).unwrap_or_default();
        assert!(matches!(status, "400" | "404" | "421"), "{answer}");
        for secret in [&it.email, &it.property, &it.tenant, &company] {
            assert!(!answer.contains(secret.as_str()), "{answer}");
        }
        assert!(!answer.contains("name=\"password\""), "{answer}");
    }
    let after = resident(pid);
    assert!(after < memory + GROWTH_KIB, "{memory} KiB grew to {after} KiB");
    assert_eq!(house.figure(SERVE, "tenant_pools").await, pools, "no pool was made");

    // One beside the other, several times, and the quickest of each: what else the machine does takes
    // time from either, and gives none.
    let (mut beside_known, mut beside_strange) = (Duration::MAX, Duration::MAX);
    for _ in 0..4 {
        beside_known = beside_known.min(median_beside(&it, flood(port, known(1_000))).await);
        beside_strange = beside_strange.min(median_beside(&it, flood(port, asked(1_000))).await);
    }
    assert!(
        beside_strange < beside_known * 5,
        "{beside_strange:?} beside strangers, {beside_known:?} beside known hosts"
    );
}
