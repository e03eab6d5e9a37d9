//! The texts of the pages about hotels, in both languages.

hotelhub_http::catalogue! {
    /// The texts of the pages about hotels.
    pub(super) TenantTexts {
        title: "Hotel", "Hotels";
        new: "Hotel baru", "New hotel";
        search: "Cari", "Search";
        search_hint: "Alamat web, nama perusahaan, email pemilik, atau nama host",
            "Web address, company, owner's e-mail or host name";
        status: "Langganan", "Relation";
        any_status: "Semua", "Any";
        provisioning: "Keadaan", "State";
        any_provisioning: "Semua keadaan", "Any state";
        access: "Akses", "Access";
        any_access: "Semua akses", "Any access";
        plan: "Paket", "Plan";
        any_plan: "Semua paket", "Any plan";
        db_host: "Server basis data", "Database host";
        any_host: "Semua server", "Any host";
        sort: "Urutan", "Order";
        newest: "Terbaru dulu", "Newest first";
        oldest: "Terlama dulu", "Oldest first";
        by_slug: "Alamat web A–Z", "Web address A–Z";
        by_company: "Perusahaan A–Z", "Company A–Z";
        trial_end: "Masa coba segera berakhir", "Trial ends first";
        more_filters: "Saringan lain", "More filters";
        found_one: "{count} hotel", "{count} hotel";
        found: "{count} hotel", "{count} hotels";
        found_more: "lebih dari {count} hotel", "more than {count} hotels";
        none: "Tidak ada hotel yang cocok.", "No hotel matches.";
        none_yet: "Belum ada hotel. Buat yang pertama, atau kirim tautan pendaftaran kepada pemiliknya.",
            "There is no hotel yet. Make the first one, or send its owner the link to sign up.";
        none_hint: "Hapus sebagian saringan, atau cari sepotong nama saja.",
            "Take away some of the filter, or search for a piece of the name alone.";
        hotel: "Hotel", "Hotel";
        rooms: "Kamar", "Rooms";
        created: "Dibuat", "Created";
        trial_until: "coba s.d.", "trial until";
        list: "Daftar hotel", "List of hotels";
        create_title: "Hotel baru", "New hotel";
        create_lead: "Seperti jika pemiliknya mendaftar sendiri: hotelnya siap dalam hitungan detik, dan pemiliknya mendapat email sambutan.",
            "As if its owner had signed up: the hotel is ready in seconds, and its owner gets a welcome mail.";
        hotel_language: "Bahasa hotel, untuk surat dan halamannya", "Language of the hotel, for its mails and pages";
        create: "Buat hotel", "Make the hotel";
        overview: "Ringkasan", "Overview";
        owner: "Pemilik", "Owner";
        region: "Provinsi", "Province";
        language: "Bahasa", "Language";
        reason: "Alasan", "Reason";
        reason_none: "tidak ada", "none";
        changed: "Akses diubah", "Access changed";
        ready_since: "Siap sejak", "Ready since";
        subscription: "Paket dan langganan", "Plan and subscription";
        price: "Harga per periode", "Price of a period";
        without_vat: "belum termasuk PPN", "without VAT";
        period: "Periode berjalan", "Current period";
        trial_ends: "Masa coba berakhir", "Trial ends";
        no_subscription: "Tidak ada langganan.", "There is no subscription.";
        hosts: "Nama host", "Host names";
        host_name: "Nama host", "Host name";
        primary: "utama", "primary";
        verified: "terverifikasi", "verified";
        not_verified: "belum terverifikasi", "not verified";
        certificate: "Sertifikat", "Certificate";
        certificate_good: "berlaku", "good";
        no_hosts: "Tidak ada nama host.", "It holds no host name.";
        open_hotel: "Buka hotel", "Open the hotel";
        database: "Basis data", "Database";
        database_name: "Nama", "Name";
        schema: "Versi skema", "Schema version";
        generation: "Generasi", "Generation";
        no_database: "Belum ada basis data yang melayani.", "No database serves it.";
        operations: "Operasi terbaru", "Newest operations";
        newest_entries: "Catatan audit terbaru", "Newest entries of the audit log";
        no_entries: "Belum ada catatan tentang hotel ini.", "Nothing is on record about this hotel yet.";
        all_entries: "Semua catatan hotel ini", "All entries about this hotel";
        all_operations: "Semua operasi hotel ini", "All operations of this hotel";
        usage: "Pemakaian", "Usage";
        rooms_sold: "Kamar menurut langganan", "Rooms by subscription";
        jobs_dead: "Pekerjaan gagal", "Jobs that failed";
        jobs_retrying: "Dicoba ulang", "Trying again";
        jobs_held: "Ditahan", "Held";
        rooms_set_up: "Kamar terpasang", "Rooms set up";
        users: "Orang yang dapat masuk", "People who can log in";
        database_size: "Basis data", "Database";
        file_size: "Berkas", "Files";
        backups_kept: "Cadangan", "Backups";
        measured_at: "Diukur", "Measured";
        measured_when: "Diukur setiap malam bersama cadangan.", "Measured every night with the backup.";
        not_measured: "Belum diukur; itu terjadi setiap malam bersama cadangan.",
            "Not measured yet; that is done every night with the backup.";
        usage_gone: "Datanya sudah dihapus.", "Its data is deleted.";
        proof: "Bukti penghapusan", "Proof of deletion";
        proof_asked: "Penghapusan diminta", "Deletion asked for";
        proof_deleted: "Data hilang sejak", "Data gone since";
        proof_not_yet: "belum", "not yet";
        proof_last: "Cadangan terakhir", "Last backup";
        proof_none: "tidak ada", "none";
        proof_until: "disimpan sampai {moment}", "kept until {moment}";
        proof_gone: "dihapus {moment}", "deleted {moment}";
        proof_databases: "Basis data yang dihapus", "Databases destroyed";
        proof_backups: "Cadangan yang dihapus", "Backups destroyed";
        proof_objects: "Berkas yang dihapus", "Files destroyed";
        proof_database: "Basis data {name} di server {host}", "Database {name} on the host {host}";
        proof_backup: "Cadangan {name}, SHA-256 {hash}", "Backup {name}, SHA-256 {hash}";
        proof_object: "Berkas {name}", "File {name}";
        proof_all: "Semua yang dihapus, satu per satu", "All that was destroyed, one by one";
        proof_rest: "Daftar ini dipotong. Seluruhnya:", "This list is cut. All of it:";
        more: "Lainnya tentang hotel ini", "More about this hotel";
        domains_link: "Domain", "Domains";
        backups_link: "Cadangan", "Backups";
        support_link: "Akses bantuan", "Support access";
        audit_link: "Jejak audit", "Audit trail";
        jobs_link: "Pekerjaan latar", "Background jobs";
        operations_link: "Operasi", "Operations";
        pauses_link: "Jeda pekerjaan", "Job pauses";
        actions: "Tindakan", "Actions";
        no_actions: "Saat ini tidak ada yang dapat dilakukan.", "There is nothing to be done now.";
        only_look: "Peran Anda hanya melihat.", "Your role only looks.";
        suspend: "Tangguhkan…", "Suspend…";
        resume: "Aktifkan lagi…", "Resume…";
        activate: "Jadikan pelanggan…", "Make a customer…";
        set_access: "Ubah akses…", "Change access…";
        move_it: "Pindahkan…", "Move…";
        churn: "Akhiri kontrak…", "End the contract…";
        delete: "Hapus…", "Delete…";
        suspend_title: "Tangguhkan {slug}", "Suspend {slug}";
        suspend_1: "Tamu yang sedang menginap tetap dilayani; bisnis baru ditolak dengan halaman yang menjelaskan.",
            "Guests in the house are still looked after; new business is refused with a page that says why.";
        suspend_2: "Berlaku di semua replika dalam waktu kurang dari satu detik.",
            "It holds on every replica in under a second.";
        suspend_3: "Dapat dibatalkan kapan saja; tidak ada data yang hilang.",
            "It can be taken back at any time; no data is lost.";
        suspend_4: "Pemilik hotel membaca alasannya.", "The hotel's owner reads the reason.";
        left_with: "Yang masih boleh", "What is left";
        left_essential: "Hanya yang penting: check-out, pembayaran, tamu yang menginap",
            "Essentials: check-out, payments, guests in the house";
        left_stopped: "Tidak ada, kecuali tagihan dan ekspor bagi pemilik",
            "Nothing but billing and export for the owner";
        suspend_go: "Tangguhkan", "Suspend";
        resume_title: "Aktifkan lagi {slug}", "Resume {slug}";
        resume_1: "Hotel bekerja penuh lagi dalam waktu kurang dari satu detik.",
            "The hotel works in full again in under a second.";
        resume_2: "Pekerjaan yang ditahan dijalankan satu kali.", "Jobs that were held back run once.";
        resume_3: "Yang belum pernah membayar kembali ke masa coba, selama waktunya belum habis.",
            "Who never paid is a trial again, as long as its time is not over.";
        resume_go: "Aktifkan lagi", "Resume";
        activate_title: "Jadikan {slug} pelanggan", "Make {slug} a customer";
        activate_1: "Masa coba berakhir; langganannya aktif mulai sekarang.",
            "The trial ends; its subscription is active from now on.";
        activate_2: "Tidak dapat dikembalikan menjadi masa coba.", "It cannot become a trial again.";
        activate_go: "Jadikan pelanggan", "Make a customer";
        access_title: "Ubah akses {slug}", "Change the access of {slug}";
        access_1: "Dengan pengingat, hotel bekerja penuh dan melihat bahwa ada yang harus dibayar.",
            "With a reminder the hotel works in full, and sees that something is to be paid.";
        access_go: "Ubah akses", "Change access";
        move_title: "Pindahkan {slug}", "Move {slug}";
        move_1: "Datanya disalin ke server lain sementara hotel bekerja.",
            "Its data is copied to another host while the hotel works.";
        move_2: "Pada akhirnya penulis menunggu sekitar sepersepuluh detik; pembaca tidak.",
            "At the end writers wait for about a tenth of a second; readers do not.";
        move_3: "Jika gagal, semuanya dikembalikan dan hotel tetap di tempatnya.",
            "If it fails everything is put back, and the hotel stays where it is.";
        move_to: "Ke server", "To the host";
        roomiest: "Yang paling lapang", "The one with the most room";
        move_go: "Pindahkan", "Move";
        churn_title: "Akhiri kontrak {slug}", "End the contract of {slug}";
        churn_1: "Hubungan berakhir dan tidak dapat dilanjutkan: hotel ini tidak menjadi pelanggan lagi.",
            "The relation ends and cannot be taken up again: this hotel is no customer any more.";
        churn_2: "Hanya pemilik yang masih masuk, untuk tagihan dan ekspor.",
            "Only the owner still gets in, for billing and export.";
        churn_3: "Datanya disimpan 90 hari, lalu dihapus dengan sendirinya; pemilik diberi tahu dua minggu sebelumnya.",
            "The data is kept for 90 days and then deleted by itself; the owner is told two weeks before.";
        churn_go: "Akhiri kontrak", "End the contract";
        delete_title: "Hapus {slug}", "Delete {slug}";
        delete_1: "Data, berkas, dan semua cadangan lama hotel ini dihancurkan.",
            "The hotel's data, its files and all earlier backups are destroyed.";
        delete_2: "Satu cadangan terakhir disimpan 30 hari lalu dihancurkan juga, kecuali Anda memilih di bawah agar tidak ada yang disimpan.",
            "A last backup is kept for 30 days and then destroyed too, unless you choose below that none is kept.";
        delete_3: "Alamat web dan domainnya baru dapat dipakai hotel lain setelah 30 hari.",
            "Its web address and its domains cannot be had by another hotel for 30 days.";
        delete_4: "Yang tetap tercatat: perusahaan, alamat web, operasi, dan jejak audit. Nama, email, dan telepon pemilik dihapus.",
            "What stays on record: the company, the web address, the operations and the audit log. The owner's name, e-mail address and telephone number go.";
        no_last_backup: "Jangan simpan cadangan terakhir: setelah ini data hotel tidak dapat dikembalikan sama sekali.",
            "Keep no last backup: nothing brings the hotel's data back after this.";
        type_slug: "Ketik alamat web hotel untuk memastikan", "Type the hotel's web address to make sure";
        wrong_slug: "Bukan alamat web hotel ini. Tidak ada yang dihapus.",
            "That is not this hotel's web address. Nothing was deleted.";
        waiver: "Alasan menghapus sebelum 90 hari", "Why it is deleted before 90 days";
        waiver_hint: "Data disimpan 90 hari setelah kontrak berakhir. Isi hanya jika harus dihapus lebih cepat, misalnya karena hotel memintanya.",
            "The data is kept for 90 days after the end of the contract. Fill this in only if it has to go earlier, e.g. because the hotel asks for it.";
        delete_go: "Hapus untuk selamanya", "Delete for good";
        hold: "Tahan penghapusan…", "Hold the deletion back…";
        hold_title: "Tahan penghapusan {slug}", "Hold the deletion of {slug} back";
        hold_1: "Datanya tidak dihapus, baik oleh platform maupun oleh seseorang, sampai penahanan dilepas.",
            "Its data is not deleted, neither by the platform nor by anybody, until the hold is released.";
        hold_2: "Setelah dilepas, pemilik diberi tahu lagi dua minggu sebelum penghapusan.",
            "Once it is released the owner is told again, two weeks before the deletion.";
        hold_go: "Tahan penghapusan", "Hold the deletion back";
        release: "Lepas penahanan…", "Release the deletion…";
        release_title: "Lepas penahanan penghapusan {slug}", "Release the deletion of {slug}";
        release_1: "Datanya dihapus dengan sendirinya begitu masa simpannya habis.",
            "Its data is deleted by itself once the time for which it is kept is over.";
        release_2: "Pemilik diberi tahu dua minggu sebelumnya, juga jika sudah pernah diberi tahu.",
            "The owner is told two weeks before, also if that was done already.";
        release_go: "Lepas penahanan", "Release the deletion";
        reason_log: "Tercatat di jejak audit.", "It is recorded in the audit log.";
        told_hold: "Penghapusan ditahan.", "The deletion is held back.";
        told_release: "Penahanan dilepas.", "The deletion is released.";
        data_deleted: "Data dihapus mulai", "Data is deleted from";
        data_held: "Penghapusan ditahan", "Deletion held back";
        owner_told: "Pemilik diberi tahu", "Owner told";
        reason_owner: "Pemilik hotel membacanya.", "The hotel's owner reads it.";
        optional: "Boleh kosong.", "May be empty.";
        told_suspend: "Hotel ditangguhkan.", "The hotel is suspended.";
        told_resume: "Hotel bekerja lagi.", "The hotel works again.";
        told_activate: "Hotel menjadi pelanggan.", "The hotel is a customer now.";
        told_access: "Akses diubah.", "The access is changed.";
        told_churn: "Kontrak berakhir.", "The contract has ended.";
        not_now: "Tidak dapat dilakukan sekarang", "It cannot be done now";
    }
}
