//! The texts of the pages about operations, in both languages.

use hotelhub_http::language::Language;

use crate::signup::texts::step as step_of_creation;

hotelhub_http::catalogue! {
    /// The texts of the pages about operations.
    pub(in crate::panel) OperationTexts {
        title: "Operasi", "Operations";
        lead: "Pekerjaan panjang program provisioner: membuat, memindahkan, mencadangkan, memulihkan, dan menghapus hotel.",
            "The provisioner's long work: hotels are made, moved, backed up, restored and deleted.";
        kind: "Jenis", "Kind";
        any_kind: "Semua jenis", "Any kind";
        state: "Status", "State";
        any_state: "Semua status", "Any state";
        open_state: "Belum selesai", "Not over";
        hotel: "Hotel", "Hotel";
        requested: "Diminta", "Asked for";
        started: "Dimulai", "Begun";
        finished: "Selesai", "Ended";
        took: "Lama", "Took";
        so_far: "sejauh ini", "so far";
        none: "Tidak ada operasi seperti itu.", "There are no such operations.";
        list: "Daftar operasi", "List of operations";
        steps: "Langkah", "Steps";
        skipped: "tidak perlu", "not needed";
        step_of: "Langkah {number} dari {count}: {step}", "Step {number} of {count}: {step}";
        progress: "Kemajuan", "Progress";
        waiting: "Menunggu provisioner mengambilnya…", "Waiting for a provisioner to take it…";
        is_over: "Selesai.", "It is done.";
        was_undone: "Tidak dapat dilakukan; semuanya sudah dikembalikan.",
            "It could not be done; everything was put back.";
        last_error: "Kegagalan terakhir", "Last failure";
        retry_at: "Dicoba lagi", "Tried again at";
        figures: "Angka", "Figures";
        by_platform: "platform, atau pendaftaran", "the platform, or a signup";
        requested_by: "Oleh", "By";
        ready: "Hotelnya siap", "The hotel is ready";
        ready_lead: "Pemilik sudah dikirimi email sambutan. Langkah berikutnya: sampaikan kata sandi pertamanya, dan minta ia masuk di alamat ini.",
            "The owner is sent a welcome mail. Next: hand over the first password, and have the owner log in at this address.";
        open_hotel: "Buka alamat hotel", "Open the hotel's address";
        see_hotel: "Lihat hotel ini", "See this hotel";
        another: "Buat hotel lain", "Make another hotel";
        undone_next: "Alamatnya bebas lagi. Lihat kegagalan terakhir, perbaiki penyebabnya, lalu buat hotelnya sekali lagi.",
            "The address is free again. See the last failure, mend what caused it, and make the hotel once more.";
        moved_next: "Hotelnya dilayani dari server yang baru.", "The hotel is served from its new host.";
        deleted_next: "Data hotelnya sudah dihancurkan. Cadangan terakhir, kecuali jika diminta tanpa itu, disimpan 30 hari. Nama hotelnya baru dapat dipakai hotel lain setelah 30 hari.",
            "The hotel's data is destroyed. A last backup, unless none was to be kept, stays for 30 days. Another hotel can have its names after 30 days.";
        not_moved: "Hotelnya tetap di server semula.", "The hotel stays on the host that it was on.";
        backed_up_next: "Cadangannya ada di halaman cadangan hotel ini.",
            "The backup is on the hotel's page of backups.";
        not_backed_up: "Tidak ada cadangan yang dibuat. Lihat kegagalan terakhir, lalu coba lagi.",
            "No backup was made. See the last failure, and try again.";
        restored_next: "Pratinjau, atau keadaan hotel yang baru, ada di halaman cadangan hotel ini.",
            "The preview, or the hotel as it is now, is on the hotel's page of backups.";
        not_restored: "Hotelnya tetap seperti semula.", "The hotel is as it was.";
        not_deleted: "Hotelnya masih ada.", "The hotel is still there.";
    }
}

hotelhub_http::catalogue! {
    /// The names of what runs note of themselves.
    pub(super) FigureTexts {
        rows: "Baris", "Rows";
        bytes: "Ukuran", "Size";
        tables: "Tabel", "Tables";
        copy_ms: "Lama penyalinan", "Copying took";
        rounds: "Putaran menyusul", "Rounds of catching up";
        changed_rows: "Baris yang berubah sementara itu", "Rows that changed meanwhile";
        write_pause_ms: "Penulis menunggu", "Writers waited";
        backup_id: "Cadangan yang dibuat", "Backup that was made";
        replaced_is_unsaved: "Cadangan data lama menunggu servernya", "The backup of what was replaced waits for its server";
        preview_host: "Alamat pratinjau", "Address of the preview";
        preview_until: "Pratinjau sampai", "Preview until";
        taken_at: "Data menurut keadaan", "Data as of";
        from_schema_version: "Versi skema yang dimuat", "Schema version that was loaded";
        origin_slug: "Data milik hotel", "Data of the hotel";
        origin_id: "Id hotel itu", "Id of that hotel";
        restored_backup: "Cadangan yang dipulihkan", "Backup that was restored";
        knows_present: "Keadaan terakhir hotel terbaca", "The hotel's latest state was read";
        log_ended: "Jejak audit di data itu sampai baris", "Audit log in that data up to row";
        log_hash: "Hash baris itu", "Hash of that row";
        log_goes_on: "Jejak audit berlanjut dari baris", "Audit log goes on from row";
        fault: "Kerusakan jejak audit di data itu", "Fault of the audit log in that data";
        fault_row: "Rusak di baris", "Fault at row";
        fault_since: "Kerusakan jejak audit hotel", "Fault of the hotel's audit log";
        fault_since_row: "Jejak audit hotel rusak di baris", "Fault of the hotel's log at row";
        yes: "ya", "yes";
        no: "tidak", "no";
    }
}

