//! The texts of the home page, in both languages.

hotelhub_http::catalogue! {
    /// The texts of the home page.
    pub(super) HomeTexts {
        title: "Yang perlu perhatian", "What needs attention";
        all_well: "Semua berjalan baik. Tidak ada yang menunggu Anda.",
            "All is well. Nothing waits for you.";
        hotels: "Hotel menurut langganan", "Hotels by relation";
        trouble: "Perlu ditangani", "Needs somebody";
        running: "Sedang berjalan", "Under way";
        trials: "Masa coba segera berakhir", "Trials that end soon";
        audit_broken: "Rantai jejak audit rusak mulai baris {row} ({kind})",
            "The audit log's chain is broken from row {row} ({kind})";
        audit_broken_why: "Diketahui sejak {found}. Bandingkan baris itu dengan cadangan basis data control-plane, dan cari siapa yang dapat menulis ke sana.",
            "Known since {found}. Compare the row with a backup of the control database, and find out who could write to it.";
        audit_was_whole: "Terakhir utuh {at}.", "Last whole at {at}.";
        audit_overdue: "Pemeriksaan rantai jejak audit terlambat", "The check of the audit log's chain is overdue";
        audit_overdue_why: "Seharusnya mulai {since}. Pastikan control-plane work berjalan; log-nya menyebut penyebabnya.",
            "Due since {since}. See to it that control-plane work runs; its log says what keeps it.";
        dead_jobs: "Pekerjaan latar gagal: {count}", "Background jobs that failed: {count}";
        dead_jobs_why: "di semua hotel, menurut hitungan terakhir", "over all hotels, as last counted";
        overdue_backups: "Hotel yang cadangannya terlambat: {count}", "Hotels whose backup is overdue: {count}";
        overdue_backups_why: "tanpa cadangan dari 26 jam terakhir", "without a backup of the last 26 hours";
        failing_backups: "Hotel yang cadangannya gagal: {count}", "Hotels whose backup fails: {count}";
        failing_backups_why: "percobaan terakhir gagal dan diulang", "the last tries failed and are repeated";
        failed_drills: "Hotel yang uji pemulihannya gagal: {count}",
            "Hotels whose last restore drill failed: {count}";
        failed_drills_why: "cadangannya mungkin tidak dapat dipulihkan", "it may be that they cannot be restored";
        stuck_domains: "Domain sendiri yang terhenti: {count}", "Custom domains that are stuck: {count}";
        stuck_domains_why: "tamu tidak sampai ke hotel lewat domain itu", "guests do not reach the hotel there";
        host_away: "Server {name} tidak terjangkau", "Host {name} is not reachable";
        host_full: "Server {name} hampir penuh", "Host {name} is nearly full";
        host_draining: "Server {name} sedang dikosongkan", "Host {name} is being drained";
        host_cordoned: "Server {name} ditutup", "Host {name} is cordoned";
        databases: "{count} dari {most} basis data", "{count} of {most} databases";
        fleet_halted: "Migrasi armada terhenti", "The fleet migration has halted";
        fleet_running: "Migrasi armada berjalan", "A fleet migration is under way";
        quarantined: "{count} hotel dikarantina", "{count} hotels in quarantine";
        owner_untold: "Pemilik {company} belum diberi tahu tentang penghapusan datanya",
            "The owner of {company} was not told that its data is to be deleted";
        owner_untold_why: "Suratnya belum diterima: {address}. Datanya tidak dihapus sebelum itu.",
            "The letter was not taken: {address}. The data is not deleted before.";
        failure_untold: "Pemilik belum diberi tahu bahwa domain {domain} tidak berfungsi",
            "The owner was not told that the domain {domain} does not work";
        failure_untold_why: "Suratnya belum diterima: {address}. Periksa alamatnya; surat dikirim lagi setiap hari.",
            "The letter was not taken: {address}. Check the address; it is sent again each day.";
        more_operations: "Semua operasi", "All operations";
        more_trials: "Semua masa coba", "All trials";
        ends: "berakhir {day}", "ends {day}";
        ended: "seharusnya berakhir {day}", "should have ended {day}";
        new_hotel: "Hotel baru", "New hotel";
    }
}
