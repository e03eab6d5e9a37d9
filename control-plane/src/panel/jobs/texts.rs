//! The texts of the pages about background jobs, in both languages.

hotelhub_http::catalogue! {
    /// The texts of the pages about background jobs.
    pub(super) JobTexts {
        jobs_lead: "Pekerjaan di semua hotel yang gagal, ditahan, atau sedang dicoba lagi, menurut hitungan terakhir program pekerja (worker).",
            "Jobs of all hotels that failed, are held or are being tried again, as workers last counted them.";
        heaps: "Menurut hotel dan jenis", "By hotel and kind";
        no_jobs: "Tidak ada pekerjaan seperti itu.", "There are no such jobs.";
        all_of_hotel: "Semua pekerjaan hotel ini, juga yang menunggu dan sedang dikerjakan",
            "All jobs of this hotel, those that wait and run as well";
        jobs_of: "Pekerjaan", "Jobs of";
        one_hotel_lead: "Ditanyakan langsung ke hotelnya, yang terbaru lebih dulu.",
            "Asked of the hotel itself, the newest first.";
        kind: "Jenis", "Kind";
        peer: "Sistem luar", "Outside system";
        error_code: "Kode galat", "Error code";
        last_error: "Galat terakhir", "Last error";
        count: "Jumlah", "Jobs";
        oldest: "Tertua", "Oldest";
        as_of: "Dihitung", "Counted";
        order: "Urutan", "Order";
        largest_first: "Terbanyak dulu", "Most first";
        oldest_first: "Tertua dulu", "Oldest first";
        age: "Umur", "Age";
        any_age: "Semua umur", "Any age";
        hour: "Lebih dari 1 jam", "Over 1 hour";
        day: "Lebih dari 1 hari", "Over 1 day";
        week: "Lebih dari 7 hari", "Over 7 days";
        month: "Lebih dari 30 hari", "Over 30 days";
        tries: "Percobaan", "Tries";
        since: "Dibuat", "Created";
        dead: "Gagal", "Failed";
        retrying: "Dicoba ulang", "Trying again";
        held: "Ditahan", "Held";
        waiting: "Menunggu giliran", "Waiting";
        running: "Sedang dikerjakan", "Running";
        finished: "Selesai", "Done";
        cancelled: "Dibatalkan", "Cancelled";
        held_for_access: "menunggu akses hotel dibuka", "waits until the hotel has access";
        held_for_pause: "dijeda penyedia layanan", "paused by the vendor";
        held_for_peer: "menunggu sistem luar menjawab", "waits for the outside system to answer";
        held_for_kind: "menunggu rilis yang mengenal jenis ini", "waits for a release that knows the kind";
        retry: "Coba lagi", "Try again";
        cancel: "Batalkan", "Cancel";
        told_retry: "Pekerjaan dicoba lagi.", "The job is tried again.";
        told_cancel: "Pekerjaan dibatalkan; yang sedang berjalan berhenti sebentar lagi.",
            "The job is cancelled; one that runs stops soon.";
        told_pause: "Pekerjaan ditahan. Yang sedang berjalan diselesaikan.",
            "The jobs are held back. What runs is finished.";
        told_resume: "Jeda dicabut.", "The pause is lifted.";
        retry_failed: "Coba lagi yang gagal…", "Try the failed ones again…";
        retry_these: "Coba lagi semuanya…", "Try all of these again…";
        retry_title: "Coba lagi pekerjaan", "Try jobs again";
        retry_counted: "Pekerjaan yang cocok", "Jobs that match";
        retry_done: "Pekerjaan dicoba lagi", "Jobs tried again";
        retry_none: "Tidak ada yang perlu dicoba lagi.", "There is nothing to try again.";
        per_minute: "Pekerjaan per menit", "Jobs a minute";
        per_minute_hint: "1 sampai 6000; kosong berarti sekaligus.",
            "1 to 6000; all at once if empty.";
        go: "Coba lagi sekarang", "Try again now";
        more_hotels: "Masih ada hotel lain. Lanjutkan untuk hotel berikutnya.",
            "There are more hotels. Go on with the next ones.";
        go_on: "Lanjutkan", "Go on";
        not_done: "Tidak dilakukan", "Not done";
        pauses_lead: "Pekerjaan yang cocok ditahan sampai jedanya dicabut; yang sedang berjalan diselesaikan.",
            "Jobs that match are held back until the pause is lifted; what runs is finished.";
        new_pause: "Tahan pekerjaan", "Hold jobs back";
        class: "Kelas", "Class";
        any_class: "Kelas apa pun", "Any class";
        every_hotel: "Semua hotel", "Every hotel";
        every_class: "Semua kelas", "Every class";
        every_kind: "Semua jenis", "Every kind";
        reason_hint: "Untuk rekan kerja yang membacanya nanti.",
            "For the colleagues who read it later.";
        pause: "Tahan", "Hold back";
        resume: "Cabut jeda", "Lift the pause";
        standing_pauses: "Jeda yang berlaku", "Pauses that stand";
        no_pauses: "Tidak ada jeda.", "There are no pauses.";
        of_one_hotel_only: "Dengan peran Anda, hanya pekerjaan satu hotel yang boleh ditahan.",
            "Your role may only hold back jobs of one hotel.";
    }
}

impl JobTexts {
    /// A state of jobs; a word that a newer release wrote reads as waiting.
    pub(super) fn state(&self, state: &str) -> &'static str {
        match state {
            "dead" => self.dead,
            "retrying" | "retry_wait" => self.retrying,
            "held" => self.held,
            "running" => self.running,
            "done" => self.finished,
            "cancelled" => self.cancelled,
            _ => self.waiting,
        }
    }

    /// What a job that is held waits for.
    pub(super) fn held_for(&self, why: &str) -> &'static str {
        match why {
            "pause" => self.held_for_pause,
            "peer" => self.held_for_peer,
            "kind" => self.held_for_kind,
            _ => self.held_for_access,
        }
    }

    /// An age that one may choose; nothing for any other.
    pub(super) fn age_name(&self, age: &str) -> &'static str {
        match age {
            "1h" => self.hour,
            "24h" => self.day,
            "7d" => self.week,
            "30d" => self.month,
            _ => "",
        }
    }

    /// What was done, for the page that is shown after it.
    pub(super) fn told(&self, action: &str) -> Option<&'static str> {
        match action {
            "retry" => Some(self.told_retry),
            "cancel" => Some(self.told_cancel),
            "pause" => Some(self.told_pause),
            "resume" => Some(self.told_resume),
            _ => None,
        }
    }
}
