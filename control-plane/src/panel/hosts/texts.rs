//! The texts of the pages about database hosts, in both languages.

hotelhub_http::catalogue! {
    /// The texts of the pages about database hosts.
    pub(super) HostTexts {
        title: "Server basis data", "Database hosts";
        lead: "Server PostgreSQL tempat basis data hotel berada.",
            "The PostgreSQL servers that hold the hotels' databases.";
        add: "Tambah server", "Add a host";
        none: "Belum ada server. Tanpa server, tidak ada hotel yang dapat dibuat.",
            "There is no host yet. Without one no hotel can be made.";
        list: "Daftar server", "List of hosts";
        name: "Nama", "Name";
        name_hint: "Sebutan untuk rekan kerja, misalnya jakarta-1.",
            "What colleagues call it, e.g. jakarta-1.";
        state: "Status", "State";
        filled: "Terisi", "Filled";
        address: "Alamat", "Address";
        address_hint: "Nama host atau alamat IP, seperti yang dipakai replika.",
            "Host name or IP address, as replicas reach it.";
        address_warning: "Replika langsung pindah ke alamat baru: basis data yang sama harus ada di sana.",
            "Replicas go to a new address at once: the same databases have to be there.";
        port: "Port", "Port";
        warm: "Basis data siap pakai", "Databases made ahead";
        leaving: "Salinan lama yang akan dihapus", "Old copies to be dropped";
        previews: "Pratinjau", "Previews";
        connections: "Koneksi paling banyak", "Connections at most";
        connections_hint: "Bagian kita dari max_connections server.",
            "Our share of the server's max_connections.";
        reachable: "Terjangkau", "Reachable";
        yes: "ya", "yes";
        no: "tidak", "no";
        not_known: "belum diketahui", "not known yet";
        checked: "Terakhir dilihat", "Last looked at";
        created: "Ditambahkan", "Added";
        key: "Kunci", "Key";
        error: "Galat", "Error";
        databases_of: "{count} dari {most} basis data", "{count} of {most} databases";
        max_databases: "Basis data paling banyak", "Databases at most";
        max_databases_hint: "Mulai ulang dan checkpoint makin lama dengan tiap basis data.",
            "Restarts and checkpoints take longer with each.";
        admin_url: "Login provisioner", "The provisioner's login";
        admin_url_hint: "postgres://role:sandi@host:port/postgres. Disimpan tersegel dan tidak pernah ditampilkan lagi.",
            "postgres://role:password@host:port/postgres. Stored sealed, never shown again.";
        admin_url_keep: "Kosong: tetap seperti sekarang.", "Empty: it stays as it is.";
        hotels: "Hotel di server ini", "Hotels on this host";
        moves: "Pemindahan yang belum selesai", "Moves that are not over";
        actions: "Tindakan", "Actions";
        cordon: "Tutup", "Cordon";
        cordon_hint: "Tidak menerima hotel baru; yang ada tetap.",
            "Takes no more hotels in; those it has stay.";
        uncordon: "Buka lagi", "Uncordon";
        uncordon_hint: "Menerima hotel lagi; pengosongan berhenti di tempatnya.",
            "Takes hotels in again; a drain that is under way ends where it is.";
        drain: "Kosongkan", "Drain";
        drain_hint: "Semua hotel dipindahkan ke server lain, dua sekaligus, sementara mereka bekerja.",
            "All hotels are moved to other hosts, two at a time, while they work.";
        edit: "Ubah…", "Change…";
        remove: "Hapus dari daftar…", "Remove…";
        left: "Tersisa {count} basis data dan {old} salinan lama",
            "{count} databases and {old} old copies are left";
        left_previews: "Tersisa {count} basis data, {old} salinan lama, dan {previews} pratinjau. Pratinjau berakhir sendiri setelah 7 hari; lebih cepat jika dibuang di halaman cadangan hotelnya",
            "{count} databases, {old} old copies and {previews} previews are left. Previews go by themselves after 7 days, and sooner if they are discarded on their hotels' pages of backups";
        empty: "Kosong. Server ini dapat dimatikan dan dihapus dari daftar.",
            "Empty. This server can be switched off and removed.";
        progress: "Pengosongan", "Drain";
        add_title: "Tambah server basis data", "Add a database host";
        add_1: "Hotel baru langsung dibuat di sana. Periksa dulu dengan hotelhub db-host doctor.",
            "New hotels are made there at once. Examine it first with hotelhub db-host doctor.";
        add_go: "Tambah", "Add";
        edit_title: "Ubah {name}", "Change {name}";
        edit_go: "Simpan", "Save";
        remove_title: "Hapus {name} dari daftar", "Remove {name}";
        remove_1: "Platform melupakan server ini. Servernya sendiri dibiarkan seperti adanya.",
            "The platform forgets this host. The server itself is left as it is.";
        remove_2: "Hanya mungkin jika server sudah kosong dan ditutup.",
            "It is only possible when the host is cordoned or drained, and empty.";
        remove_go: "Hapus dari daftar", "Remove";
        told_cordon: "Server ditutup.", "The host is cordoned.";
        told_uncordon: "Server menerima hotel lagi.", "The host takes hotels in again.";
        told_drain: "Server sedang dikosongkan.", "The host is being drained.";
        told_add: "Server ditambahkan. Periksa dengan hotelhub db-host doctor.",
            "The host is added. Examine it with hotelhub db-host doctor.";
        told_edit: "Perubahan disimpan.", "The change is saved.";
        told_remove: "Server dihapus dari daftar.", "The host is removed.";
    }
}

impl HostTexts {
    /// What was done before.
    pub(super) fn told(&self, done: &str) -> Option<&'static str> {
        Some(match done {
            "cordon" => self.told_cordon,
            "uncordon" => self.told_uncordon,
            "drain" => self.told_drain,
            "add" => self.told_add,
            "edit" => self.told_edit,
            "remove" => self.told_remove,
            _ => return None,
        })
    }
}
