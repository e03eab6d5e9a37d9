//! The states that tenants, operations, runs and hosts are in, as words with a tone.

use hotelhub_core::life::{Access, Provisioning, Status};
use hotelhub_http::language::Language;

use crate::{db_hosts::HostState, fleet_migrations, operations};

hotelhub_http::catalogue! {
    /// The names of states.
    StateTexts {
        trial: "Masa coba", "Trial";
        active: "Aktif", "Active";
        suspended: "Ditangguhkan", "Suspended";
        churned: "Berhenti", "Churned";
        pending: "Menunggu giliran", "Waiting its turn";
        provisioning: "Sedang dibuat", "Being made";
        ready: "Siap", "Ready";
        failed: "Gagal dibuat", "Could not be made";
        deleting: "Sedang dihapus", "Being deleted";
        deleted: "Dihapus", "Deleted";
        full: "Penuh", "Full";
        grace: "Penuh, dengan pengingat", "Full, with a reminder";
        essential: "Hanya yang penting", "Essentials only";
        read_only: "Hanya baca", "Read only";
        stopped: "Dihentikan", "Stopped";
        running: "Sedang berjalan", "Running";
        undoing: "Sedang dibatalkan", "Being undone";
        done: "Selesai", "Done";
        undone: "Dibatalkan seluruhnya", "Undone";
        cordoned: "Ditutup", "Cordoned";
        draining: "Sedang dikosongkan", "Draining";
        host_active: "Menerima hotel", "Takes hotels in";
        preparing: "Bersiap", "Preparing";
        halted: "Terhenti", "Halted";
        cancelled: "Dihentikan", "Cancelled";
        quarantined: "Dikarantina", "In quarantine";
        gone: "Hotelnya sudah tidak ada", "The hotel is gone";
        waiting: "Menunggu", "Waiting";
        create_tenant: "Membuat hotel", "Make a hotel";
        move_tenant: "Memindahkan hotel", "Move a hotel";
        backup_tenant: "Membuat cadangan", "Make a backup";
        restore_tenant: "Memulihkan hotel", "Restore a hotel";
        delete_tenant: "Menghapus hotel", "Delete a hotel";
        trialing: "Masa coba", "Trial";
        past_due: "Terlambat bayar", "Past due";
        monthly: "bulanan", "monthly";
        yearly: "tahunan", "yearly";
    }
}

/// A state in words. The tone is a colour; the words say all of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Badge {
    pub(super) name: &'static str,
    /// `good`, `busy`, `warn`, `bad` or nothing.
    pub(super) tone: &'static str,
}

/// Something that has a state, in a language.
pub(super) trait Shown {
    fn badge(self, language: Language) -> Badge;
}

const fn badge(name: &'static str, tone: &'static str) -> Badge {
    Badge { name, tone }
}

impl Shown for Status {
    fn badge(self, language: Language) -> Badge {
        let t = StateTexts::of(language);
        match self {
            Self::Trial => badge(t.trial, "busy"),
            Self::Active => badge(t.active, "good"),
            Self::Suspended => badge(t.suspended, "bad"),
            Self::Churned => badge(t.churned, ""),
        }
    }
}

impl Shown for Provisioning {
    fn badge(self, language: Language) -> Badge {
        let t = StateTexts::of(language);
        match self {
            Self::Pending => badge(t.pending, "busy"),
            Self::Provisioning => badge(t.provisioning, "busy"),
            Self::Ready => badge(t.ready, "good"),
            Self::Failed => badge(t.failed, "bad"),
            Self::Deleting => badge(t.deleting, "warn"),
            Self::Deleted => badge(t.deleted, ""),
        }
    }
}

impl Shown for Access {
    fn badge(self, language: Language) -> Badge {
        let t = StateTexts::of(language);
        match self {
            Self::Full => badge(t.full, "good"),
            Self::Grace => badge(t.grace, "warn"),
            Self::Essential => badge(t.essential, "warn"),
            Self::ReadOnly => badge(t.read_only, "warn"),
            Self::Stopped => badge(t.stopped, "bad"),
        }
    }
}

impl Shown for operations::State {
    fn badge(self, language: Language) -> Badge {
        let t = StateTexts::of(language);
        match self {
            Self::Pending => badge(t.pending, ""),
            Self::Running => badge(t.running, "busy"),
            Self::Undoing => badge(t.undoing, "warn"),
            Self::Done => badge(t.done, "good"),
            Self::Undone => badge(t.undone, "bad"),
        }
    }
}

impl Shown for HostState {
    fn badge(self, language: Language) -> Badge {
        let t = StateTexts::of(language);
        match self {
            Self::Active => badge(t.host_active, "good"),
            Self::Cordoned => badge(t.cordoned, "warn"),
            Self::Draining => badge(t.draining, "busy"),
        }
    }
}

impl Shown for fleet_migrations::State {
    fn badge(self, language: Language) -> Badge {
        let t = StateTexts::of(language);
        match self {
            Self::Pending => badge(t.pending, ""),
            Self::Preparing => badge(t.preparing, "busy"),
            Self::Running => badge(t.running, "busy"),
            Self::Halted => badge(t.halted, "bad"),
            Self::Done => badge(t.done, "good"),
            Self::Cancelled => badge(t.cancelled, "warn"),
        }
    }
}

/// The state of a tenant in a fleet migration.
pub(super) fn of_fleet_tenant(state: &str, language: Language) -> Badge {
    let t = StateTexts::of(language);
    match state {
        "done" => badge(t.done, "good"),
        "quarantined" => badge(t.quarantined, "bad"),
        "gone" => badge(t.gone, ""),
        _ => badge(t.waiting, ""),
    }
}

/// The state of a subscription.
pub(super) fn of_subscription(state: &str, language: Language) -> Badge {
    let t = StateTexts::of(language);
    match state {
        "trialing" => badge(t.trialing, "busy"),
        "active" => badge(t.active, "good"),
        "past_due" => badge(t.past_due, "bad"),
        _ => badge(t.churned, ""),
    }
}

/// How often a hotel pays, in words.
pub(super) fn cycle(name: &str, language: Language) -> &'static str {
    let t = StateTexts::of(language);
    if name == "yearly" { t.yearly } else { t.monthly }
}

/// What an operation does, in words; its name if we have none.
pub(super) fn kind(name: &str, language: Language) -> String {
    let t = StateTexts::of(language);
    match name {
        "create_tenant" => t.create_tenant.to_owned(),
        "move_tenant" => t.move_tenant.to_owned(),
        "backup_tenant" => t.backup_tenant.to_owned(),
        "restore_tenant" => t.restore_tenant.to_owned(),
        "delete_tenant" => t.delete_tenant.to_owned(),
        other => other.replace('_', " "),
    }
}
