//! A hotel with rows in every table, and what object storage keeps of it.

use std::{collections::BTreeMap, fs::File, path::PathBuf};

use hotelhub_bundle::{Bundle, Limits};
use platform_tests::{postgres::Preset, waiting::eventually};
use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{
    ground::{Asked, SOON, stop},
    two_hosts::{LATER, TwoHosts, fingerprint},
};

pub(crate) struct Shelf {
    pub(crate) two: TwoHosts,
    pub(crate) hotel: Asked,
}

/// What a bundle carries and a restore does not settle, nor when which migration was applied.
const NOT_CARRIED: [&str; 6] = [
    "sessions",
    "refinery_schema_history",
    "audit_head",
    "audit_log",
    "support_consent",
    "support_grants",
];

/// All that a bundle carries and a restore leaves as it is.
pub(crate) async fn carried(inside: &Client) -> BTreeMap<String, (i64, String)> {
    let mut found = fingerprint(inside).await;
    found.retain(|table, _| !NOT_CARRIED.contains(&&**table));
    found
}

impl Shelf {
    pub(crate) async fn new(preset: Preset) -> Self {
        let two = TwoHosts::new(preset).await;
        let hotel = two.hotel("mandala").await;
        Self { two, hotel }
    }

    /// Asks for something, runs a provisioner until it is `done` or `undone`, and reads its figures.
    pub(crate) async fn done(&self, kind: &str, wish: Value, state: &str) -> Value {
        let asked = self.two.ask(self.hotel.tenant, kind, wish).await;
        let provisioner = self.two.ground.start("worker").await;
        self.two.wait_until(asked, state).await;
        stop(provisioner).await;
        self.run_of(asked).await
    }

    /// Makes a backup; its id.
    pub(crate) async fn back_up(&self) -> Uuid {
        let run = self.done("backup_tenant", json!({}), "done").await;
        run["figures"]["backup_id"].as_str().unwrap().parse().unwrap()
    }

    /// The record of a run.
    pub(crate) async fn run_of(&self, asked: Asked) -> Value {
        let sql = "SELECT to_jsonb(r) FROM operation_runs r WHERE operation_id = $1";
        self.two.ground.control.query_one(sql, &[&asked.operation]).await.unwrap().get(0)
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.two.ground.control.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// The files of all objects, and parts of objects.
    pub(crate) fn objects(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.two.ground.storage()];
        let mark = self.two.ground.storage().join(".hotelhub-storage");
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            for entry in entries {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found.retain(|it| *it != mark);
        found.sort();
        found
    }

    /// Where the object of a backup is, which is there.
    pub(crate) fn object_of(&self, backup: Uuid) -> PathBuf {
        let is_its = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with(&backup.to_string())
        };
        let found = self.objects().into_iter().find(is_its);
        found.unwrap_or_else(|| panic!("{backup} is not in {:?}", self.objects()))
    }

    /// Opens a backup as anybody may.
    pub(crate) fn open(&self, backup: Uuid) -> Bundle<File> {
        let file = File::open(self.object_of(backup)).unwrap();
        let mut bundle = Bundle::open(file, &Limits::default()).unwrap();
        bundle.verify().unwrap();
        bundle
    }

    /// Brings a bundle, as the control plane would; what is wished for with it.
    pub(crate) fn bring(&self, bundle: &[u8], end: &str) -> Value {
        let id = Uuid::new_v4();
        let folder =
            self.two.ground.storage().join(format!("tenants/{}/imports", self.hotel.tenant));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{id}.zip")), bundle).unwrap();
        let mut seen = hotelhub_bundle::Checked::default();
        seen.add(bundle);
        json!({ "upload_id": id, "sha256": seen.sha256(), "end": end })
    }

    /// Waits until a restore drill has ended as `condition` says. One that broke off, as that does in whose
    /// middle a program is stopped, is tried again after ten minutes: they are over.
    pub(crate) async fn wait_for_drill(&self, condition: &str) {
        let ended = format!("SELECT count(*) FROM restore_drills WHERE {condition}");
        let over = "UPDATE restore_drills SET started_at = started_at - interval '1 hour'
             WHERE state = 'broken_off' AND started_at > now() - interval '11 minutes'";
        let drilled = eventually(SOON, condition, async || {
            self.two.ground.control.execute(over, &[]).await.unwrap();
            (self.count(&ended).await > 0).then_some(())
        });
        drilled.await.unwrap();
    }

    /// Lets provisioners end all that is on its way. What one begins just before it is stopped, a drill or
    /// the backup of a night, is left to the next.
    pub(crate) async fn settle(&self) {
        let settled = eventually(LATER, "nothing to be begun any more", async || {
            let provisioner = self.two.ground.start("sweeper").await;
            let gone = async || self.is_settled().await.then_some(());
            eventually(SOON, "all that goes to be gone", gone).await.unwrap();
            stop(provisioner).await;
            self.is_settled().await.then_some(())
        });
        settled.await.unwrap();
    }

    async fn is_settled(&self) -> bool {
        let sql = "SELECT (SELECT count(*) FROM backups WHERE state <> 'kept')
             + (SELECT count(*) FROM databases WHERE state NOT IN ('assigned', 'preview'))";
        self.count(sql).await == 0
    }

    /// Waits until the objects are those of the backups on record and no others, and nothing is on
    /// its way out; then databases and roles are those on record, too.
    pub(crate) async fn assert_nothing_stray(&self) {
        self.settle().await;
        let sql = "SELECT object_name FROM backups";
        let rows = self.two.ground.control.query(sql, &[]).await.unwrap();
        let storage = self.two.ground.storage();
        let mut wanted: Vec<PathBuf> =
            rows.iter().map(|it| storage.join(it.get::<_, String>(0))).collect();
        wanted.sort();
        assert_eq!(self.objects(), wanted);
        self.two.assert_nothing_stray().await;
    }
}
