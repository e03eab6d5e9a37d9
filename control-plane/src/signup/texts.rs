//! Every text of the signup pages, in both languages.

hotelhub_http::catalogue! {
    /// The texts of the signup pages and of the faults that a signup can have.
    pub(crate) Texts {
        skip: "Langsung ke isi", "Skip to content";
        title: "Daftarkan hotel Anda", "Sign up your hotel";
        lead: "Coba gratis 14 hari, tanpa kartu kredit. Hotel Anda siap dalam hitungan detik.",
            "Free for 14 days, no credit card. Your hotel is ready in seconds.";
        faults_title: "Periksa kembali isian berikut", "Please check these fields";
        hotel_part: "Hotel", "Hotel";
        owner_part: "Pemilik", "Owner";
        company_name: "Nama hotel atau perusahaan", "Name of the hotel or company";
        slug: "Alamat web", "Web address";
        slug_hint: "3–30 huruf kecil, angka, atau tanda hubung.",
            "3–30 lower-case letters, digits or hyphens.";
        slug_free: "Alamat ini tersedia.", "This address is free.";
        slug_suggestions: "Masih tersedia:", "Still free:";
        region: "Provinsi", "Province";
        choose: "Pilih…", "Choose…";
        rooms: "Jumlah kamar", "Number of rooms";
        owner_name: "Nama Anda", "Your name";
        owner_name_of: "Nama pemilik", "Owner's name";
        owner_email_of_hint: "Pemilik masuk dengan alamat ini, dan email sambutan dikirim ke sana.",
            "The owner logs in with this address, and the welcome mail goes there.";
        password_of_hint: "Kata sandi pertama pemilik, minimal 8 karakter. Sampaikan lewat jalur yang aman.",
            "The owner's first password, at least 8 characters. Hand it over by a safe way.";
        owner_email: "Alamat email", "E-mail address";
        owner_email_hint: "Anda masuk dengan alamat ini.", "You log in with this address.";
        owner_phone: "Nomor telepon", "Telephone number";
        password: "Kata sandi", "Password";
        password_hint: "Minimal 8 karakter. Beberapa kata yang tidak saling berhubungan paling baik.",
            "At least 8 characters. A few unrelated words are best.";
        plan: "Paket", "Plan";
        plan_room_month: "per kamar per bulan, belum termasuk PPN",
            "per room and month, without VAT";
        plan_up_to: "hingga", "up to";
        plan_rooms: "kamar", "rooms";
        billing_cycle: "Pembayaran", "Billing";
        monthly: "Bulanan", "Monthly";
        yearly: "Tahunan (bayar 10 bulan)", "Yearly (pay for 10 months)";
        submit: "Buat hotel saya", "Create my hotel";
        sent_before: "Formulir ini sudah dikirim sebelumnya dengan isian lain. Kirim sekali lagi untuk mendaftarkan hotel lain.",
            "This form was sent before with other contents. Send it once more to sign up another hotel.";
        fault_missing: "Harus diisi.", "Please fill this in.";
        fault_too_long: "Terlalu panjang: paling banyak 120 karakter.",
            "Too long: 120 characters at most.";
        fault_slug_invalid: "Gunakan 3–30 huruf kecil, angka, atau tanda hubung tunggal; awali dan akhiri dengan huruf atau angka.",
            "Use 3–30 lower-case letters, digits or single hyphens; begin and end with a letter or digit.";
        fault_slug_reserved: "Alamat ini disimpan untuk platform. Pilih yang lain.",
            "This address is kept for the platform. Choose another one.";
        fault_slug_taken: "Alamat ini sudah dipakai. Pilih yang lain.",
            "This address is taken. Choose another one.";
        fault_slug_rests: "Alamat ini belum lama milik hotel yang sudah dihapus; tamu masih membukanya dari surat lama. Bisa dipakai hotel lain mulai {until}.",
            "A hotel that is deleted had this address until lately, and guests still follow it from old mails. Another hotel can have it from {until} on.";
        fault_email: "Bukan alamat email yang benar.", "Not an e-mail address.";
        fault_phone: "Bukan nomor telepon yang benar. Contoh: +62 812 3456 789.",
            "Not a telephone number. Example: +62 812 3456 789.";
        fault_password_length: "Harus 8 sampai 128 karakter.", "Needs 8 to 128 characters.";
        fault_password_weak: "Terlalu mudah ditebak. Gabungkan beberapa kata yang tidak berhubungan dengan Anda atau hotel Anda.",
            "Too easy to guess. Join a few words that have nothing to do with you or your hotel.";
        fault_plan: "Pilih paket.", "Choose a plan.";
        fault_rooms_few: "Isi jumlah kamar, minimal 1.", "Enter the number of rooms, at least 1.";
        fault_rooms_many: "Paket ini untuk paling banyak {greatest} kamar. Pilih paket yang lebih besar.",
            "This plan is for {greatest} rooms at most. Choose a larger plan.";
        fault_cycle: "Pilih bulanan atau tahunan.", "Choose monthly or yearly.";
        fault_region: "Pilih provinsi.", "Choose a province.";
        progress_title: "Hotel Anda sedang dibuat", "Your hotel is being made";
        progress_lead: "Biasanya kurang dari satu detik. Halaman ini maju sendiri.",
            "It usually takes less than a second. This page goes on by itself.";
        progress_label: "Kemajuan", "Progress";
        progress_waiting: "Menunggu giliran…", "Waiting for its turn…";
        progress_now: "Langkah {number} dari {count}: {step}", "Step {number} of {count}: {step}";
        ready_title: "Hotel Anda siap", "Your hotel is ready";
        ready_lead: "Masuk dengan alamat email dan kata sandi yang baru saja Anda pilih.",
            "Log in with the e-mail address and password that you have just chosen.";
        ready_action: "Masuk ke hotel saya", "Log in to my hotel";
        failed_title: "Hotel Anda tidak dapat dibuat", "Your hotel could not be made";
        failed_lead: "Semua sudah dibatalkan dan alamatnya bebas lagi. Silakan coba sekali lagi.",
            "Everything was undone and the address is free again. Please try once more.";
        again: "Daftar lagi", "Sign up again";
        step_milliseconds: "md", "ms";
        not_found_title: "Halaman tidak ditemukan", "There is no such page";
        not_found_lead: "Periksa alamatnya, atau daftarkan hotel Anda sendiri.",
            "Check the address, or sign up a hotel of your own.";
        busy_title: "Terlalu banyak permintaan", "Too many requests";
        busy_lead: "Tunggu sebentar, lalu coba lagi.", "Wait a moment, then try again.";
        refused_title: "Permintaan ditolak", "The request was refused";
        refused_lead: "Buka kembali halaman pendaftaran dan ulangi di sana.",
            "Open the signup page again and repeat it there.";
        broken_title: "Ada gangguan di pihak kami", "Something failed on our side";
        broken_lead: "Coba lagi sebentar. Jika tetap gagal, kirim nomor permintaan ini ke dukungan.",
            "Try again in a moment. If it fails again, send this request number to support.";
        request_number: "Nomor permintaan", "Request number";
    }
}

