//! Every text of the panel, in both languages.

hotelhub_http::catalogue! {
    /// The texts of the panel's pages.
    pub(super) Texts {
        panel: "Panel HotelHub", "HotelHub panel";
        skip: "Langsung ke isi", "Skip to content";
        menu: "Menu", "Menu";
        crumbs: "Lokasi", "Breadcrumbs";
        never_mind: "Batal", "Never mind";
        home: "Beranda", "Home";
        hotels: "Hotel", "Hotels";
        operations: "Operasi", "Operations";
        fleet: "Migrasi armada", "Fleet migrations";
        hosts: "Server basis data", "Database hosts";
        quick_search: "Cari hotel", "Find a hotel";
        quick_hint: "Cari hotel… ( / )", "Find a hotel… ( / )";
        other_language: "English", "Bahasa Indonesia";
        log_in: "Masuk", "Log in";
        log_in_lead: "Untuk karyawan penyedia layanan. Staf hotel masuk di alamat hotelnya sendiri.",
            "For the vendor's own people. Hotel staff log in at their hotel's own address.";
        log_out: "Keluar", "Log out";
        email: "Alamat email", "E-mail address";
        password: "Kata sandi", "Password";
        wrong_password: "Alamat email atau kata sandi salah.",
            "The e-mail address or the password is wrong.";
        error_prefix: "Galat: ", "Error: ";
        jobs: "Pekerjaan latar", "Background jobs";
        jobs_lead: "Pekerjaan di semua hotel yang gagal, ditahan, atau sedang dicoba lagi, menurut hitungan terakhir program pekerja (worker).",
            "Jobs of all hotels that failed, are held or are being tried again, as workers last counted them.";
        heaps: "Menurut hotel dan jenis", "By hotel and kind";
        no_jobs: "Tidak ada pekerjaan seperti itu.", "There are no such jobs.";
        all_of_hotel: "Semua pekerjaan hotel ini, juga yang menunggu dan sedang dikerjakan",
            "All jobs of this hotel, those that wait and run as well";
        jobs_of: "Pekerjaan", "Jobs of";
        list: "Daftar", "List";
        one_hotel_lead: "Ditanyakan langsung ke hotelnya, yang terbaru lebih dulu.",
            "Asked of the hotel itself, the newest first.";
        filter: "Saring", "Filter";
        clear: "Hapus saringan", "Clear the filter";
        hotel: "Hotel", "Hotel";
        hotel_hint: "Alamat web atau id", "Web address or id";
        kind: "Jenis", "Kind";
        state: "Status", "State";
        any_state: "Semua status", "Any state";
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
        action: "Tindakan", "Action";
        next_page: "Halaman berikutnya", "Next page";
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
        back: "Kembali ke daftar", "Back to the list";
        more_hotels: "Masih ada hotel lain. Lanjutkan untuk hotel berikutnya.",
            "There are more hotels. Go on with the next ones.";
        go_on: "Lanjutkan", "Go on";
        not_done: "Tidak dilakukan", "Not done";
        pauses: "Jeda", "Pauses";
        pauses_lead: "Pekerjaan yang cocok ditahan sampai jedanya dicabut; yang sedang berjalan diselesaikan.",
            "Jobs that match are held back until the pause is lifted; what runs is finished.";
        new_pause: "Tahan pekerjaan", "Hold jobs back";
        class: "Kelas", "Class";
        any_class: "Kelas apa pun", "Any class";
        every_hotel: "Semua hotel", "Every hotel";
        every_class: "Semua kelas", "Every class";
        every_kind: "Semua jenis", "Every kind";
        reason: "Alasan", "Reason";
        reason_hint: "Untuk rekan kerja yang membacanya nanti.",
            "For the colleagues who read it later.";
        pause: "Tahan", "Hold back";
        resume: "Cabut jeda", "Lift the pause";
        standing_pauses: "Jeda yang berlaku", "Pauses that stand";
        no_pauses: "Tidak ada jeda.", "There are no pauses.";
        of_one_hotel_only: "Dengan peran Anda, hanya pekerjaan satu hotel yang boleh ditahan.",
            "Your role may only hold back jobs of one hotel.";
        refused: "Tidak dapat dilakukan", "It could not be done";
        why_fields: "periksa isian ini:", "please check these fields:";
        why_paused: "jeda untuk pekerjaan yang sama sudah berlaku. Cabut yang itu dulu.",
            "a pause of the same jobs stands already. Lift that one first.";
        why_unreachable: "tidak ada replika tenant-api yang menjawab untuk hotel ini. Periksa apakah ada yang berjalan dan ke mana TENANT_UPCALL_URL mengarah, lihat apakah permintaan Anda sudah dilakukan, lalu coba lagi.",
            "no replica of tenant-api answers for the hotel. Check that one runs and where TENANT_UPCALL_URL leads, look whether it was done, then try again.";
        why_not_ready: "hotel ini belum siap, jadi belum punya pekerjaan. Coba lagi setelah hotelnya siap.",
            "the hotel is not ready and has no jobs yet. Try again once it is.";
        why_changed: "statusnya sudah berubah. Daftar di bawah sudah yang terbaru.",
            "its state has changed meanwhile. The list below is current.";
        why_replaced: "pekerjaan baru dengan tujuan yang sama sudah ada. Biarkan yang itu berjalan.",
            "there is a newer job for the same thing. Let that one run.";
        why_missing: "tidak ada. Mungkin sudah dihapus atau dicabut; muat ulang daftarnya.",
            "it is not there. It may have been lifted or cleaned up; load the list again.";
        why_forbidden: "peran Anda tidak mencakup ini. Minta super admin melakukannya.",
            "your role does not include it. Ask a super administrator to do it.";
        why_busy: "terlalu banyak permintaan. Tunggu sebentar, lalu coba lagi.",
            "too many requests. Wait a moment, then try again.";
        why_elsewhere: "formulir ini dikirim dari situs lain. Buka kembali halaman panel dan ulangi di sana.",
            "this form was sent from another site. Open the panel's page again and repeat it there.";
        why_transition: "keadaan hotel ini tidak memungkinkannya sekarang. Muat ulang halamannya: hanya yang mungkin yang ditawarkan.",
            "where the hotel stands does not allow it now. Load its page again: only what is possible is offered.";
        why_operation: "operasi lain untuk hotel ini belum selesai. Tunggu, lalu coba lagi.",
            "another operation of this hotel is not over. Wait for it, then try again.";
        why_host_closed: "server itu tidak menerima hotel. Pilih yang lain, atau buka dulu.",
            "that host takes no hotels in. Choose another one, or uncordon it first.";
        why_not_churned: "hanya hotel yang kontraknya berakhir yang dapat dihapus.",
            "only a hotel whose contract has ended is deleted.";
        why_fleet: "migrasi armada lain belum selesai. Tunggu, atau hentikan dulu.",
            "another fleet migration is not over. Wait for it, or stop it first.";
        why_host_name: "server lain sudah bernama begitu. Pilih nama lain.",
            "another host has this name. Choose another one.";
        why_host_active: "server ini masih menerima hotel. Kosongkan dulu.",
            "this host still takes hotels in. Drain it first.";
        why_host_in_use: "masih ada basis data di server ini. Kosongkan, dan tunggu sampai benar-benar kosong.",
            "there are still databases on this host. Drain it, and wait until it is empty.";
        why_sent_before: "formulir ini sudah dikirim sebelumnya dengan isian lain. Periksa, lalu kirim sekali lagi.",
            "this form was sent before with other contents. Check it, then send it once more.";
        forbidden_title: "Peran Anda tidak mengizinkan ini", "Your role does not allow this";
        not_found_title: "Tidak ditemukan", "Not found";
        busy_title: "Terlalu banyak permintaan", "Too many requests";
        unavailable_title: "Untuk sementara tidak tersedia", "Not available for the moment";
        refused_title: "Permintaan ditolak", "The request was refused";
        broken_title: "Ada gangguan di pihak kami", "Something failed on our side";
        request_number: "Nomor permintaan", "Request number";
    }
}

