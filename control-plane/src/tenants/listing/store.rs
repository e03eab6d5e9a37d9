//! Reads the list of tenants: each query looks at no more rows than it needs.

use chrono::{DateTime, Utc};
use hotelhub_core::ids::DbHostId;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};
use serde_json::json;
use uuid::Uuid;

use super::{
    super::{Tenant, entity},
    model::{Filter, Key, Listed, Narrowed, Place, Sort, Text, Total},
};
use crate::database::damaged;

/// Whom a text means are few if they are not more.
const FEW: i64 = 500;
/// More than so many are not counted.
const COUNTED: i64 = 10_000;
/// Of those that a filter lets through: each of them is looked at.
const COUNTED_OF_FILTERED: i64 = 2_000;

const COLUMNS: &str = "t.id, t.slug, t.company_name, t.owner_name, t.owner_email, t.owner_phone, \
    t.language, t.region, t.status, t.provisioning, t.access, t.access_reason, \
    t.access_changed_at, t.churned_at, t.plan_id, t.rooms, t.trial_ends_at, t.created_at, t.ready_at";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    slug: String,
    company_name: String,
    owner_name: String,
    owner_email: String,
    owner_phone: String,
    language: String,
    region: String,
    status: String,
    provisioning: String,
    access: String,
    access_reason: String,
    access_changed_at: Option<DateTime<Utc>>,
    churned_at: Option<DateTime<Utc>>,
    plan_id: Uuid,
    rooms: i32,
    trial_ends_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    ready_at: Option<DateTime<Utc>>,
    plan: String,
    host: Option<String>,
    db_host: Option<String>,
}

/// A query in the making.
#[derive(Default)]
struct Conditions {
    texts: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// The placeholder of a value.
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn of(narrowed: &Narrowed) -> Self {
        let Narrowed { filter, few } = narrowed;
        let Filter { text, status, provisioning, access, plan, db_host } = filter;
        let mut it = Self::default();
        match (few, text) {
            (Some(ids), _) => {
                let ids = it.bind(json!(ids));
                let found = format!("SELECT e::uuid FROM jsonb_array_elements_text({ids}) e");
                it.texts.push(format!("t.id IN ({found})"));
            }
            (None, Some(text)) => it.mean(text),
            (None, None) => {}
        }
        let columns = [
            ("status", status.map(|it| it.as_str())),
            ("provisioning", provisioning.map(|it| it.as_str())),
            ("access", access.map(|it| it.as_str())),
        ];
        for (column, value) in columns {
            if let Some(value) = value {
                let value = it.bind(value);
                it.texts.push(format!("t.{column} = {value}"));
            }
        }
        if let Some(plan) = plan {
            let plan = it.bind(*plan);
            it.texts.push(format!("t.plan_id = {plan}"));
        }
        if let Some(host) = db_host.map(DbHostId::as_uuid) {
            let host = it.bind(host);
            it.texts.push(format!(
                "EXISTS (SELECT FROM databases d WHERE d.tenant_id = t.id \
                   AND d.state = 'assigned' AND d.db_host_id = {host})"
            ));
        }
        it
    }

    /// Whom a text means.
    fn mean(&mut self, text: &Text) {
        let pattern = self.bind(text.pattern());
        let known = format!("t.searched LIKE {pattern}");
        self.texts.push(if text.of_hosts() {
            format!("({known} OR t.id IN ({}))", of_hosts(&pattern))
        } else {
            known
        });
    }

    fn follow(&mut self, sort: Sort, after: Option<Place>) {
        if sort == Sort::TrialEnd {
            self.texts.push("t.trial_ends_at IS NOT NULL".to_owned());
        }
        let Some(Place { key, id, .. }) = after else { return };
        let key = match key {
            Key::At(at) => self.bind(at),
            Key::Text(text) => self.bind(text),
        };
        let id = self.bind(id);
        self.texts.push(match sort {
            Sort::Newest => format!("(t.created_at, t.id) < ({key}, {id})"),
            Sort::Oldest => format!("(t.created_at, t.id) > ({key}, {id})"),
            Sort::Slug => format!("(t.slug, t.id) > ({key}, {id})"),
            Sort::Company => format!("(lower(t.company_name), t.id) > (lower({key}), {id})"),
            Sort::TrialEnd => format!("(t.trial_ends_at, t.id) > ({key}, {id})"),
        });
    }

    fn text(&self) -> String {
        if self.texts.is_empty() {
            return String::new();
        }
        format!("WHERE {}", self.texts.join(" AND "))
    }
}

fn of_hosts(pattern: &str) -> String {
    format!("SELECT tenant_id FROM domains WHERE released_at IS NULL AND hostname LIKE {pattern}")
}

const fn order(sort: Sort) -> &'static str {
    match sort {
        Sort::Newest => "t.created_at DESC, t.id DESC",
        Sort::Oldest => "t.created_at, t.id",
        Sort::Slug => "t.slug, t.id",
        Sort::Company => "lower(t.company_name), t.id",
        Sort::TrialEnd => "t.trial_ends_at, t.id",
    }
}

