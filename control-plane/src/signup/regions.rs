//! The provinces of Indonesia, by ISO 3166-2.

/// Code and name of each, by name.
pub(super) const REGIONS: [(&str, &str); 38] = [
    ("ID-AC", "Aceh"),
    ("ID-BA", "Bali"),
    ("ID-BT", "Banten"),
    ("ID-BE", "Bengkulu"),
    ("ID-YO", "Daerah Istimewa Yogyakarta"),
    ("ID-JK", "DKI Jakarta"),
    ("ID-GO", "Gorontalo"),
    ("ID-JA", "Jambi"),
    ("ID-JB", "Jawa Barat"),
    ("ID-JT", "Jawa Tengah"),
    ("ID-JI", "Jawa Timur"),
    ("ID-KB", "Kalimantan Barat"),
    ("ID-KS", "Kalimantan Selatan"),
    ("ID-KT", "Kalimantan Tengah"),
    ("ID-KI", "Kalimantan Timur"),
    ("ID-KU", "Kalimantan Utara"),
    ("ID-BB", "Kepulauan Bangka Belitung"),
    ("ID-KR", "Kepulauan Riau"),
    ("ID-LA", "Lampung"),
    ("ID-MA", "Maluku"),
    ("ID-MU", "Maluku Utara"),
    ("ID-NB", "Nusa Tenggara Barat"),
    ("ID-NT", "Nusa Tenggara Timur"),
    ("ID-PA", "Papua"),
    ("ID-PB", "Papua Barat"),
    ("ID-PD", "Papua Barat Daya"),
    ("ID-PE", "Papua Pegunungan"),
    ("ID-PS", "Papua Selatan"),
    ("ID-PT", "Papua Tengah"),
    ("ID-RI", "Riau"),
    ("ID-SR", "Sulawesi Barat"),
    ("ID-SN", "Sulawesi Selatan"),
    ("ID-ST", "Sulawesi Tengah"),
    ("ID-SG", "Sulawesi Tenggara"),
    ("ID-SA", "Sulawesi Utara"),
    ("ID-SB", "Sumatera Barat"),
    ("ID-SS", "Sumatera Selatan"),
    ("ID-SU", "Sumatera Utara"),
];

/// The code of a province, if this is one.
pub(super) fn find(code: &str) -> Option<&'static str> {
    REGIONS.iter().map(|(it, _)| *it).find(|it| *it == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_province_is_there_twice() {
        let mut codes: Vec<_> = REGIONS.iter().map(|(code, _)| code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), 38);
        assert!(REGIONS.is_sorted_by_key(|(_, name)| name.to_lowercase()));
    }
}
