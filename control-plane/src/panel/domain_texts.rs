//! The texts of the pages about domains, in both languages.

hotelhub_http::catalogue! {
    /// The texts of the pages about domains.
    pub(super) DomainTexts {
        lead: "Domain milik hotel sendiri dan alamatnya di platform, yang terbaru lebih dulu.",
            "Hotels' own domains and their names on the platform, the newest first.";
        one_lead: "Di alamat-alamat ini hotel dapat dibuka. Data DNS yang diminta harus tetap ada.",
            "The names by which people reach the hotel. What is asked for in DNS has to stay there.";
        of: "Domain", "Domains of";
        domain: "Domain", "Domain";
        text: "Bagian nama", "Part of the name";
        kind: "Milik siapa", "Whose name";
        any_kind: "Semua", "Any";
        custom: "Milik hotel", "The hotel's own";
        subdomain: "Milik platform", "The platform's";
        next: "Langkah berikutnya", "What is next";
        certificate: "Sertifikat", "Certificate";
        checked: "Diperiksa", "Looked at";
        never: "belum", "not yet";
        none: "Tidak ada domain seperti itu.", "There are no such domains.";
        primary: "Utama", "Primary";
        action_needed: "Perlu tindakan", "Action needed";
        working: "Sedang diproses", "In progress";
        live: "Aktif", "Live";
        stuck: "Terhenti", "Stuck";
        ssl_none: "tidak dipakai", "none wanted";
        ssl_provisioning: "sedang dibuat", "being made";
        ssl_active: "berlaku sampai", "good until";
        ssl_failed: "tidak berlaku", "not good";
        ssl_retry: "dipesan lagi pada", "next try at";
        records: "Yang harus ada di DNS", "What is to stand in DNS";
        record_kind: "Jenis", "Type";
        record_name: "Nama", "Name";
        record_value: "Nilai", "Value";
        record_found: "Yang ada sekarang", "What stands there";
        right: "Benar", "Right";
        wrong: "Belum benar", "Not right yet";
        unseen: "Belum diketahui", "Not known yet";
        unanswered: "Server DNS tidak menjawab", "DNS gave no answer";
        failing_since: "Bermasalah sejak", "Failing since";
        new: "Tambahkan domain", "Add a domain";
        hostname: "Nama domain", "Domain name";
        hostname_hint: "Misalnya www.hotelmandala.com", "For example www.hotelmandala.com";
        claim: "Tambahkan", "Add";
        verify: "Periksa sekarang", "Look now";
        make_primary: "Jadikan utama", "Make primary";
        release: "Lepaskan…", "Release…";
        release_title: "Lepaskan domain?", "Release the domain?";
        release_lead: "Hotel tidak dapat dibuka lagi di alamat ini. Selama 30 hari hanya hotel ini yang dapat memakainya kembali.",
            "People no longer reach the hotel by this name. For 30 days only this hotel can have it again.";
        release_now: "Lepaskan sekarang", "Release it now";
        back: "Kembali", "Back";
        told_claim: "Domain ditambahkan. Isi data DNS di bawah, lalu periksa.",
            "The domain is added. Set the DNS records below, then have it looked at.";
        told_verify: "Domain sudah diperiksa.", "The domain was looked at.";
        told_primary: "Halaman hotel sekarang menuju domain ini.",
            "The hotel's pages lead to this domain now.";
        told_release: "Domain dilepaskan.", "The domain is released.";
    }
}

impl DomainTexts {
    /// A state, in a word.
    pub(super) fn state(&self, state: &str) -> &'static str {
        match state {
            "live" => self.live,
            "working" => self.working,
            "stuck" => self.stuck,
            _ => self.action_needed,
        }
    }

    /// How a certificate stands.
    pub(super) fn ssl(&self, status: &str) -> &'static str {
        match status {
            "active" => self.ssl_active,
            "provisioning" => self.ssl_provisioning,
            "failed" => self.ssl_failed,
            _ => self.ssl_none,
        }
    }

    /// What was done, for the page that is shown after it.
    pub(super) fn done(&self, action: &str) -> Option<&'static str> {
        match action {
            "claim" => Some(self.told_claim),
            "verify" => Some(self.told_verify),
            "primary" => Some(self.told_primary),
            "release" => Some(self.told_release),
            _ => None,
        }
    }
}
