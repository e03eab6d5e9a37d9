//! What is to be done next, in words, in both languages.

use hotelhub_http::language::Language;

use super::model::NextAction;

impl NextAction {
    /// What to do about it.
    pub(crate) const fn text(self, language: Language) -> &'static str {
        let (id, en) = self.texts();
        match language {
            Language::Id => id,
            Language::En => en,
        }
    }

    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Nothing => ("Tidak ada yang perlu dilakukan.", "Nothing is to be done."),
            Self::SetTxt => (
                "Tambahkan data TXT di bawah pada DNS domain ini. Biarkan data itu tetap ada.",
                "Add the TXT record below to the domain's DNS, and leave it there.",
            ),
            Self::FixTxt => (
                "Data TXT di DNS berisi nilai lain. Ganti dengan nilai di bawah.",
                "The TXT record in DNS has another value. Replace it by the one below.",
            ),
            Self::SetPointing => (
                "Domain ini belum menunjuk ke mana pun. Isi data di bawah pada DNS domain ini.",
                "The domain points nowhere yet. Set the record below.",
            ),
            Self::FixPointing => (
                "Domain ini menunjuk ke tempat lain. Ganti datanya dengan data di bawah.",
                "The domain points elsewhere. Set the record below in place of its own.",
            ),
            Self::PointToOwnHotel => (
                "Domain ini menunjuk ke alamat hotel lain. Ganti datanya dengan data di bawah.",
                "The domain points at another hotel's name. Set the record below in place of that.",
            ),
            Self::TurnOffProxy => (
                "Domain ini melewati CDN. Matikan mode proxy (pilih “DNS only”) pada penyedia DNS.",
                "The domain goes through a CDN. Turn its proxy off (“DNS only”) at the DNS provider.",
            ),
            Self::RemoveAddresses => (
                "Sebagian data A atau AAAA menunjuk ke tempat lain. Hapus data yang disebut di bawah.",
                "Some A or AAAA records lead elsewhere. Remove those that are named below.",
            ),
            Self::AllowIssuer => (
                "Data CAA melarang penerbitan sertifikat. Tambahkan data CAA di bawah, atau hapus CAA.",
                "CAA records forbid the certificate. Add the CAA record below, or remove CAA.",
            ),
            Self::WaitForCheck => (
                "Domain akan segera diperiksa. Tidak ada yang perlu dilakukan.",
                "The domain is looked at in a moment. Nothing is to be done.",
            ),
            Self::WaitForDns => (
                "Server DNS tidak menjawab. Akan ditanya lagi; periksa penyedia DNS bila berlanjut.",
                "DNS gave no answer. It is asked again; look at the DNS provider if this goes on.",
            ),
            Self::WaitForCertificate => (
                "Sertifikat sedang dibuat. Biasanya selesai dalam beberapa menit.",
                "The certificate is being made. That takes minutes.",
            ),
            Self::WaitForBudget => (
                "Pesanan sertifikat minggu ini untuk nama ini sudah habis. Sertifikat akan dipesan lagi pada waktunya; tidak ada yang perlu dilakukan.",
                "This week's certificates below this name are used up. One is ordered again in time; nothing is to be done.",
            ),
            Self::CheckCertificate => (
                "Sertifikat belum dapat dipakai. Perhatikan alasan di samping sertifikat; bila tidak ada, periksa log edge atau provisioner.",
                "There is no good certificate. See the reason beside it; if there is none, look at the log of the edge or the provisioner.",
            ),
            Self::AskHolder => (
                "Hotel lain sudah memegang domain ini. Domain itu harus dilepas dulu di sana.",
                "Another hotel holds the domain. It must be released there first.",
            ),
            Self::WaitForQuarantine => (
                "Domain ini belum lama milik hotel lain. Domain dapat dipakai setelah masa tunggu 30 hari.",
                "Another hotel had the domain until lately. It can be had when 30 days are over.",
            ),
        }
    }
}
