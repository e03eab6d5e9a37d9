//! The texts of the panel's frame, its login and its errors, and those that several rooms share, in
//! both languages.

hotelhub_http::catalogue! {
    /// The texts that are of no one room.
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
        audit: "Jejak audit", "Audit log";
        audit_entries: "Catatan", "Entries";
        actor: "Pelaku", "Actor";
        number: "Nomor", "Number";
        when: "Waktu", "Time";
        subject: "Objek", "Subject";
        details: "Rincian", "Details";
        refused: "Tidak dapat dilakukan", "It could not be done";
        forbidden_title: "Peran Anda tidak mengizinkan ini", "Your role does not allow this";
        elsewhere_title: "Formulir ini dari situs lain", "This form came from another site";
        address_title: "Alamat jaringan ini tidak diizinkan", "This network address is not allowed";
        lost_title: "Berkas cadangan hilang", "The file of the backup is lost";
        no_such_hotel: "Tidak ada hotel dengan alamat web atau id ini. Cari hotelnya dari beranda panel.",
            "No hotel has this web address or id. Find the hotel from the panel's home.";
        nothing_here: "Tidak ada apa-apa di alamat ini: mungkin sudah dihapus, atau alamatnya salah ketik. Cari dari beranda panel.",
            "There is nothing at this address: it was removed, or the address is mistyped. Find it from the panel's home.";
        not_found_title: "Tidak ditemukan", "Not found";
        busy_title: "Terlalu banyak permintaan", "Too many requests";
        unavailable_title: "Untuk sementara tidak tersedia", "Not available for the moment";
        refused_title: "Permintaan ditolak", "The request was refused";
        broken_title: "Ada gangguan di pihak kami", "Something failed on our side";
        request_number: "Nomor permintaan", "Request number";
    }
}
