//! The reference of `requests`: one bare actix-web handler, one pool, the product's queries.
//!
//! A process of its own, with as many workers as the product has. It resolves no host, verifies no
//! token, limits nobody and sends no header that it need not.

use std::{net::SocketAddr, path::PathBuf, time::SystemTime};

use actix_web::{
    App, HttpResponse, HttpServer,
    error::{ErrorInternalServerError, ErrorNotFound, ErrorUnauthorized},
    web::{Data, Path, get},
};
use anyhow::{Context as _, Result};
use chrono::{DateTime, NaiveDate, Utc};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use serde::{Deserialize, Serialize};
use tokio_postgres::{Config, NoTls, Row};
use uuid::Uuid;

use super::queries::{PER_TENANT, PERMISSION, PROPERTY, SESSION};

/// Where the settings stand.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A file that only we may read: it holds a password.
    #[arg(long)]
    settings: PathBuf,
}

/// What the server is told.
#[derive(Serialize, Deserialize)]
pub(super) struct Settings {
    pub(super) listen: SocketAddr,
    /// The hotel's database.
    pub(super) database: String,
    /// The settings of the hotel's own login.
    pub(super) options: String,
    pub(super) session: Uuid,
}

#[derive(Clone)]
struct Bare {
    pool: Pool,
    session: Uuid,
}

/// The product's answer.
#[derive(Serialize)]
struct Answer {
    success: bool,
    data: Property,
    meta: Meta,
}

#[derive(Serialize)]
struct Meta {}

#[derive(Serialize)]
struct Property {
    id: Uuid,
    code: String,
    name: String,
    time_zone: String,
    city: String,
    region: String,
    business_date: NaiveDate,
}

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn serve(args: Args) -> Result<()> {
    let settings = std::fs::read_to_string(&args.settings).context("read the settings")?;
    let settings: Settings = serde_json::from_str(&settings).context("read the settings")?;
    let mut login: Config = settings.database.parse().context("the database's address")?;
    login.options(settings.options);
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(login, NoTls, recycling);
    let pool = Pool::builder(manager).max_size(PER_TENANT).build().context("make the pool")?;
    let bare = Bare { pool, session: settings.session };
    HttpServer::new(move || {
        App::new()
            .app_data(Data::new(bare.clone()))
            .route("/api/v1/properties/{property_id}", get().to(with_session))
            .route("/alone/{property_id}", get().to(alone))
    })
    .shutdown_timeout(1)
    .bind(settings.listen)
    .context("listen")?
    .run()
    .await
    .context("serve")
}

/// Both queries, sent in one go.
async fn with_session(bare: Data<Bare>, id: Path<Uuid>) -> actix_web::Result<HttpResponse> {
    let now = DateTime::<Utc>::from(SystemTime::now());
    let connection = bare.pool.get().await.map_err(ErrorInternalServerError)?;
    let (session, property) = futures_util::join!(
        async {
            let statement = connection.prepare_cached(SESSION).await?;
            connection.query_opt(&statement, &[&bare.session, &now, &PERMISSION]).await
        },
        find_property(&connection, *id),
    );
    let session = session.map_err(ErrorInternalServerError)?;
    let session = session.ok_or_else(|| ErrorUnauthorized("no such session"))?;
    let (_person, permitted, access): (Uuid, bool, &str) =
        (session.get(0), session.get(1), session.get(2));
    if !permitted || access != "full" {
        return Err(ErrorUnauthorized("not permitted"));
    }
    answer(property)
}

/// The one row alone.
async fn alone(bare: Data<Bare>, id: Path<Uuid>) -> actix_web::Result<HttpResponse> {
    let connection = bare.pool.get().await.map_err(ErrorInternalServerError)?;
    answer(find_property(&connection, *id).await)
}

async fn find_property(
    connection: &Object,
    id: Uuid,
) -> Result<Option<Row>, tokio_postgres::Error> {
    let statement = connection.prepare_cached(PROPERTY).await?;
    connection.query_opt(&statement, &[&id]).await
}

fn answer(found: Result<Option<Row>, tokio_postgres::Error>) -> actix_web::Result<HttpResponse> {
    let row = found.map_err(ErrorInternalServerError)?;
    let row = row.ok_or_else(|| ErrorNotFound("no such property"))?;
    let data = Property {
        id: row.get(0),
        code: row.get(1),
        name: row.get(2),
        time_zone: row.get(3),
        city: row.get(4),
        region: row.get(5),
        business_date: row.get(6),
    };
    Ok(HttpResponse::Ok().json(Answer { success: true, data, meta: Meta {} }))
}
