//! Backups of many small hotels, as in a night, and of a large one; each restored beside its hotel.
//! The references are PostgreSQL's own programs on the same databases, as many at once.

mod bare;
mod work;

use anyhow::{Context as _, Result};
use platform_tests::{client::Signup, platform::HOTEL_DEADLINE};

use self::{
    bare::Bare,
    work::{Backup, back_up, night, restore},
};
use super::{
    fleet::making::Mill,
    report::{Figure, Report},
    theatre::{Scene, Theatre},
};
use crate::say;

/// How many hotels are backed up at once, by `BACKUP_CONCURRENCY`.
const AT_ONCE: usize = 2;
const AT_ONCE_TEXT: &str = "2";

/// No copies ahead.
pub(super) const SCENE: Scene = Scene {
    more_replicas: 0,
    postgres: "",
    env: &[("WARM_POOL_MIN", "0"), ("WARM_POOL_MAX", "0"), ("BACKUP_CONCURRENCY", AT_ONCE_TEXT)],
    without: &[],
};

/// How much is measured.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Sizes {
    /// Small hotels of `backups`.
    #[arg(long, default_value_t = 200)]
    hotels: usize,
    /// MiB of tables in the large hotel of `backups`.
    #[arg(long, default_value_t = 1024)]
    megabytes: u32,
}

impl Sizes {
    /// As arguments again.
    pub(super) fn args(self) -> [String; 4] {
        let Self { hotels, megabytes } = self;
        ["--hotels".into(), hotels.to_string(), "--megabytes".into(), megabytes.to_string()]
    }
}

/// A few hundred rows more than a new hotel has.
const ROWS: &str = "INSERT INTO guests (id, full_name, email, phone, created_at)
     SELECT gen_random_uuid(), 'Guest number ' || n, 'guest' || n || '@example.com', '+62811' || n, now()
     FROM generate_series(1, 500) AS n";

/// Measures all of it.
pub(super) async fn measure(theatre: &Theatre, sizes: Sizes, report: &mut Report) -> Result<()> {
    small(theatre, sizes.hotels, report).await?;
    large(theatre, sizes.megabytes, report).await
}

async fn small(theatre: &Theatre, count: usize, report: &mut Report) -> Result<()> {
    let mill = say::during("a first hotel with 20 rooms", Mill::open(theatre)).await?;
    mill.fill(theatre, ROWS).await?;
    let what = format!("{count} hotels like it");
    say::during(&what, mill.make(theatre, count)).await?;
    mill.reopen(theatre).await?;
    let bare = Bare::new(theatre)?;

    let (backups, seconds) = say::during("the night's backups", night(theatre)).await?;
    let names: Vec<String> = backups.iter().map(|it| it.database.name()).collect();
    let dumped = say::during("pg_dump of each", bare.dump(&names, AT_ONCE)).await?;
    let hotels = backups.len() as f64;
    let speed = Figure::new(
        format!("{} small hotels backed up", backups.len()),
        hotels / seconds,
        "hotels/s",
    );
    report.add(speed.beside(format!("pg_dump -Fc, {AT_ONCE} at once"), hotels / dumped));

    let restored = say::during("a preview of each", restore(theatre, &backups)).await?;
    let bare_restored = say::during("pg_restore of each", bare.restore(&names, 1)).await?;
    let speed = Figure::new("as many previews made of them", hotels / restored, "hotels/s");
    report.add(speed.beside("createdb and pg_restore, 1 at once", hotels / bare_restored));
    report.note(
        "a backup also hashes, and waits until it is safe on the disk; a preview is also read again and \
         compared, brought to its place and given a login and a route",
    );
    Ok(())
}

async fn large(theatre: &Theatre, megabytes: u32, report: &mut Report) -> Result<()> {
    let control = theatre.platform.control()?;
    let signup = Signup::of("bench-large");
    say::during("a hotel", control.open_hotel(&signup, HOTEL_DEADLINE)).await?;
    let db = theatre.control().await?;
    let sql = "SELECT t.id, d.id FROM tenants t JOIN databases d ON d.tenant_id = t.id
         WHERE t.slug = 'bench-large' AND d.state = 'assigned'";
    let row = db.query_one(sql, &[]).await.context("find the large hotel")?;
    let hotel = work::Hotel { tenant: row.get(0), database: row.get(1) };
    let filling = work::fill(theatre, hotel, megabytes);
    let mib = say::during(&format!("{megabytes} MiB of guests"), filling).await?;
    let bare = Bare::new(theatre)?;

    let (backup, seconds): (Backup, f64) =
        say::during("its backup", back_up(theatre, hotel)).await?;
    let names = [hotel.database.name()];
    let dumped = say::during("pg_dump of it", bare.dump(&names, 1)).await?;
    let speed = Figure::new("a large hotel backed up", mib / seconds, "MiB/s");
    report.add(speed.beside("pg_dump -Fc", mib / dumped));

    let restored = say::during("a preview of it", restore(theatre, &[backup])).await?;
    let bare_restored = say::during("pg_restore of it", bare.restore(&names, 1)).await?;
    let speed = Figure::new("a preview made of it", mib / restored, "MiB/s");
    report.add(speed.beside("createdb and pg_restore", mib / bare_restored));
    report.note(format!("the large hotel's tables and indexes are {mib:.0} MiB"));
    Ok(())
}
