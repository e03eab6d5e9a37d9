//! The texts of the page about the audit log, in both languages.

hotelhub_http::catalogue! {
    /// The texts of the page about the audit log.
    pub(super) AuditTexts {
        lead: "Siapa melakukan apa, yang terbaru lebih dulu. Catatan hanya dapat ditambah; tiap baris dirantai dengan hash baris sebelumnya.",
            "Who did what, the newest first. The log is only added to; each row is chained to the hash of the row before.";
        no_entries: "Tidak ada catatan seperti itu.", "There are no such entries.";
        verify: "Periksa keutuhan rantai", "Check that the chain is whole";
        whole: "Rantai utuh sampai baris", "The chain is whole up to row";
        of_rows: "dari", "of";
        go_on: "Lanjutkan dari baris itu", "Go on from that row";
        chain: "Rantai", "The chain";
        chain_lead: "Sekali periksa paling banyak 10.000 baris. Catatan yang dipotong di ujungnya atau ditulis ulang hanya ketahuan bila dibandingkan dengan baris yang dicatat di tempat lain, misalnya di log control-plane.",
            "At most 10,000 rows are looked at at a time. A log that was cut at its end or written anew shows only beside a row that was noted elsewhere, as in control-plane's own log.";
        anchor_seq: "Nomor baris yang dicatat", "Number of the noted row";
        anchor_hash: "Hash baris yang dicatat", "Hash of the noted row";
        anchor_hint: "Isi keduanya, atau kosongkan keduanya", "Both, or leave both empty";
        broken: "Rantai rusak mulai baris", "The chain is broken from row";
        altered: "diubah", "altered";
        missing: "hilang", "missing";
        truncated: "dipotong", "cut off";
        added: "disisipkan", "put in";
        rewritten: "ditulis ulang", "rewritten";
        show_row: "Lihat baris itu", "Show that row";
        walked: "Platform memeriksa seluruh rantai sendiri paling tidak sekali sehari. Terakhir selesai",
            "The platform checks the whole chain by itself, at least once a day. It last did so at";
        never_walked: "Platform memeriksa seluruh rantai sendiri paling tidak sekali sehari, dan belum pernah selesai.",
            "The platform checks the whole chain by itself, at least once a day, and has not done so yet.";
        actor_hint: "Alamat email atau id", "E-mail address or id";
        action_hint: "Misalnya tenant atau tenant.suspend", "E.g. tenant or tenant.suspend";
        from_day: "Mulai", "From";
        until_day: "Sebelum", "Before";
        day_hint: "Misalnya 2026-01-31", "E.g. 2026-01-31";
    }
}

impl AuditTexts {
    /// What is wrong with a row, in a word; the code of a fault that we have no word for.
    pub(super) fn fault<'a>(&self, kind: &'a str) -> &'a str {
        match kind {
            "altered" => self.altered,
            "missing" => self.missing,
            "truncated" => self.truncated,
            "added" => self.added,
            "rewritten" => self.rewritten,
            other => other,
        }
    }
}