impl Texts {
    /// What an error code means and what to do about it, if it is one that people meet here.
    pub(super) fn why(&self, code: &str) -> Option<&'static str> {
        Some(match code {
            "VALIDATION_FAILED" => self.why_fields,
            "JOBS_ALREADY_PAUSED" => self.why_paused,
            "TENANT_UNREACHABLE" => self.why_unreachable,
            "TENANT_NOT_READY" => self.why_not_ready,
            "JOB_NOT_OVER" | "JOB_OVER" => self.why_changed,
            "JOB_REPLACED" => self.why_replaced,
            "NOT_FOUND" => self.why_missing,
            "FORBIDDEN" => self.why_forbidden,
            "RATE_LIMITED" => self.why_busy,
            "CROSS_ORIGIN" => self.why_elsewhere,
            "TRANSITION_REFUSED" => self.why_transition,
            "OPERATION_IN_PROGRESS" => self.why_operation,
            "DB_HOST_NOT_ACTIVE" => self.why_host_closed,
            "TENANT_NOT_CHURNED" => self.why_not_churned,
            "FLEET_MIGRATION_IN_PROGRESS" => self.why_fleet,
            "DB_HOST_NAME_TAKEN" => self.why_host_name,
            "DB_HOST_ACTIVE" => self.why_host_active,
            "DB_HOST_IN_USE" => self.why_host_in_use,
            "IDEMPOTENCY_KEY_REUSED" => self.why_sent_before,
            _ => return None,
        })
    }

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
    pub(super) fn done(&self, action: &str) -> Option<&'static str> {
        match action {
            "retry" => Some(self.told_retry),
            "cancel" => Some(self.told_cancel),
            "pause" => Some(self.told_pause),
            "resume" => Some(self.told_resume),
            _ => None,
        }
    }
}
