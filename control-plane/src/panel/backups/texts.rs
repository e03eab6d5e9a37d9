//! The texts of the pages about backups, in both languages.

hotelhub_http::catalogue! {
    /// The texts of the pages about backups.
    pub(super) BackupTexts {
        title: "Cadangan", "Backups";
        lead: "Setiap hotel dicadangkan setiap malam: 7 harian, 4 mingguan, dan 12 bulanan disimpan.",
            "Every hotel is backed up every night: 7 daily, 4 weekly and 12 monthly backups are kept.";
        fresh: "Hotel dengan cadangan kurang dari 26 jam", "Hotels with a backup younger than 26 hours";
        overdue: "Hotel yang cadangannya terlambat", "Hotels whose backup is overdue";
        failing: "Hotel yang cadangannya gagal", "Hotels whose backup fails";
        stored: "Tersimpan", "Kept in all";
        drills_30: "Uji pemulihan 30 hari terakhir", "Restore drills of the last 30 days";
        passed_failed: "{passed} berhasil, {failed} gagal", "{passed} passed, {failed} failed";
        drills_title: "Uji pemulihan", "Restore drills";
        drills_lead: "Satu demi satu, cadangan dipulihkan ke basis data terpisah, diperiksa, lalu dihapus lagi.",
            "One after the other, backups are restored into a database of their own, examined and dropped.";
        to_drills: "Lihat uji pemulihan", "See the restore drills";
        none: "Belum ada cadangan.", "There are no backups yet.";
        no_drills: "Belum ada uji pemulihan.", "There have been no drills yet.";
        list: "Daftar cadangan", "List of backups";
        drill_list: "Daftar uji pemulihan", "List of drills";
        hotel: "Hotel", "Hotel";
        hotel_hint: "slug atau id", "slug or id";
        kind: "Jenis", "Kind";
        any_kind: "semua jenis", "any kind";
        state: "Hasil", "Outcome";
        any_state: "semua hasil", "any outcome";
        nightly: "malam hari", "nightly";
        manual: "diminta", "asked for";
        before_restore: "sebelum pemulihan", "before a restore";
        final_one: "terakhir", "final";
        taken: "Keadaan per", "State as of";
        being_made: "sedang dibuat", "being made";
        rows: "Baris", "Rows";
        size: "Ukuran", "Size";
        until: "Disimpan sampai", "Kept until";
        by_rule: "menurut aturan", "by the rule";
        action: "Tindakan", "Action";
        restore: "Pulihkan…", "Restore…";
        download: "Unduh", "Download";
        make: "Buat cadangan sekarang", "Make a backup now";
        make_lead: "Semua data hotel dalam format terbuka, disimpan 30 hari. Hotel tetap bekerja.",
            "All of the hotel's data in an open format, kept for 30 days. The hotel works on.";
        not_ready: "Hotel ini tidak sedang berjalan: cadangan yang ada hanya dapat diunduh.",
            "The hotel does not run: what is kept of it can only be downloaded.";
        preview: "Pratinjau", "Preview";
        preview_lead: "Cadangan ini ditampilkan di samping hotel. Orang dapat melihat semuanya dan tidak mengubah apa pun.",
            "This backup is shown beside the hotel. People can look at everything and change nothing.";
        open_preview: "Buka pratinjau", "Open the preview";
        expires: "Berakhir sendiri", "Goes by itself";
        swap: "Jadikan hotel…", "Put it in the hotel's place…";
        discard: "Buang pratinjau…", "Discard the preview…";
        restore_title: "Pulihkan {slug}", "Restore {slug}";
        swap_title: "Ganti data {slug} dengan pratinjau", "Put the preview in the place of {slug}";
        discard_title: "Buang pratinjau {slug}", "Discard the preview of {slug}";
        what: "Apa yang dilakukan dengan cadangan ini?", "What is to become of this backup?";
        as_preview: "Tampilkan di samping hotel selama 7 hari, di alamat tersendiri. Hotel tidak berubah.",
            "Show it beside the hotel for 7 days, on an address of its own. The hotel is not changed.";
        as_swap: "Gantikan data hotel sekarang. Data yang digantikan dicadangkan dahulu.",
            "Put it in the hotel's place now. What is there is backed up first.";
        of_swap: "Jika menggantikan hotel:", "If it takes the hotel's place:";
        swap_1: "Data hotel kembali ke keadaan saat cadangan dibuat; yang terjadi sesudahnya hilang dari hotel.",
            "The hotel's data is again what it was when the backup was made; what happened since is gone from the hotel.";
        swap_2: "Data yang digantikan disimpan 30 hari sebagai cadangan.",
            "What is replaced is kept for 30 days as a backup.";
        swap_3: "Semua orang di hotel harus masuk lagi. Pekerjaan yang belum selesai menunggu diperiksa.",
            "Everybody at the hotel has to log in again. Jobs that were open wait to be looked at.";
        discard_1: "Pratinjau hilang. Hotel dan cadangannya tidak berubah.",
            "The preview is gone. The hotel and its backup are not changed.";
        type_slug: "Untuk mengganti data, ketik slug hotel", "To replace the data, type the hotel's slug";
        wrong_slug: "Itu bukan slug hotel ini.", "That is not the slug of this hotel.";
        go: "Lakukan", "Do it";
        started: "Dimulai", "Started";
        took: "Lama", "Took";
        error: "Galat", "Error";
        running: "sedang berjalan", "running";
        passed: "berhasil", "passed";
        failed: "gagal", "failed";
        broken_off: "terputus", "broken off";
        hotels: "Hotel", "Hotels";
    }
}
