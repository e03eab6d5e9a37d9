//! Every text of the pages, in both languages.

use hotelhub_http::catalogue;

catalogue!(
    /// The texts of the pages.
    pub(super) Texts {
        skip: "Langsung ke isi", "Skip to content";
        menu: "Menu utama", "Main menu";
        front_desk: "Resepsionis", "Front desk";
        reservations: "Reservasi", "Reservations";
        log_out: "Keluar", "Log out";
        error_prefix: "Ada kesalahan: ", "Error: ";
        to_be_mended: "Periksa kembali isian ini", "Please check these fields";
        grace: "Pembayaran langganan sudah lewat jatuh tempo. Lunasi agar hotel tetap dapat menerima tamu baru.",
            "The subscription payment is overdue. Settle it so that the hotel can keep taking new guests.";
        suspended: "Langganan ditangguhkan. Tamu yang ada tetap dapat dilayani; reservasi baru menunggu pembayaran.",
            "The subscription is suspended. Present guests can be served; new bookings wait for the payment.";
        being_moved: "Data hotel sedang dipindahkan. Perubahan dapat dilakukan lagi sebentar lagi.",
            "The hotel's data is being moved. Changes are possible again in a moment.";

        preview: "Ini pratinjau cadangan, bukan hotel yang sedang berjalan. Anda dapat melihat semuanya, tetapi tidak dapat mengubah apa pun di sini.",
            "This is a preview of a backup, not the hotel at work. You can look at everything and change nothing here.";

        waits_for_payment: "Menunggu pembayaran langganan", "Waits for the subscription's payment";
        to_subscription: "Ke langganan", "To the subscription";
        resting_title: "Hotel ini sedang dihentikan", "This hotel is stopped";
        resting_lead: "Langganan telah berakhir. Data Anda masih ada: lunasi langganan dan hotel terbuka lagi, atau ambil data Anda.",
            "The subscription has ended. Your data is still there: settle the subscription and the hotel opens again, or take your data along.";
        resting_others: "Selama itu hanya pemilik yang dapat masuk, dan konfirmasi kepada tamu ditahan.",
            "Until then only the owner can log in, and confirmations to guests are held back.";
        stopped_login: "Langganan hotel ini telah berakhir. Hanya pemilik yang dapat masuk.",
            "This hotel's subscription has ended. Only its owner can log in.";

        log_in: "Masuk", "Log in";
        log_in_lead: "Masuk untuk bekerja di resepsionis.", "Log in to work at the front desk.";
        email: "Alamat e-mail", "E-mail address";
        password: "Kata sandi", "Password";
        wrong_password: "Alamat e-mail atau kata sandi salah. Periksa keduanya lalu coba lagi.",
            "The e-mail address or the password is wrong. Check both and try again.";

        property: "Properti", "Property";
        show: "Tampilkan", "Show";
        jobs: "Pekerjaan latar", "Background jobs";
        jobs_lead: "Surel, laporan dan tugas lain yang dikerjakan sistem untuk hotel Anda.",
            "Mails, reports and other work that the system does for your hotel.";
        jobs_need_you: "Perlu perhatian Anda", "Needs your attention";
        jobs_need_you_lead: "Pekerjaan ini gagal dan tidak akan dicoba lagi secara otomatis. Perbaiki penyebabnya, lalu coba lagi.",
            "These jobs failed and are not tried again by themselves. Mend the cause, then try again.";
        retry_all: "Coba lagi semuanya", "Try all again";
        retry: "Coba lagi", "Try again";
        cancel_job: "Batalkan", "Cancel";
        no_jobs: "Tidak ada pekerjaan seperti itu.", "There are no such jobs.";
        job: "Pekerjaan", "Job";
        job_tries: "Percobaan", "Tries";
        job_since: "Sejak", "Since";
        job_tries_again: "Dicoba lagi", "Tried again";
        job_ends_soon: "Sedang dibatalkan.", "It is being cancelled.";
        jobs_waiting: "Menunggu giliran", "Waiting";
        jobs_running: "Sedang dikerjakan", "Running";
        jobs_retrying: "Dicoba ulang", "Trying again";
        jobs_held: "Ditahan", "Held";
        jobs_dead: "Gagal", "Failed";
        jobs_done: "Selesai", "Done";
        jobs_cancelled: "Dibatalkan", "Cancelled";
        held_for_access: "Dilanjutkan setelah langganan dilunasi.",
            "Goes on once the subscription is settled.";
        held_for_pause: "Dijeda oleh penyedia layanan; nanti berlanjut otomatis.",
            "Paused by the provider; goes on by itself.";
        held_for_peer: "Layanan luar sedang tidak menjawab; nanti berlanjut otomatis.",
            "The outside service does not answer; goes on by itself.";
        held_for_kind: "Menunggu pembaruan sistem; dilanjutkan sendiri.",
            "Waits for an update of the system; goes on by itself.";
        jobs_retried: "Dicoba lagi", "Tried again";
        job_cancelled: "Pekerjaan dibatalkan.", "The job is cancelled.";
        job_changed_meanwhile: "Pekerjaan ini sudah berubah. Lihat statusnya sekarang.",
            "This job has changed meanwhile. See how it stands now.";
        job_replaced: "Pekerjaan yang lebih baru melakukan hal yang sama. Tunggu atau batalkan dahulu yang itu.",
            "A newer job does the same. Wait for that one, or cancel it first.";
        business_date: "Hari usaha", "Business day";
        arrivals_today: "Kedatangan hari ini", "Arrivals today";
        no_arrivals: "Tidak ada kedatangan hari ini.", "There are no arrivals today.";
        guest: "Tamu", "Guest";
        code: "Kode", "Code";
        room_type: "Tipe kamar", "Room type";
        arrival: "Tanggal masuk", "Arrival";
        departure: "Tanggal keluar", "Departure";
        adults: "Dewasa", "Adults";
        children: "Anak", "Children";
        nights: "Malam", "Nights";
        state: "Status", "State";
        total: "Total", "Total";
        total_with_tax: "Total termasuk layanan dan pajak", "Total with service and tax";
        availability: "Ketersediaan", "Availability";
        search: "Cari", "Search";
        rooms_left: "Sisa kamar", "Rooms left";
        action: "Tindakan", "Action";
        book: "Pesan", "Book";
        no_room_types: "Belum ada tipe kamar.", "There are no room types yet.";
        no_price: "Belum ada", "None yet";

        obstacle_sold_out: "Habis terjual", "Sold out";
        obstacle_no_rate: "Belum ada harga untuk setidaknya satu malam", "At least one night has no rate";
        obstacle_too_many: "Terlalu kecil untuk jumlah tamu ini", "Too small for so many guests";
        obstacle_not_yours: "Peran Anda tidak dapat membuat reservasi", "Your role cannot make bookings";

        set_up: "Siapkan hotel Anda", "Set up your hotel";
        set_up_lead: "Tiga langkah lagi dan kamar Anda dapat dipesan: tipe kamar, kamar, dan harga.",
            "Three steps and your rooms can be booked: a room type, its rooms, and a rate.";
        set_up_again: "Tambah tipe kamar, kamar, atau harga", "Add room types, rooms or rates";
        step_type: "1. Tipe kamar", "1. Room type";
        step_rooms: "2. Kamar", "2. Rooms";
        step_rates: "3. Harga per malam", "3. Rate per night";
        first_a_type: "Tambahkan tipe kamar terlebih dahulu.", "Add a room type first.";
        type_name: "Nama tipe kamar", "Name of the room type";
        type_name_hint: "Misalnya Deluxe Taman", "For example Garden Deluxe";
        type_code: "Kode tipe kamar", "Code of the room type";
        type_code_hint: "2 sampai 10 huruf atau angka, misalnya DLX", "2 to 10 letters or digits, for example DLX";
        type_adults: "Dewasa paling banyak", "Most adults";
        type_children: "Anak paling banyak", "Most children";
        add_type: "Tambah tipe kamar", "Add the room type";
        rooms_numbers: "Nomor kamar", "Room numbers";
        rooms_numbers_hint: "Satu nomor, daftar, atau rentang: 101-110, 201", "One number, a list or a range: 101-110, 201";
        add_rooms: "Tambah kamar", "Add the rooms";
        rate_from: "Malam pertama", "First night";
        rate_last: "Malam terakhir", "Last night";
        rate_amount: "Harga per malam (Rp)", "Rate per night (Rp)";
        rate_amount_hint: "Termasuk layanan dan pajak, misalnya 750.000", "Service and tax included, for example 750,000";
        set_rates: "Simpan harga", "Save the rate";
        done_type: "Tipe kamar telah ditambahkan.", "The room type was added.";
        done_rooms: "Kamar telah ditambahkan.", "The rooms were added.";
        done_rates: "Harga telah disimpan.", "The rate was saved.";

        book_room: "Pesan kamar", "Book a room";
        stay: "Menginap", "Stay";
        price_per_night: "Harga per malam", "Price per night";
        night: "Malam", "Night";
        base: "Kamar", "Room";
        service: "Layanan", "Service";
        tax: "Pajak (PBJT)", "Tax (PBJT)";
        guest_details: "Data tamu", "Guest details";
        full_name: "Nama lengkap", "Full name";
        email_hint: "Konfirmasi dikirim ke alamat ini. Boleh dikosongkan.",
            "The confirmation goes to this address. May be left empty.";
        phone: "Telepon", "Telephone";
        mail_language: "Bahasa e-mail", "Language of mails";
        notes: "Catatan", "Notes";
        confirm_booking: "Pesan sekarang", "Book now";
        back: "Kembali", "Back";
        what_is_left: "Yang masih tersedia", "What is left";
        sold_out_meanwhile: "Kamar terakhir tipe ini baru saja terjual untuk setidaknya satu malam. Pilih dari yang masih tersedia.",
            "The last room of this type has just been sold for at least one night. Choose from what is left.";
        cannot_be_booked: "Kamar ini tidak dapat dipesan untuk masa menginap ini.",
            "This room cannot be booked for this stay.";
        form_used: "Formulir ini sudah dipakai untuk reservasi lain. Periksa daftar reservasi sebelum mengirimnya lagi.",
            "This form was already used for another booking. Check the list of reservations before sending it again.";
        booked: "Reservasi telah dibuat.", "The reservation was made.";
        booked_with_mail: "Reservasi telah dibuat. Konfirmasi dikirim melalui e-mail.",
            "The reservation was made. The confirmation is sent by e-mail.";

        filter: "Saring", "Filter";
        name_or_code: "Nama atau kode", "Name or code";
        any_state: "Semua", "All";
        no_reservations: "Tidak ada reservasi yang cocok.", "No reservation matches.";
        next_page: "Halaman berikutnya", "Next page";
        reservation: "Reservasi", "Reservation";
        made_on: "Dibuat pada", "Made on";
        cancelled_on: "Dibatalkan pada", "Cancelled on";
        state_confirmed: "Terkonfirmasi", "Confirmed";
        state_in_house: "Sedang menginap", "In house";
        state_checked_out: "Sudah keluar", "Checked out";
        state_cancelled: "Dibatalkan", "Cancelled";
        state_no_show: "Tidak datang", "No show";
        cancel_reservation: "Batalkan reservasi", "Cancel the reservation";
        cancel_lead: "Kamar langsung dapat dijual lagi. Pembatalan tidak dapat ditarik kembali.",
            "The room can be sold again at once. A cancellation cannot be taken back.";
        reason: "Alasan", "Reason";
        cancelled: "Reservasi telah dibatalkan.", "The reservation was cancelled.";
        cannot_cancel_state: "Hanya reservasi yang terkonfirmasi dapat dibatalkan.",
            "Only a confirmed reservation can be cancelled.";
        cannot_cancel_late: "Tanggal masuk sudah lewat: catat sebagai tidak datang.",
            "The arrival has passed: record a no-show instead.";
        cannot_cancel_role: "Peran Anda tidak dapat membatalkan reservasi.",
            "Your role cannot cancel reservations.";
        changed_meanwhile: "Reservasi ini baru saja diubah orang lain. Periksa dahulu, lalu ulangi.",
            "Somebody else has just changed this reservation. Look at it, then repeat.";

        fault_date: "Isi tanggal, misalnya 2026-08-17.", "Enter a date, for example 2026-08-17.";
        fault_arrival: "Tanggal masuk tidak boleh sebelum hari usaha.", "The arrival cannot be before the business day.";
        fault_departure: "Tanggal keluar harus 1 sampai 365 hari setelah tanggal masuk.",
            "The departure needs to be 1 to 365 days after the arrival.";
        fault_adults: "Isi 1 sampai 20 orang dewasa.", "Enter 1 to 20 adults.";
        fault_children: "Isi 0 sampai 20 anak.", "Enter 0 to 20 children.";
        fault_party: "Lebih banyak tamu daripada yang muat; pesan dua kamar.",
            "More guests than the room takes; book two rooms.";
        fault_full_name: "Isi nama, paling banyak 200 huruf.", "Enter a name of at most 200 letters.";
        fault_email: "Ini bukan alamat e-mail.", "This is no e-mail address.";
        fault_phone: "Paling banyak 40 huruf.", "At most 40 characters.";
        fault_notes: "Paling banyak 2.000 huruf.", "At most 2,000 characters.";
        fault_type_name: "Isi nama, paling banyak 200 huruf.", "Enter a name of at most 200 letters.";
        fault_type_code: "Isi 2 sampai 10 huruf atau angka.", "Enter 2 to 10 letters or digits.";
        fault_type_code_taken: "Kode ini sudah dipakai. Pilih yang lain.", "This code is in use. Choose another.";
        fault_choose_type: "Pilih tipe kamar.", "Choose a room type.";
        fault_rooms: "Isi 1 sampai 200 nomor kamar, masing-masing paling banyak 12 huruf.",
            "Enter 1 to 200 room numbers of at most 12 characters each.";
        fault_rooms_taken: "Setidaknya satu nomor sudah dipakai kamar lain.",
            "At least one number belongs to another room already.";
        fault_rate_last: "Malam terakhir harus sama dengan atau setelah malam pertama, paling lama 800 malam.",
            "The last night needs to be the first or later, at most 800 nights.";
        fault_amount: "Isi harga dalam rupiah bulat, misalnya 750.000.",
            "Enter a rate in whole rupiah, for example 750,000.";
        fault_other: "Isian ini tidak dapat diterima.", "This cannot be accepted.";

        support_access: "Akses dukungan", "Support access";
        support_lead: "Karyawan penyedia layanan hanya dapat masuk dengan izin Anda, untuk waktu terbatas, dan semua yang mereka ubah tercatat.",
            "The vendor's people come in with your consent only, for a limited time, and all that they change is recorded.";
        support_open: "Sekarang", "Now";
        support_nobody: "Tidak ada permintaan, dan tidak ada dukungan di dalam.",
            "Nobody asks, and no support is inside.";
        support_who: "Siapa", "Who";
        support_reason: "Alasan", "Reason";
        support_minutes: "Menit", "Minutes";
        support_until: "Sampai", "Until";
        support_asked: "Diminta", "Asked";
        support_decided_by: "Diputuskan oleh", "Decided by";
        support_allow: "Izinkan", "Allow";
        support_refuse: "Tolak", "Refuse";
        support_end: "Akhiri sekarang", "End now";
        support_standing: "Izin tetap", "Standing consent";
        support_standing_on: "Dukungan boleh masuk tanpa bertanya dulu. Tetap terbatas waktunya dan tetap tercatat. Bila izin ini dicabut, kunjungan yang memakainya langsung berakhir; yang Anda izinkan sendiri berlanjut.",
            "Support may come in without asking. It is still limited in time, and still recorded. If you withdraw this, the stays that rely on it end at once; those that you allowed yourselves go on.";
        support_standing_off: "Dukungan harus bertanya setiap kali.", "Support has to ask each time.";
        support_ask_each: "Minta izin setiap kali", "Have it ask each time";
        support_ask_none: "Izinkan tanpa bertanya", "Allow without asking";
        support_past: "Sebelumnya", "Before";
        support_none_past: "Belum pernah ada.", "There was none yet.";
        support_requested: "Menunggu jawaban Anda", "Waits for your answer";
        support_lapsed: "Tidak dijawab", "Not answered";
        support_refused: "Ditolak", "Refused";
        support_allowed: "Diizinkan", "Allowed";
        support_expired: "Waktunya habis", "Expired";
        support_ended: "Diakhiri", "Ended";
        support_over: "Permintaan ini sudah dijawab atau sudah berakhir.",
            "This request was answered already, or is over.";
        support_told_allowed: "Dukungan boleh masuk sekarang.", "Support may come in now.";
        support_told_refused: "Permintaan ditolak.", "The request is refused.";
        support_told_ended: "Akses dukungan diakhiri.", "Support access has ended.";
        support_told_standing: "Pengaturan disimpan.", "The setting is saved.";
        support_enter_lead: "Tautan ini memulai sesi dukungan di hotel ini. Berlaku sekali.",
            "This link begins a session of support in this hotel. It is good once.";
        support_enter: "Masuk sebagai dukungan", "Come in as support";
        support_you_are: "Anda masuk sebagai dukungan:", "You are here as support:";
        support_is_in: "Dukungan sedang di dalam:", "Support is inside:";
        support_leave: "Keluar sekarang", "Leave now";
        support_asks: "Dukungan meminta izin masuk ke hotel ini.", "Support asks to come into this hotel.";
        support_answer: "Lihat siapa dan mengapa, lalu jawab", "See who and why, and answer";
        support_see: "Lihat dan akhiri", "See, and end it";
        audit: "Jejak audit", "Audit log";
        audit_lead: "Apa yang dilakukan dukungan di hotel ini, dan apa yang diputuskan hotel. Catatan hanya dapat ditambah; tiap baris dirantai dengan hash baris sebelumnya.",
            "What support did in this hotel, and what the hotel decided. The log is only added to; each row is chained to the hash of the row before.";
        audit_see: "Lihat jejak audit", "See the audit log";
        audit_verify: "Periksa keutuhan rantai", "Check that the chain is whole";
        audit_export: "Unduh", "Download";
        audit_whole: "Rantai utuh sampai baris", "The chain is whole up to row";
        audit_broken: "Rantai rusak mulai baris", "The chain is broken from row";
        audit_entries: "Catatan", "Entries";
        audit_none: "Belum ada catatan.", "There are no entries yet.";
        audit_number: "Nomor", "Number";
        audit_when: "Waktu", "Time";
        audit_who: "Siapa", "Who";
        audit_what: "Apa", "What";
        audit_details: "Rincian", "Details";
        audit_support: "dukungan, di dalam hotel", "support, inside";
        audit_vendor: "penyedia layanan, dari luar", "the vendor, from outside";
        audit_staff: "staf hotel", "the hotel's staff";

        exports: "Ekspor data", "Data export";
        exports_lead: "Semua data hotel Anda sebagai satu berkas terbuka, untuk disimpan sendiri atau dibawa pindah.",
            "All of your hotel's data as one open file, to keep or to move elsewhere.";
        exports_take: "Ambil data Anda", "Take your data along";
        exports_new: "Ekspor baru", "A new export";
        exports_what: "Berkas ZIP berisi setiap tabel sebagai CSV, beserta berkas yang disimpan hotel dan daftar isinya. Dapat dibaca tanpa HotelHub.",
            "A ZIP archive with each table as CSV, the files that the hotel keeps, and a list of what is in it. It can be read without HotelHub.";
        exports_care: "Berkas ini memuat data pribadi tamu: simpan di tempat yang aman. Permintaan dan unduhan tercatat di jejak audit.",
            "It has your guests' personal data in it: keep it in a safe place. Requests and downloads are recorded in the audit log.";
        exports_ask: "Minta ekspor", "Ask for an export";
        exports_told: "Ekspor diminta. Hotel tetap bekerja seperti biasa selama ekspor dibuat.",
            "The export is asked for. The hotel works as usual while it is made.";
        exports_making: "Sedang dibuat", "Being made";
        exports_wait: "Anda boleh meninggalkan halaman ini; ekspor tetap dibuat.",
            "You may leave this page; the export is made all the same.";
        exports_look: "Lihat lagi", "Look again";
        exports_list: "Ekspor yang ada", "Exports that there are";
        exports_none: "Belum ada ekspor.", "There is no export yet.";
        exports_asked: "Diminta", "Asked for";
        exports_rows: "Baris data", "Rows";
        exports_size: "Ukuran", "Size";
        exports_until: "Tersedia sampai", "Kept until";
        exports_file: "Berkas", "File";
        exports_download: "Unduh", "Download";
        exports_waiting: "Menunggu giliran", "Waiting for its turn";
        exports_running: "Sedang disalin", "Being copied";
        exports_ready: "Siap diunduh", "Ready";
        exports_failed: "Gagal; minta lagi", "Failed; ask again";
        exports_limit: "Hotel ini sudah meminta tiga ekspor dalam sehari. Unduh salah satunya, atau coba lagi besok.",
            "This hotel has asked for three exports within a day. Download one of them, or try again tomorrow.";
        exports_busy: "Ekspor, cadangan atau pemindahan lain sedang berjalan. Coba lagi setelah selesai.",
            "Another export, a backup or a move is under way. Try again once it is over.";
        exports_away: "Ekspor sedang tidak dapat dijangkau. Coba lagi sebentar lagi.",
            "Exports are out of reach right now. Try again in a moment.";

        error_title: "Tidak berhasil", "That did not work";
        error_request: "Nomor permintaan", "Request id";
        error_home: "Ke resepsionis", "To the front desk";
        unknown_title: "Hotel tidak ditemukan", "There is no such hotel";
        unknown_lead: "Tidak ada hotel dengan alamat ini. Periksa ejaannya, atau jadikan alamat ini milik Anda.",
            "No hotel has this address. Check its spelling, or make it yours.";
        unknown_sign_up: "Daftarkan hotel Anda", "Sign your hotel up";
        preparing_title: "Hotel sedang disiapkan", "The hotel is being prepared";
        preparing_lead: "Sebentar lagi selesai. Halaman ini memuat ulang sendiri.",
            "It is ready in a moment. This page reloads by itself.";
        stopped_title: "Langganan menunggu pembayaran", "The subscription waits for a payment";
        stopped_lead: "Tindakan ini terbuka lagi begitu pemilik hotel melunasi langganannya.",
            "This opens again as soon as the hotel's owner settles the subscription.";
        updating_title: "Hotel sedang diperbarui", "The hotel is being updated";
        updating_lead: "Data hotel sedang disiapkan untuk versi berikutnya. Halaman ini memuat ulang sendiri.",
            "The hotel's data is being made ready for the next version. This page reloads by itself.";
        busy_lead: "Data hotel sedang tidak terjangkau. Coba lagi sebentar lagi.",
            "The hotel's data is out of reach right now. Try again in a moment.";
        forbidden_lead: "Peran Anda tidak mencakup ini. Mintalah kepada pemilik hotel.",
            "Your roles do not include this. Ask the hotel's owner for it.";
        not_from_there_lead: "Dukungan tidak boleh masuk dari alamat jaringan ini. Gunakan jaringan yang diizinkan; tautan sekali pakai yang dicoba di sini sudah hangus, jadi mintalah yang baru.",
            "Support may not be here from this network address. Use an allowed network; a one-time link that was tried here is used up, so ask for another.";
        not_found_title: "Halaman tidak ditemukan", "Page not found";
        not_found_lead: "Tidak ada apa-apa di alamat ini.", "There is nothing at this address.";
        too_many_lead: "Terlalu banyak percobaan. Tunggu sebentar, lalu coba lagi.",
            "Too many tries. Wait a moment, then try again.";
        cross_origin_lead: "Formulir ini dikirim dari situs lain. Buka kembali halamannya dan ulangi di sana.",
            "This form was sent from another site. Open the page again and repeat it there.";
        malformed_lead: "Permintaan ini tidak dapat dipahami. Kembali dan ulangi.",
            "This request was not understood. Go back and repeat it.";
        internal_lead: "Ada yang salah di pihak kami. Sebutkan nomor permintaan ini kepada dukungan.",
            "Something went wrong on our side. Quote this request id to support.";
    }
);