/// The steps that have words.
pub(crate) const STEPS: [&str; 11] = [
    "claim_database",
    "place",
    "create_role",
    "create_database",
    "open_database",
    "grant_access",
    "write_identity",
    "migrate",
    "seed",
    "create_owner",
    "publish_route",
];

/// What a step of the provisioner does, in words; its name if we have none.
pub(crate) fn step(name: &str, language: hotelhub_http::language::Language) -> String {
    use hotelhub_http::language::Language::{En, Id};

    let (id, en) = match name {
        "claim_database" => {
            ("Mengambil basis data yang sudah siap", "Taking a database that is ready")
        }
        "place" => ("Memilih server untuk data Anda", "Choosing a server for your data"),
        "create_role" => ("Membuat kunci basis data Anda", "Making the key of your database"),
        "create_database" => ("Membuat basis data Anda sendiri", "Making a database of your own"),
        "open_database" => {
            ("Mengunci basis data dari orang lain", "Locking the database to others")
        }
        "grant_access" => ("Membuka basis data untuk hotel Anda", "Opening it to your hotel"),
        "write_identity" => {
            ("Menulis nama hotel Anda di dalamnya", "Writing your hotel's name in it")
        }
        "migrate" => ("Menyiapkan tabel-tabelnya", "Preparing its tables"),
        "seed" => ("Mengisi pajak dan pengaturan awal", "Filling in taxes and first settings"),
        "create_owner" => ("Membuat akun Anda", "Making your login"),
        "publish_route" => ("Menerbitkan alamat web Anda", "Publishing your web address"),
        other => return other.replace('_', " "),
    };
    match language {
        Id => id.to_owned(),
        En => en.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use hotelhub_http::language::Language;

    use super::*;

    #[test]
    fn every_step_that_is_listed_has_words_in_both_languages() {
        for name in STEPS {
            let (id, en) = (step(name, Language::Id), step(name, Language::En));
            assert!(id != en && id != name.replace('_', " "), "{name}: {id}, {en}");
        }
    }
}
