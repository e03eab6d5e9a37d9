//! Why something could not be done, in both languages: what each error code means to people at the
//! panel, and what to do about it.

use hotelhub_http::language::Language;

use super::texts::Texts;

hotelhub_http::catalogue! {
    /// What refusals say.
    RefusalTexts {
        address: "dari alamat jaringan ini karyawan tidak boleh masuk. Pakai jaringan kantor, atau minta super admin menambahkannya.",
            "people may not log in from this address. Use an allowed network, or ask a super administrator to add it.";
        last_admin: "ini super admin terakhir yang dapat masuk. Buat yang lain dulu.",
            "this is the last super administrator who can log in. Make another one first.";
        lock_out: "alamat Anda sendiri tidak ada di daftar itu. Tambahkan dulu.",
            "the list leaves your own address out. Add it first.";
        email_taken: "alamat email ini sudah dipakai. Cari orangnya di daftar; kata sandi sekali pakai yang baru dibuat di halamannya.",
            "somebody has this e-mail address already. Find the person in the list; a new one-time password is made on the person's page.";
        support_over: "permintaan ini sudah dijawab atau sudah berakhir.",
            "this request was answered already, or is over.";
        fields: "periksa isian ini:", "please check these fields:";
        paused: "jeda untuk pekerjaan yang sama sudah berlaku. Cabut yang itu dulu.",
            "a pause of the same jobs stands already. Lift that one first.";
        unreachable: "tidak ada replika tenant-api yang menjawab untuk hotel ini. Periksa apakah ada yang berjalan dan ke mana TENANT_UPCALL_URL mengarah, lihat apakah permintaan Anda sudah dilakukan, lalu coba lagi.",
            "no replica of tenant-api answers for the hotel. Check that one runs and where TENANT_UPCALL_URL leads, look whether it was done, then try again.";
        not_ready: "hotel ini belum siap, jadi belum punya pekerjaan. Coba lagi setelah hotelnya siap.",
            "the hotel is not ready and has no jobs yet. Try again once it is.";
        changed: "statusnya sudah berubah. Daftar di bawah sudah yang terbaru.",
            "its state has changed meanwhile. The list below is current.";
        replaced: "pekerjaan baru dengan tujuan yang sama sudah ada. Biarkan yang itu berjalan.",
            "there is a newer job for the same thing. Let that one run.";
        missing: "tidak ada. Mungkin sudah dihapus atau dicabut; muat ulang daftarnya.",
            "it is not there. It may have been lifted or cleaned up; load the list again.";
        forbidden: "peran Anda tidak mencakup ini. Minta super admin melakukannya.",
            "your role does not include it. Ask a super administrator to do it.";
        busy: "terlalu banyak permintaan. Tunggu sebentar, lalu coba lagi.",
            "too many requests. Wait a moment, then try again.";
        elsewhere: "formulir ini dikirim dari situs lain. Buka kembali halaman panel dan ulangi di sana.",
            "this form was sent from another site. Open the panel's page again and repeat it there.";
        domain_claimed: "domain ini sudah ditambahkan untuk hotel ini. Lihat di bawah apa yang perlu dilakukan.",
            "the domain is added to this hotel already. Look below what is to be done.";
        domain_taken: "hotel lain sudah memegang domain ini. Domain itu harus dilepas dulu di sana.",
            "another hotel holds this domain. It must be released there first.";
        domain_quarantined: "domain ini belum lama milik hotel lain. Tambahkan lagi setelah masa tunggunya lewat:",
            "another hotel had this domain until lately. Add it again when its rest is over:";
        domains_many: "hotel ini sudah punya terlalu banyak domain. Lepaskan salah satu dulu.",
            "the hotel has too many domains already. Release one first.";
        domain_not_live: "hotel belum dapat dibuka di domain ini. Ikuti langkah berikutnya di bawah.",
            "people would not reach the hotel by this domain yet. Do what is next, as it says below.";
        transition: "keadaan hotel ini tidak memungkinkannya sekarang. Muat ulang halamannya: hanya yang mungkin yang ditawarkan.",
            "where the hotel stands does not allow it now. Load its page again: only what is possible is offered.";
        operation: "operasi lain untuk hotel ini belum selesai. Tunggu, lalu coba lagi.",
            "another operation of this hotel is not over. Wait for it, then try again.";
        host_closed: "server itu tidak menerima hotel. Pilih yang lain, atau buka dulu.",
            "that host takes no hotels in. Choose another one, or uncordon it first.";
        held: "Penahanan penghapusannya berubah: muat ulang halaman hotel itu.",
            "Whether its deletion is held back has changed: load the hotel's page again.";
        retention: "data hotel ini masih harus disimpan 90 hari setelah kontrak berakhir. Isi alasannya jika harus dihapus sekarang.",
            "the hotel's data is to be kept for 90 days after the end of the contract. Say why if it has to go now.";
        not_churned: "hanya hotel yang kontraknya berakhir yang dapat dihapus.",
            "only a hotel whose contract has ended is deleted.";
        fleet: "migrasi armada lain belum selesai. Tunggu, atau hentikan dulu.",
            "another fleet migration is not over. Wait for it, or stop it first.";
        host_name: "server lain sudah bernama begitu. Pilih nama lain.",
            "another host has this name. Choose another one.";
        host_active: "server ini masih menerima hotel. Kosongkan dulu.",
            "this host still takes hotels in. Drain it first.";
        host_in_use: "masih ada basis data di server ini. Kosongkan, dan tunggu sampai benar-benar kosong.",
            "there are still databases on this host. Drain it, and wait until it is empty.";
        sent_before: "formulir ini sudah dikirim sebelumnya dengan isian lain. Periksa, lalu kirim sekali lagi.",
            "this form was sent before with other contents. Check it, then send it once more.";
        no_preview: "hotel ini tidak punya pratinjau. Pulihkan sebuah cadangan sebagai pratinjau dulu.",
            "the hotel has no preview. Restore a backup as one first.";
        tenant_gone: "hotel ini sudah tidak ada, atau tidak jadi dibuat. Pilih hotel yang masih ada di daftar hotel.",
            "this hotel is gone, or was never made. Choose one that is there on the list of hotels.";
        domain_of_platform: "alamat hotel di platform ini tetap ada selama hotelnya ada. Hanya domain yang ditambahkan sendiri yang dapat dilepas.",
            "the hotel's address on the platform stays for as long as the hotel does. Only domains that were added can be released.";
        totp_enabled: "faktor kedua sudah aktif. Hapus dulu dengan sebuah kode; tanpa kode, minta super admin lain menghapusnya.",
            "a second factor is on already. Take it away with a code first; without one, ask another super administrator to reset it.";
        totp_not_begun: "belum ada faktor kedua yang sedang dipasang. Mulai pemasangannya di akun Anda.",
            "no second factor is being set up. Begin at your own account.";
        storage_not_set: "platform ini tidak menyimpan cadangan. Pengelolanya harus mengatur STORAGE_URL.",
            "this platform keeps no backups. Its operator has to set STORAGE_URL.";
        backup_lost: "penyimpanan tidak memiliki berkas cadangan ini lagi. Pakai cadangan lain, dan buat satu sekarang di halaman cadangan hotel itu.",
            "the storage does not have this backup's file any more. Use another backup, and make one now on the hotel's page of backups.";
        storage_away: "penyimpanan cadangan tidak menjawab. Coba lagi sebentar lagi.",
            "the storage of backups does not answer. Try again soon.";
        storage_full: "penyimpanan cadangan penuh. Pengelola platform harus menambah ruangnya.",
            "the storage of backups is full. The platform's operator has to give it more room.";
        database_away: "basis data tidak menjawab. Tunggu sebentar, lihat apakah permintaan Anda sudah dilakukan, lalu coba lagi.",
            "the database does not answer. Wait a moment, look whether it was done, then try again.";
        malformed: "alamat atau formulir ini tidak dikenali. Kembali ke halaman sebelumnya, muat ulang, lalu coba dari sana.",
            "the address or the form is not understood. Go back to the page before, load it again and try from there.";
        too_large: "isian formulir ini terlalu panjang. Pendekkan, lalu kirim sekali lagi.",
            "what was typed is too long. Make it shorter and send it once more.";
    }
}

