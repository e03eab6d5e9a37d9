//! The texts of the page about support access, in both languages.

hotelhub_http::catalogue! {
    /// The texts of the page about support access.
    pub(super) SupportTexts {
        title: "Akses dukungan", "Support access";
        lead: "Masuk ke hotel hanya dengan izinnya, untuk waktu terbatas. Hotel melihat alasan dan semua perubahan Anda.",
            "Come in with the hotel's consent only, for a limited time. The hotel sees the reason, and all that you change.";
        ask: "Minta akses", "Ask to come in";
        reason_hint: "Dibaca pemilik hotel; 10 sampai 500 huruf.",
            "The hotel's owner reads it; 10 to 500 characters.";
        minutes: "Menit", "Minutes";
        minutes_hint: "5 sampai 240 sejak diizinkan; kosong berarti 60.",
            "5 to 240 from the consent on; 60 if empty.";
        none: "Belum ada permintaan.", "Nobody asked yet.";
        until: "Sampai", "Until";
        link: "Tautan sekali pakai", "One-time link";
        link_lead: "Berlaku sekali dan lima menit.", "It is good once, and for five minutes.";
        enter: "Masuk ke hotel", "Go into the hotel";
        get_link: "Buat tautan masuk", "Make a link";
        end: "Akhiri", "End";
        requested: "Menunggu jawaban hotel", "Waits for the hotel";
        lapsed: "Tidak dijawab", "Not answered";
        refused: "Ditolak", "Refused";
        allowed: "Diizinkan", "Allowed";
        expired: "Waktunya habis", "Expired";
        ended: "Diakhiri", "Ended";
        told_asked: "Permintaan dikirim. Hotel menjawab di halamannya sendiri.",
            "The request is sent. The hotel answers on its own page.";
        told_ended: "Akses diakhiri.", "The access has ended.";
    }
}

impl SupportTexts {
    /// Where support access stands, in the hotel's words.
    pub(super) fn state(&self, state: &str) -> &'static str {
        match state {
            "requested" => self.requested,
            "lapsed" => self.lapsed,
            "refused" => self.refused,
            "allowed" => self.allowed,
            "expired" => self.expired,
            _ => self.ended,
        }
    }

    /// What was done, for the page that is shown after it.
    pub(super) fn told(&self, action: &str) -> Option<&'static str> {
        match action {
            "asked" => Some(self.told_asked),
            "ended" => Some(self.told_ended),
            _ => None,
        }
    }
}
