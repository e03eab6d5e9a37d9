//! The texts of the pages about fleet migrations, in both languages.

hotelhub_http::catalogue! {
    /// The texts of the pages about fleet migrations.
    pub(super) FleetTexts {
        title: "Migrasi armada", "Fleet migrations";
        lead: "Satu perubahan skema untuk basis data semua hotel, ring demi ring, sementara mereka bekerja.",
            "One change of the schema for every hotel's database, ring by ring, while they work.";
        new: "Mulai migrasi…", "Begin a migration…";
        none: "Belum pernah ada migrasi armada.", "There has been no fleet migration yet.";
        list: "Daftar migrasi armada", "List of fleet migrations";
        version: "Ke versi skema", "To schema version";
        newest: "yang terbaru", "the newest";
        state: "Status", "State";
        hotels: "Hotel", "Hotels";
        requested: "Diminta", "Asked for";
        finished: "Selesai", "Ended";
        run: "Migrasi ke versi {version}", "Migration to version {version}";
        run_unknown: "Migrasi armada", "Fleet migration";
        ring_0: "Kenari", "Canaries";
        ring_1: "Satu dari seratus", "One in a hundred";
        ring_2: "Satu dari sepuluh", "One in ten";
        ring_3: "Semua yang lain", "All others";
        done_of: "{done} dari {total} selesai", "{done} of {total} done";
        quarantined: "{count} dikarantina", "{count} in quarantine";
        waiting: "{count} menunggu", "{count} waiting";
        rate: "Hotel dalam menit terakhir", "Hotels in the last minute";
        workers: "Sekaligus", "At a time";
        max_failures: "Kegagalan yang diterima", "Failures that are borne";
        halt_reason: "Mengapa terhenti", "Why it halted";
        no_rings: "Belum ada provisioner yang memulainya.", "No provisioner has begun it.";
        progress: "Kemajuan", "Progress";
        failures: "Hotel dalam karantina", "Hotels in quarantine";
        failures_lead: "Mereka tetap melayani dengan skema yang lama. Perbaiki penyebabnya lalu lanjutkan, atau sisihkan.",
            "They keep serving on the schema that they have. Mend the cause and go on, or set them aside.";
        hotel: "Hotel", "Hotel";
        ring: "Ring", "Ring";
        error: "Galat", "Error";
        tries: "Percobaan", "Tries";
        took: "Lama", "Took";
        set_aside: "Sisihkan", "Set aside";
        is_set_aside: "disisihkan", "set aside";
        resume: "Lanjutkan", "Go on";
        resume_hint: "Yang dikarantina dicoba lagi.", "Those in quarantine are tried again.";
        cancel: "Hentikan", "Stop it";
        cancel_hint: "Tidak ada hotel lain yang dimulai; yang sedang berjalan diselesaikan. Migrasi baru mengambil sisanya.",
            "No other hotel is begun; what runs is finished. A new migration takes the rest.";
        is_cancelled: "Dihentikan; yang sedang berjalan diselesaikan.",
            "It is stopped; what runs is finished.";
        all_hotels: "Semua hotel dalam migrasi ini", "All hotels of this migration";
        any_state: "Semua status", "Any state";
        no_hotels: "Tidak ada hotel seperti itu.", "There are no such hotels.";
        begin: "Mulai migrasi", "Begin";
        new_title: "Mulai migrasi armada", "Begin a fleet migration";
        new_1: "Template dan basis data cadangan disiapkan dulu, lalu kenari, lalu ring demi ring.",
            "Templates and the warm pool are prepared first, then come canaries, then ring by ring.";
        new_2: "Satu kenari yang gagal menghentikan semuanya; hotel yang gagal tetap melayani dengan skema lamanya.",
            "One canary that fails halts all of it; a hotel that fails keeps serving on its old schema.";
        version_hint: "Kosong: versi terbaru yang dikenal provisioner.",
            "Empty: the newest that the provisioner knows.";
        canaries: "Kenari", "Canaries";
        canaries_hint: "Alamat web hotel yang lebih dulu, dipisah koma atau spasi. Kosong: dipilihkan satu.",
            "Web addresses of the hotels that go first, with commas or spaces between. Empty: one is picked.";
        workers_hint: "1 sampai 32; kosong berarti 4.", "1 to 32; 4 if empty.";
        max_failures_hint: "Lebih dari ini menghentikan migrasi; kosong berarti 5.",
            "More than this halt it; 5 if empty.";
        told_resume: "Migrasi dilanjutkan.", "The migration goes on.";
        told_cancel: "Migrasi dihentikan.", "The migration is stopped.";
        told_aside: "Hotel disisihkan.", "The hotel is set aside.";
        said: "{state}: {done} dari {total} hotel", "{state}: {done} of {total} hotels";
    }
}

impl FleetTexts {
    /// What a ring is called.
    pub(super) const fn ring_name(&self, ring: i32) -> &'static str {
        match ring {
            0 => self.ring_0,
            1 => self.ring_1,
            2 => self.ring_2,
            _ => self.ring_3,
        }
    }
}
