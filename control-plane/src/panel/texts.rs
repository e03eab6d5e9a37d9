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
        list: "Daftar", "List";
        filter: "Saring", "Filter";
        clear: "Hapus saringan", "Clear the filter";
        hotel: "Hotel", "Hotel";
        hotel_hint: "Alamat web atau id", "Web address or id";
        state: "Status", "State";
        any_state: "Semua status", "Any state";
        action: "Tindakan", "Action";
        next_page: "Halaman berikutnya", "Next page";
        back: "Kembali ke daftar", "Back to the list";
        backups: "Cadangan", "Backups";
        domains: "Domain", "Domains";
        pauses: "Jeda", "Pauses";
        reason: "Alasan", "Reason";
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
        users: "Pengguna", "Users";
        person: "Orang", "Person";
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

    /// What was done, for the page that is shown after it.
    pub(super) fn done(&self, action: &str) -> Option<&'static str> {
        match action {
            "support-asked" => Some(self.told_support_asked),
            "support-ended" => Some(self.told_support_ended),
            _ => None,
        }
    }
}