/// The ids of those whom a text means, unless they are many.
pub(super) async fn find_few(
    db: &impl ConnectionTrait,
    text: &Text,
) -> Result<Option<Vec<Uuid>>, DbErr> {
    // Whoever is found twice is listed once all the same.
    let hosts =
        if text.of_hosts() { format!("UNION ALL {}", of_hosts("$1")) } else { String::new() };
    let sql =
        format!("SELECT t.id FROM tenants t WHERE t.searched LIKE $1 {hosts} LIMIT {}", FEW + 1);
    let rows = db.query_all_raw(statement(&sql, vec![text.pattern().into()])).await?;
    if i64::try_from(rows.len()).map_err(damaged)? > FEW {
        return Ok(None);
    }
    rows.iter().map(|it| it.try_get_by_index(0)).collect::<Result<_, _>>().map(Some)
}

/// At most `limit` tenants in this order, from a place on.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    narrowed: &Narrowed,
    (sort, after): (Sort, Option<Place>),
    limit: u64,
) -> Result<Vec<Listed>, DbErr> {
    let mut conditions = Conditions::of(narrowed);
    conditions.follow(sort, after);
    read(db, conditions, order(sort), limit).await
}

/// At most `limit` tenants whose slug begins so; those that could not be made or are gone last.
pub(super) async fn list_beginning(
    db: &impl ConnectionTrait,
    slug: &str,
    limit: u64,
) -> Result<Vec<Listed>, DbErr> {
    let mut conditions = Conditions::default();
    let from = conditions.bind(slug);
    // What is searched begins with the slug.
    conditions.texts.push(format!("t.searched LIKE {from} || '%'"));
    let there_first = "t.provisioning IN ('failed', 'deleted'), length(t.slug), t.slug, t.id";
    read(db, conditions, there_first, limit).await
}

async fn read(
    db: &impl ConnectionTrait,
    mut conditions: Conditions,
    order: &str,
    limit: u64,
) -> Result<Vec<Listed>, DbErr> {
    let limit = conditions.bind(i64::try_from(limit).map_err(damaged)?);
    // Cut first, so that what belongs to a tenant is looked up for a page of them and no more. A join of
    // the databases would read all of them: the server takes fifty look-ups for dearer than that.
    let sql = format!(
        "SELECT {COLUMNS}, p.slug AS plan, \
           (SELECT h.name FROM databases d JOIN db_hosts h ON h.id = d.db_host_id \
              WHERE d.tenant_id = t.id AND d.state = 'assigned') AS db_host, \
           (SELECT hostname FROM domains n WHERE n.tenant_id = t.id AND n.is_verified \
              AND n.released_at IS NULL ORDER BY n.is_primary DESC, n.hostname LIMIT 1) AS host \
         FROM (SELECT {COLUMNS} FROM tenants t {} ORDER BY {order} LIMIT {limit}) t \
         JOIN plans p ON p.id = t.plan_id ORDER BY {order}",
        conditions.text()
    );
    let rows = Row::find_by_statement(statement(&sql, conditions.values)).all(db).await?;
    rows.into_iter().map(Listed::try_from).collect()
}

/// How many tenants the filter lets through.
pub(super) async fn count(db: &impl ConnectionTrait, narrowed: &Narrowed) -> Result<Total, DbErr> {
    if narrowed.filter.text.is_some() && narrowed.few.is_none() {
        return Ok(Total::MoreThan(FEW));
    }
    let conditions = Conditions::of(narrowed);
    let most = if conditions.texts.is_empty() { COUNTED } else { COUNTED_OF_FILTERED };
    let sql = format!(
        "SELECT count(*) FROM (SELECT FROM tenants t {} LIMIT {}) found",
        conditions.text(),
        most + 1
    );
    let row = db.query_one_raw(statement(&sql, conditions.values)).await?;
    let count: i64 = row.ok_or_else(|| damaged("a count without a row"))?.try_get_by_index(0)?;
    Ok(if count > most { Total::MoreThan(most) } else { Total::Exactly(count) })
}

fn statement(sql: &str, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

impl TryFrom<Row> for Listed {
    type Error = DbErr;

    fn try_from(row: Row) -> Result<Self, DbErr> {
        let tenant = Tenant::try_from(entity::Model {
            id: row.id,
            slug: row.slug,
            company_name: row.company_name,
            owner_name: row.owner_name,
            owner_email: row.owner_email,
            owner_phone: row.owner_phone,
            owner_password_hash: None,
            language: row.language,
            region: row.region,
            status: row.status,
            provisioning: row.provisioning,
            access: row.access,
            access_reason: row.access_reason,
            access_changed_at: row.access_changed_at,
            churned_at: row.churned_at,
            plan_id: row.plan_id,
            rooms: row.rooms,
            trial_ends_at: row.trial_ends_at,
            created_at: row.created_at,
            ready_at: row.ready_at,
        })?;
        Ok(Self { tenant, plan: row.plan, host: row.host, db_host: row.db_host })
    }
}
