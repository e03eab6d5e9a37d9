//! What is to be done next, and what is wrong with a name, in words, in both languages.

use hotelhub_http::language::Language;

use super::{hostname::HostnameFault, model::NextAction};

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

impl HostnameFault {
    /// What is wrong with what was typed, and what to type instead.
    pub(crate) fn text(&self, language: Language) -> String {
        let (id, en) = self.texts();
        let text = match language {
            Language::Id => id,
            Language::En => en,
        };
        let name = match self {
            Self::Special(top) => *top,
            Self::LookAlike(other) => other.as_str(),
            _ => "",
        };
        text.replace("{name}", name)
    }

    const fn texts(&self) -> (&'static str, &'static str) {
        match self {
            Self::NotAName => (
                "Ketik nama domainnya saja, misalnya www.hotelmandala.com: tanpa https://, port, jalur, atau spasi.",
                "Type the name alone, for example www.hotelmandala.com: no https://, port, path or space.",
            ),
            Self::Address => (
                "Ini alamat IP. Ketik nama domain, misalnya www.hotelmandala.com.",
                "This is an IP address. Type a name, for example www.hotelmandala.com.",
            ),
            Self::Wildcard => (
                "Tambahkan setiap nama satu per satu: nama dengan * tidak dapat dipakai.",
                "Add each name by itself: a name with * is none.",
            ),
            Self::Malformed => (
                "Ini bukan nama domain. Setiap bagian terdiri atas 1 sampai 63 huruf, angka, atau tanda hubung di tengah, seluruhnya paling banyak 253.",
                "This is no domain name. Each part has 1 to 63 letters, digits or inner hyphens, all together 253 at most.",
            ),
            Self::SingleLabel => (
                "Nama domain punya titik. Ketik misalnya www.hotelmandala.com.",
                "A domain name has a dot. Type for example www.hotelmandala.com.",
            ),
            Self::Special(_) => (
                "Nama yang berakhir dengan .{name} tidak ada di DNS publik. Pakai nama yang Anda daftarkan.",
                "The public DNS has no names that end in .{name}. Use a name that you registered.",
            ),
            Self::PublicSuffix => (
                "Di bawah nama ini siapa pun dapat mendaftarkan nama. Pakai nama yang Anda daftarkan sendiri.",
                "Anybody registers names below this one. Use the name that you registered.",
            ),
            Self::Ours => (
                "Ini nama milik platform. Setiap hotel sudah punya alamat di sana.",
                "This is one of the platform's own names. Each hotel has its own there already.",
            ),
            Self::MixedScript => (
                "Satu kata memakai huruf dari beberapa aksara, sehingga mirip nama lain. Periksa ejaannya.",
                "One word mixes letters of several scripts and looks like another name. Check how it is spelt.",
            ),
            Self::LookAlike(_) => (
                "Nama ini mirip {name}, padahal bukan. Pakai nama yang tidak dapat tertukar.",
                "This looks like {name}, which it is not. Use a name that cannot be mistaken.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_name_is_said_of_that_name_in_both_languages() {
        let imitating = HostnameFault::LookAlike("hotelhub.id".to_owned());
        assert_eq!(
            imitating.text(Language::Id),
            "Nama ini mirip hotelhub.id, padahal bukan. Pakai nama yang tidak dapat tertukar."
        );
        let special = HostnameFault::Special("local").text(Language::En);
        assert!(special.contains("end in .local."), "{special}");
        assert!(!HostnameFault::Wildcard.text(Language::Id).contains('{'));
    }
}
