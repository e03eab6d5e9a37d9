//! The vendor's panel with ten thousand hotels: how long until the first byte of the list, of a
//! search and of what is offered while one types, beside a bare handler that answers with a page of
//! the same size.

use std::{net::Ipv4Addr, time::Duration};

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context as _, Result, bail, ensure};
use platform_tests::{
    client::{PageVisitor, Site},
    platform::{PANEL_HOST, Role, VENDOR_EMAIL},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, timeout},
};

use super::{
    report::{Aim, Figure, Report},
    samples::Samples,
    theatre::{Scene, Theatre},
};
use crate::say;

const HOTELS: i64 = 10_000;
const ROUNDS: usize = 300;
/// Statements are prepared and pages of the database read before anything counts.
const WARM_UP: usize = 20;
const PATIENCE: Duration = Duration::from_secs(10);
/// The aim for the first byte, in milliseconds.
const PROMISED_MS: f64 = 20.0;

/// Nobody looks for the databases of hotels that are made up, ticks them, or welcomes their owners.
pub(super) const SCENE: Scene = Scene {
    more_replicas: 0,
    postgres: "",
    env: &[],
    without: &[Role::Provisioner, Role::ControlWork, Role::TenantWork, Role::TenantSchedule],
};

/// Hotels of all sorts, each with a host name and a place.
const MAKE: &str = "
    INSERT INTO tenants (id, slug, company_name, owner_name, owner_email, owner_phone, language,
        region, status, provisioning, access, plan_id, rooms, trial_ends_at, created_at, ready_at)
      SELECT gen_random_uuid(), 'bench-' || n,
        (ARRAY['Candi', 'Tirta', 'Melati', 'Griya', 'Pondok'])[n % 5 + 1] || ' ' || n || ' Resort',
        'Made ' || n, 'made' || n || '@example.com', '+628123456789', 'id', 'ID-BA',
        (ARRAY['trial', 'active', 'active', 'suspended', 'churned'])[n % 5 + 1], 'ready',
        (ARRAY['full', 'full', 'grace', 'essential', 'stopped'])[n % 5 + 1],
        (SELECT id FROM plans ORDER BY max_rooms OFFSET n % 3 LIMIT 1), n % 20 + 1,
        now() + n * interval '1 hour', now() - n * interval '1 minute', now()
      FROM generate_series(1, $1::bigint) n";
const PLACE: &str = "
    INSERT INTO databases (id, tenant_id, db_host_id, generation, schema_version, state)
      SELECT gen_random_uuid(), t.id, h.id, 1, 7, 'assigned' FROM tenants t, db_hosts h";
const NAME: &str = "
    INSERT INTO domains (id, tenant_id, hostname, is_primary, is_verified, ssl_status, created_at)
      SELECT gen_random_uuid(), id, slug || '.hotelhub.localhost', true, true, 'active', now()
      FROM tenants";

/// What is asked for, and what is said of it.
const PAGES: [(&str, &str); 7] = [
    ("the list", "/panel/tenants"),
    ("the list by company", "/panel/tenants?sort=company"),
    ("a filter", "/panel/tenants?status=suspended&plan=pro"),
    ("a search that means one", "/panel/tenants?q=melati+7777"),
    ("a search that means all", "/panel/tenants?q=resort"),
    ("a search that means nobody", "/panel/tenants?q=zq"),
    ("offers while one types", "/panel/tenants/suggestions?q=bench-77"),
];

/// One of those who answer.
struct Side {
    port: u16,
    request: Vec<u8>,
    samples: Samples,
}

impl Side {
    fn new(port: u16, path: &str, cookie: &str) -> Self {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {PANEL_HOST}\r\nAccept: text/html\r\n\
             Cookie: session={cookie}\r\nConnection: close\r\n\r\n"
        );
        Self { port, request: request.into_bytes(), samples: Samples::default() }
    }

    /// Asks once, on a connection of its own; the time to the first byte, and the whole answer.
    async fn ask(&self) -> Result<(Duration, Vec<u8>)> {
        let asked = async {
            let start = Instant::now();
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
            stream.set_nodelay(true)?;
            stream.write_all(&self.request).await?;
            let mut answer = vec![stream.read_u8().await?];
            let took = start.elapsed();
            stream.read_to_end(&mut answer).await?;
            anyhow::Ok((took, answer))
        };
        let (took, answer) = timeout(PATIENCE, asked).await.context("no answer")??;
        ensure!(
            answer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(answer.get(..200).unwrap_or(&answer))
        );
        Ok((took, answer))
    }

    async fn sample(&mut self) -> Result<()> {
        let (took, _) = self.ask().await?;
        self.samples.add(took);
        Ok(())
    }
}

/// Measures all of it.
pub(super) async fn measure(theatre: &Theatre, report: &mut Report) -> Result<()> {
    let control = theatre.control().await?;
    let making = async {
        control.execute(MAKE, &[&HOTELS]).await.context("make hotels")?;
        control.execute(PLACE, &[]).await.context("give them places")?;
        control.execute(NAME, &[]).await.context("give them names")?;
        control.execute("VACUUM ANALYZE", &[]).await.map(drop).context("count them")
    };
    say::during(&format!("{HOTELS} hotels"), making).await?;
    let port = theatre.platform.setup().control_port;
    let site = Site::new(port, PANEL_HOST)?;
    let password = theatre.platform.vendor_password();
    let visitor = PageVisitor::log_in(&site, "/panel/login", VENDOR_EMAIL, password).await?;
    for (name, path) in PAGES {
        let product = Side::new(port, path, visitor.secret());
        let measured = beside_a_bare_page(product);
        let [product, bare] = say::during(name, measured).await?;
        let p99 = Figure::ms(format!("{name}, p99"), product.p99());
        report
            .add(Figure::ms(format!("{name}, p50"), product.p50()).beside("bare page", bare.p50()));
        report.add(p99.beside("aim", PROMISED_MS).aiming(Aim::AtMost(1.0)));
        report.keep_samples(name, &product);
    }
    report.note(format!(
        "time to the first byte of {ROUNDS} requests one after the other, each on a connection of \
         its own, in turns with a bare actix-web handler that sends a page of the same size from memory; \
         {HOTELS} hotels"
    ));
    Ok(())
}

/// The times of the product, and those of a handler that has the same page ready.
async fn beside_a_bare_page(mut product: Side) -> Result<[Samples; 2]> {
    let (_, page) = product.ask().await?;
    let server = HttpServer::new(move || {
        let page = page.clone();
        let answer = move || std::future::ready(HttpResponse::Ok().body(page.clone()));
        App::new().default_service(web::to(answer))
    });
    let server = server.workers(1).disable_signals().bind((Ipv4Addr::LOCALHOST, 0));
    let server = server.context("listen")?;
    let port = server.addrs().first().context("the bare server has no address")?.port();
    let mut bare = Side::new(port, "/", "none");
    let running = server.run();
    let handle = running.handle();
    let turns = async {
        for _ in 0..WARM_UP {
            product.ask().await?;
            bare.ask().await?;
        }
        for _ in 0..ROUNDS {
            product.sample().await?;
            bare.sample().await?;
        }
        anyhow::Ok(())
    };
    tokio::select! {
        ended = running => bail!("the bare server ended: {ended:?}"),
        taken = turns => taken?,
    }
    handle.stop(false).await;
    Ok([product.samples, bare.samples])
}
