//! Every text of the panel, in both languages.

use crate::vendor_users::{VendorRole, model::UserState};

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
        backups: "Cadangan", "Backups";
        domains: "Domain", "Domains";
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
        login_took_too_long: "Waktu masuk habis. Masukkan alamat email dan kata sandi sekali lagi.",
            "Logging in took too long. Give the e-mail address and the password once more.";
        second_step: "Langkah kedua", "Second step";
        second_step_lead: "Masukkan kode enam angka dari aplikasi autentikator, atau satu kode pemulihan.",
            "Give the six digits of your authenticator, or a recovery code.";
        code: "Kode", "Code";
        wrong_code: "Kode salah, kedaluwarsa atau sudah dipakai. Tunggu kode berikutnya.",
            "The code is wrong, too old or was used. Wait for the next one.";
        too_many_codes: "Terlalu banyak kode yang salah. Waktu tunggu bertambah dengan tiap kode yang salah; kode pemulihan berlaku sekarang juga.",
            "Too many codes were wrong. The wait grows with each wrong one; a recovery code is good now.";
        begin_again: "Mulai dari awal", "Begin again";
        account: "Akun Anda", "Your account";
        first_password: "Kata sandi Anda pernah dilihat orang lain. Pilih kata sandi sendiri dulu.",
            "Somebody else has seen your password. Choose your own first.";
        first_totp: "Pasang dulu faktor kedua. Setelah itu panel terbuka.",
            "Set up a second factor first. Then the panel opens.";
        totp: "Faktor kedua", "Second factor";
        totp_on: "Aktif", "On";
        totp_off: "Belum dipasang", "Not set up";
        totp_begin: "Pasang faktor kedua", "Set up a second factor";
        totp_begin_lead: "Anda memerlukan aplikasi autentikator di telepon.",
            "You need an authenticator app on your telephone.";
        totp_confirm: "Pindai dan konfirmasi", "Scan and confirm";
        totp_confirm_lead: "Pindai kode QR dengan aplikasi autentikator, atau ketik kuncinya. Lalu masukkan kode yang tampil.",
            "Scan the QR code with your authenticator, or type the secret. Then give the code that it shows.";
        totp_confirm_again: "Konfirmasi dengan kode lain", "Confirm with another code";
        totp_confirm_again_lead: "Masukkan kode yang sekarang tampil di aplikasi. Kuncinya tidak ditampilkan lagi.",
            "Give the code that the authenticator shows now. The secret is not shown again.";
        reset_own_totp_lead: "Untuk memasang autentikator lain. Sesi Anda yang lain dan akses dukungan diakhiri.",
            "To set up another authenticator. Your other sessions and your support access end.";
        totp_secret: "Kunci", "Secret";
        qr_code: "Kode QR untuk aplikasi autentikator", "QR code for an authenticator";
        totp_use: "Aktifkan", "Turn on";
        told_totp: "Faktor kedua aktif. Sesi Anda yang lain diakhiri.",
            "The second factor is on. Your other sessions have ended.";
        recovery_codes: "Kode pemulihan", "Recovery codes";
        recovery_codes_lead: "Simpan di tempat aman: tidak ditampilkan lagi. Tiap kode berlaku sekali, sebagai ganti kode dari telepon.",
            "Keep them in a safe place: they are not shown again. Each is good once, in the place of a code.";
        recovery_renew: "Buat kode pemulihan baru", "Make new recovery codes";
        recovery_renew_lead: "Kode yang lama tidak berlaku lagi.", "The old ones are good for nothing then.";
        your_password: "Kata sandi Anda sekarang", "Your present password";
        new_password: "Kata sandi baru", "New password";
        new_password_hint: "12 sampai 128 karakter, tidak mudah ditebak.",
            "12 to 128 characters, not easy to guess.";
        change_password: "Ganti kata sandi", "Change the password";
        told_password: "Kata sandi diganti. Sesi Anda yang lain diakhiri.",
            "The password is changed. Your other sessions have ended.";
        users: "Pengguna", "Users";
        users_lead: "Karyawan penyedia layanan yang boleh masuk ke panel ini.",
            "The vendor's people who may log in here.";
        no_users: "Tidak ada pengguna seperti itu.", "There are no such users.";
        person: "Orang", "Person";
        name: "Nama", "Name";
        name_or_email: "Nama atau email", "Name or e-mail";
        role_word: "Peran", "Role";
        any_role: "Semua peran", "Any role";
        super_admin: "Super admin", "Super administrator";
        support: "Dukungan", "Support";
        finance: "Keuangan", "Finance";
        read_only: "Hanya melihat", "Read only";
        active: "Aktif", "Active";
        invited: "Diundang", "Invited";
        disabled: "Dinonaktifkan", "Disabled";
        addresses: "Alamat jaringan yang diizinkan", "Allowed addresses";
        addresses_hint: "Alamat dan rentang, misalnya 203.0.113.0/24, dipisah koma; kosong berarti dari mana saja.",
            "Addresses and ranges such as 203.0.113.0/24, joined with commas; from everywhere if empty.";
        from_everywhere: "Dari mana saja", "From everywhere";
        last_login: "Terakhir masuk", "Last login";
        new_user: "Tambah pengguna", "Add a user";
        new_user_lead: "Kata sandi sekali pakai ditampilkan sekali; berlaku tujuh hari dan hanya untuk memilih kata sandi sendiri.",
            "A one-time password is shown once; it holds for seven days, and only for choosing another one.";
        one_time_password: "Kata sandi sekali pakai", "One-time password";
        one_time_password_lead: "Sampaikan kepada orangnya lewat jalur yang aman. Tidak ditampilkan lagi.",
            "Pass it on to the person by a safe way. It is not shown again.";
        change_role: "Ganti peran", "Change the role";
        keep: "Simpan", "Save";
        disable_user: "Nonaktifkan", "Disable";
        enable_user: "Aktifkan kembali", "Enable";
        reset_password: "Buat kata sandi sekali pakai", "Make a one-time password";
        reset_totp: "Hapus faktor kedua", "Reset the second factor";
        audit_of_user: "Apa yang dilakukan orang ini", "What this person did";
        told_role: "Peran diganti.", "The role is changed.";
        told_disable: "Pengguna dinonaktifkan dan semua sesinya diakhiri.",
            "The user is disabled and all sessions have ended.";
        told_enable: "Pengguna aktif kembali.", "The user is enabled.";
        told_own_totp: "Faktor kedua Anda dihapus. Sesi Anda yang lain dan akses dukungan diakhiri.",
            "Your second factor is gone. Your other sessions and your support access end.";
        told_reset_totp: "Faktor kedua dihapus dan semua sesinya diakhiri.",
            "The second factor is reset and all sessions have ended.";
        told_addresses: "Alamat yang diizinkan disimpan.", "The allowed addresses are saved.";
        support_access: "Akses dukungan", "Support access";
        support_access_lead: "Masuk ke hotel hanya dengan izinnya, untuk waktu terbatas. Hotel melihat alasan dan semua perubahan Anda.",
            "Come in with the hotel's consent only, for a limited time. The hotel sees the reason, and all that you change.";
        support_ask: "Minta akses", "Ask to come in";
        support_reason_hint: "Dibaca pemilik hotel; 10 sampai 500 huruf.",
            "The hotel's owner reads it; 10 to 500 characters.";
        support_minutes: "Menit", "Minutes";
        support_minutes_hint: "5 sampai 240 sejak diizinkan; kosong berarti 60.",
            "5 to 240 from the consent on; 60 if empty.";
        support_none: "Belum ada permintaan.", "Nobody asked yet.";
        support_until: "Sampai", "Until";
        support_link: "Tautan sekali pakai", "One-time link";
        support_link_lead: "Berlaku sekali dan lima menit.", "It is good once, and for five minutes.";
        support_enter: "Masuk ke hotel", "Go into the hotel";
        support_get_link: "Buat tautan masuk", "Make a link";
        support_end: "Akhiri", "End";
        support_requested: "Menunggu jawaban hotel", "Waits for the hotel";
        support_lapsed: "Tidak dijawab", "Not answered";
        support_refused: "Ditolak", "Refused";
        support_allowed: "Diizinkan", "Allowed";
        support_expired: "Waktunya habis", "Expired";
        support_ended: "Diakhiri", "Ended";
        told_support_asked: "Permintaan dikirim. Hotel menjawab di halamannya sendiri.",
            "The request is sent. The hotel answers on its own page.";
        told_support_ended: "Akses diakhiri.", "The access has ended.";
        audit: "Jejak audit", "Audit log";
        audit_lead: "Siapa melakukan apa, yang terbaru lebih dulu. Catatan hanya dapat ditambah; tiap baris dirantai dengan hash baris sebelumnya.",
            "Who did what, the newest first. The log is only added to; each row is chained to the hash of the row before.";
        audit_entries: "Catatan", "Entries";
        no_entries: "Tidak ada catatan seperti itu.", "There are no such entries.";
        audit_verify: "Periksa keutuhan rantai", "Check that the chain is whole";
        audit_whole: "Rantai utuh sampai baris", "The chain is whole up to row";
        audit_of: "dari", "of";
        audit_go_on: "Lanjutkan dari baris itu", "Go on from that row";
        audit_chain: "Rantai", "The chain";
        audit_chain_lead: "Sekali periksa paling banyak 10.000 baris. Catatan yang dipotong di ujungnya atau ditulis ulang hanya ketahuan bila dibandingkan dengan baris yang dicatat di tempat lain, misalnya di log control-plane.",
            "At most 10,000 rows are looked at at a time. A log that was cut at its end or written anew shows only beside a row that was noted elsewhere, as in control-plane's own log.";
        anchor_seq: "Nomor baris yang dicatat", "Number of the noted row";
        anchor_hash: "Hash baris yang dicatat", "Hash of the noted row";
        anchor_hint: "Isi keduanya, atau kosongkan keduanya", "Both, or leave both empty";
        audit_broken: "Rantai rusak mulai baris", "The chain is broken from row";
        actor: "Pelaku", "Actor";
        actor_hint: "Alamat email atau id", "E-mail address or id";
        action_hint: "Misalnya tenant atau tenant.suspend", "E.g. tenant or tenant.suspend";
        from_day: "Mulai", "From";
        until_day: "Sebelum", "Before";
        day_hint: "Misalnya 2026-01-31", "E.g. 2026-01-31";
        number: "Nomor", "Number";
        when: "Waktu", "Time";
        subject: "Objek", "Subject";
        details: "Rincian", "Details";
        refused: "Tidak dapat dilakukan", "It could not be done";
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

    /// Where support access stands, in the hotel's words.
    pub(super) fn support_state(&self, state: &str) -> &'static str {
        match state {
            "requested" => self.support_requested,
            "lapsed" => self.support_lapsed,
            "refused" => self.support_refused,
            "allowed" => self.support_allowed,
            "expired" => self.support_expired,
            _ => self.support_ended,
        }
    }

    /// A role of the vendor's people.
    pub(super) fn role(&self, role: VendorRole) -> &'static str {
        match role {
            VendorRole::SuperAdmin => self.super_admin,
            VendorRole::Support => self.support,
            VendorRole::Finance => self.finance,
            VendorRole::ReadOnly => self.read_only,
        }
    }

    /// Whether somebody gets in: the value in addresses, and its name.
    pub(super) fn user_state(&self, state: UserState) -> (&'static str, &'static str) {
        match state {
            UserState::Active => ("active", self.active),
            UserState::Invited => ("invited", self.invited),
            UserState::Disabled => ("disabled", self.disabled),
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
            "password" => Some(self.told_password),
            "role" => Some(self.told_role),
            "disable" => Some(self.told_disable),
            "enable" => Some(self.told_enable),
            "reset-totp" => Some(self.told_reset_totp),
            "own-totp" => Some(self.told_own_totp),
            "addresses" => Some(self.told_addresses),
            "support-asked" => Some(self.told_support_asked),
            "support-ended" => Some(self.told_support_ended),
            _ => None,
        }
    }
}