/// What an error code means and what to do about it, if it is one that people meet here.
pub(super) fn why(code: &str, language: Language) -> Option<&'static str> {
    let w = RefusalTexts::of(language);
    Some(match code {
        "VALIDATION_FAILED" => w.fields,
        "JOBS_ALREADY_PAUSED" => w.paused,
        "DOMAIN_ALREADY_CLAIMED" => w.domain_claimed,
        "DOMAIN_TAKEN" => w.domain_taken,
        "DOMAIN_QUARANTINED" => w.domain_quarantined,
        "TOO_MANY_DOMAINS" => w.domains_many,
        "DOMAIN_NOT_LIVE" => w.domain_not_live,
        "TENANT_UNREACHABLE" => w.unreachable,
        "TENANT_NOT_READY" => w.not_ready,
        "JOB_NOT_OVER" | "JOB_OVER" => w.changed,
        "JOB_REPLACED" => w.replaced,
        "NOT_FOUND" => w.missing,
        "FORBIDDEN" => w.forbidden,
        "RATE_LIMITED" => w.busy,
        "CROSS_ORIGIN" => w.elsewhere,
        "ADDRESS_NOT_ALLOWED" => w.address,
        "LAST_SUPER_ADMIN" => w.last_admin,
        "WOULD_LOCK_OUT" => w.lock_out,
        "EMAIL_TAKEN" => w.email_taken,
        "SUPPORT_ACCESS_OVER" => w.support_over,
        "TOTP_INVALID" => Texts::of(language).wrong_code,
        "TRANSITION_REFUSED" => w.transition,
        "OPERATION_IN_PROGRESS" => w.operation,
        "DB_HOST_NOT_ACTIVE" => w.host_closed,
        "RETENTION_NOT_OVER" => w.retention,
        "DELETION_HELD" | "DELETION_NOT_HELD" => w.held,
        "TENANT_NOT_CHURNED" => w.not_churned,
        "FLEET_MIGRATION_IN_PROGRESS" => w.fleet,
        "DB_HOST_NAME_TAKEN" => w.host_name,
        "DB_HOST_ACTIVE" => w.host_active,
        "DB_HOST_IN_USE" => w.host_in_use,
        "IDEMPOTENCY_KEY_REUSED" => w.sent_before,
        "NO_PREVIEW" => w.no_preview,
        "TENANT_GONE" => w.tenant_gone,
        "DOMAIN_OF_PLATFORM" => w.domain_of_platform,
        "TOTP_ENABLED" => w.totp_enabled,
        "TOTP_NOT_BEGUN" => w.totp_not_begun,
        "STORAGE_NOT_SET" => w.storage_not_set,
        "BACKUP_LOST" => w.backup_lost,
        "STORAGE_AWAY" => w.storage_away,
        "STORAGE_FULL" => w.storage_full,
        "DATABASE_UNAVAILABLE" => w.database_away,
        "PAYLOAD_TOO_LARGE" => w.too_large,
        "MALFORMED_REQUEST" | "METHOD_NOT_ALLOWED" | "UNSUPPORTED_MEDIA_TYPE" => w.malformed,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    use super::*;

    /// Codes that no page of the panel meets, and why.
    const ELSEWHERE: [(&str, &str); 18] = [
        ("BAD_MAIL", "of a job"),
        ("BAD_PAYLOAD", "of a job"),
        ("UNKNOWN_KIND", "of a job"),
        ("BUNDLE_OF_ANOTHER_HOTEL", "bundles are brought by the API"),
        ("BUNDLE_REFUSED", "bundles are brought by the API"),
        ("IMPORTS_BUSY", "bundles are brought by the API"),
        ("DOMAIN_UNKNOWN", "said to an edge"),
        ("EXPORT_LIMIT", "said to a hotel"),
        ("IDEMPOTENCY_KEY_IN_FLIGHT", "a second click waits for the first"),
        ("INVALID_CREDENTIALS", "the login says so itself"),
        ("TOTP_REQUIRED", "the login goes on to its second step"),
        ("PASSWORD_CHANGE_REQUIRED", "one is led to one's account"),
        ("TOTP_ENROLMENT_REQUIRED", "one is led to one's account"),
        ("SLUG_INVALID", "the form of a new hotel says so beside the field"),
        ("SLUG_RESERVED", "the form of a new hotel says so beside the field"),
        ("SLUG_TAKEN", "the form of a new hotel says so beside the field"),
        ("TOO_MANY_STREAMS", "the page's script asks again"),
        ("CARGO_PKG_VERSION", "no code"),
    ];
    /// Files whose words in capitals are settings.
    const SETTINGS: [&str; 4] = ["config.rs", "settings.rs", "limits.rs", "client_addr.rs"];

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|it| it == "rs") {
                found.push(path);
            }
        }
    }

    /// What looks like a code in the programs' own texts: words in capitals, joined by `_`.
    fn codes() -> BTreeSet<String> {
        let control_plane = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = control_plane.parent().unwrap();
        let mut files = Vec::new();
        for folder in [control_plane.join("src"), root.join("shared/http/src")] {
            sources(&folder, &mut files);
        }
        let is_of_settings = |it: &PathBuf| SETTINGS.iter().any(|name| it.ends_with(name));
        let mut codes = BTreeSet::new();
        for file in files.into_iter().filter(|it| !is_of_settings(it)) {
            let text = fs::read_to_string(file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let lines = code.lines().filter(|it| !it.trim_start().starts_with("//"));
            let words = lines.flat_map(|it| it.split('"').skip(1).step_by(2));
            let in_capitals = |it: &&str| {
                let known = |letter: char| letter.is_ascii_uppercase() || letter == '_';
                it.contains('_') && it.starts_with(char::is_alphabetic) && it.chars().all(known)
            };
            codes.extend(words.filter(in_capitals).map(str::to_owned));
        }
        codes
    }

    #[test]
    fn every_code_that_a_page_can_meet_says_what_to_do() {
        let codes = codes();
        assert!(codes.len() > 40, "codes are not where they were: {codes:?}");
        for (code, because) in ELSEWHERE {
            assert!(codes.contains(code), "{code} is no code any more: {because} says nothing");
        }
        let is_met = |code: &&String| ELSEWHERE.iter().all(|(it, _)| it != code);
        for code in codes.iter().filter(is_met) {
            for language in [Language::Id, Language::En] {
                assert!(why(code, language).is_some(), "{code} says nothing in {language:?}");
            }
        }
    }
}