/// What a step does, in words; its name if we have none.
pub(in crate::panel) fn step(kind: &str, name: &str, language: Language) -> String {
    let (id, en) = match (kind, name) {
        ("move_tenant", "place") => ("Memilih server tujuan", "Choosing the host to go to"),
        ("move_tenant", "create_target") => {
            ("Membuat salinan kosong di sana", "Making an empty copy there")
        }
        ("move_tenant", "capture") => {
            ("Mulai mencatat baris yang berubah", "Beginning to note which rows change")
        }
        ("move_tenant", "copy") => ("Menyalin semua data", "Copying all data"),
        ("move_tenant", "catch_up") => {
            ("Menyusul perubahan sejak itu", "Catching up with what changed since")
        }
        ("move_tenant", "switch") => (
            "Menahan penulis sejenak, lalu beralih",
            "Stopping writers for a moment, and switching",
        ),
        ("move_tenant", "retire") => {
            ("Menutup dan menghapus salinan lama", "Closing and dropping the old copy")
        }
        ("backup_tenant" | "delete_tenant", "back_up") => ("Membuat cadangan", "Making the backup"),
        ("backup_tenant", "find") => ("Mencari data hotel", "Finding the hotel's data"),
        ("restore_tenant", "place") => ("Memilih server", "Choosing a host"),
        ("restore_tenant", "load") => {
            ("Memuat dan memeriksa cadangan", "Loading and proving the backup")
        }
        ("restore_tenant", "show_preview") => ("Menampilkan pratinjau", "Showing the preview"),
        ("restore_tenant", "discard_preview") => ("Membuang pratinjau", "Discarding the preview"),
        ("restore_tenant", "switch") => ("Beralih ke data itu", "Switching to that data"),
        ("restore_tenant", "back_up_old") => {
            ("Mencadangkan yang digantikan", "Backing up what was replaced")
        }
        ("restore_tenant", "clean_up") => ("Membereskan sisanya", "Clearing up"),
        ("delete_tenant", "destroy_backups") => {
            ("Menghapus cadangan lama dan berkas", "Deleting earlier backups and files")
        }
        ("delete_tenant", "find") => ("Mencari data hotel", "Finding the hotel's data"),
        ("delete_tenant", "withdraw_route") => {
            ("Mencabut alamat web", "Withdrawing the web address")
        }
        ("delete_tenant", "end_sessions") => ("Mengakhiri semua sesi", "Ending all sessions"),
        ("delete_tenant", "drop_database") => ("Menghapus basis data", "Dropping the database"),
        ("delete_tenant", "await_other_copies") => {
            ("Menunggu salinan lain terhapus", "Waiting until other copies are dropped")
        }
        ("delete_tenant", "forget") => ("Melepas namanya", "Letting its names go"),
        ("create_tenant", "place") => ("Memilih server", "Choosing a host"),
        ("create_tenant", "create_role") => {
            ("Membuat login basis data", "Making the database's login")
        }
        ("create_tenant", "create_database") => ("Membuat basis data", "Making the database"),
        ("create_tenant", "write_identity") => {
            ("Menulis nama hotel di dalamnya", "Writing the hotel's name in it")
        }
        ("create_tenant", "grant_access") => ("Membukanya untuk hotel", "Opening it to the hotel"),
        ("create_tenant", "create_owner") => ("Membuat akun pemilik", "Making the owner's login"),
        ("create_tenant", "publish_route") => {
            ("Menerbitkan alamat web", "Publishing the web address")
        }
        (_, name) => return step_of_creation(name, language),
    };
    match language {
        Language::Id => id.to_owned(),
        Language::En => en.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn each_step_of_each_saga_is_told_in_words_of_both_languages() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut seen = 0;
        for kind in ["create", "move", "backup", "restore", "delete"] {
            let kind = format!("{kind}_tenant");
            let saga = root.join("provisioner/src").join(&kind).join("mod.rs");
            let saga = fs::read_to_string(saga).unwrap();
            for line in saga.lines() {
                let name = line.trim().strip_prefix("name: \"").and_then(|it| it.split('"').next());
                let Some(name) = name else { continue };
                let told = [Language::Id, Language::En].map(|it| step(&kind, name, it));
                assert_ne!(told[0], told[1], "{kind} {name}");
                seen += 1;
            }
        }
        assert!(seen > 30, "{seen} steps");
    }
}
