//! Names that look like others: letters of several scripts in one word, words that are written with
//! letters of another script that look Latin, and the platform's own name misspelt.

use unicode_script::{Script, UnicodeScript as _};

/// Scripts that are written together.
const TOGETHER: &[&[Script]] = &[
    &[Script::Han, Script::Hiragana, Script::Katakana],
    &[Script::Han, Script::Hangul],
    &[Script::Han, Script::Bopomofo],
];

/// Letters and digits that look like a Latin letter.
const LATIN_LOOKS: &[(&str, char)] = &[
    ("аα", 'a'),
    ("ь", 'b'),
    ("сϲ", 'c'),
    ("ԁ", 'd'),
    ("е", 'e'),
    ("ɡ", 'g'),
    ("һ", 'h'),
    ("іιı", 'i'),
    ("ј", 'j'),
    ("кκ", 'k'),
    ("ӏ1", 'l'),
    ("м", 'm'),
    ("пη", 'n'),
    ("оοσ0", 'o'),
    ("рρ", 'p'),
    ("ԛ", 'q'),
    ("г", 'r'),
    ("ѕ5", 's'),
    ("тτ", 't'),
    ("υ", 'u'),
    ("νѵ", 'v'),
    ("ԝω", 'w'),
    ("хχ", 'x'),
    ("уγ", 'y'),
    ("ᴢ", 'z'),
];

/// Whether a label mixes scripts that nobody writes together.
pub(super) fn is_mixed(label: &str) -> bool {
    let mut scripts: Vec<Script> = Vec::new();
    for script in label.chars().map(|it| it.script()) {
        let is_anyones = matches!(script, Script::Common | Script::Inherited);
        if !is_anyones && !scripts.contains(&script) {
            scripts.push(script);
        }
    }
    let fit = |group: &&[Script]| scripts.iter().all(|it| group.contains(it));
    scripts.len() > 1 && !TOGETHER.iter().any(fit)
}

/// The name that this one would be taken for, if there is one.
pub(super) fn imitates(shown: &str, own: &[String]) -> Option<String> {
    let home = shown.rsplit('.').next().and_then(script_of).filter(|it| *it != Script::Latin);
    for label in shown.split('.') {
        // Below a top-level domain of its own script nobody takes it for Latin, e.g. `кута.рф`.
        if home.is_some() && script_of(label) == home {
            continue;
        }
        // A whole word in letters that look Latin, e.g. Cyrillic `аррӏе`.
        let is_foreign = |it: char| it.is_alphabetic() && it.script() != Script::Latin;
        let letters = || label.chars().filter(|it| it.is_alphabetic());
        if letters().any(is_foreign) && letters().all(|it| !is_foreign(it) || looks(it) != it) {
            return Some(skeleton(label));
        }
    }
    let skeleton_of = |name: &str| psl::domain_str(name).map(skeleton);
    let mine = skeleton_of(shown)?;
    own.iter().find(|it| skeleton_of(it).is_some_and(|own| own == mine)).cloned()
}

/// The one script of a word's letters, if it is one.
fn script_of(label: &str) -> Option<Script> {
    let mut scripts = label.chars().filter(|it| it.is_alphabetic()).map(|it| it.script());
    let first = scripts.next()?;
    scripts.all(|it| it == first).then_some(first)
}

/// A word as it looks at a glance.
fn skeleton(text: &str) -> String {
    let letters: String = text.chars().map(|it| looks(bare(it))).collect();
    letters.replace("rn", "m").replace("vv", "w").replace('-', "")
}

fn looks(letter: char) -> char {
    let found = LATIN_LOOKS.iter().find(|(letters, _)| letters.contains(letter));
    found.map_or(letter, |(_, latin)| *latin)
}

/// A Latin letter without its accent, as far as names on the platform's own would use them.
const fn bare(letter: char) -> char {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ì'..='ï' | 'ī' | 'į' => 'i',
        'ł' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ś' | 'š' | 'ş' => 's',
        'ţ' | 'ť' => 't',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_that_are_written_together_are_not_mixed() {
        for label in ["hotel", "旅館ホテルの", "호텔中", "гостиница", "hotel-24", "hôtel"]
        {
            assert!(!is_mixed(label), "{label}");
        }
        for label in ["hоtel", "γhotel", "旅hotel"] {
            assert!(is_mixed(label), "{label}");
        }
    }

    #[test]
    fn a_word_that_only_looks_latin_is_found_and_one_that_does_not_is_not() {
        let own = ["hotelhub.id".to_owned()];
        for name in ["аррӏе.com", "hotelhüb.id", "h0te1hub.id", "hotel-hub.id", "www.h0telhub.id"]
        {
            assert!(imitates(name, &own).is_some(), "{name}");
        }
        for name in ["гостиница.com", "hotelhub.com", "hotelhubud.id", "旅館.jp", "hôtel.fr"]
        {
            assert_eq!(imitates(name, &own), None, "{name}");
        }
    }

    #[test]
    fn a_word_is_at_home_below_a_top_level_domain_of_its_script() {
        let own = ["hotelhub.id".to_owned()];
        for name in ["кута.рф", "www.кута.рф", "кута-24.рф", "οσα.ελ", "酒店.中国"]
        {
            assert_eq!(imitates(name, &own), None, "{name}");
        }
        for name in ["кута.com", "кута.ελ", "οσα.рф", "кута.中国", "ωωω.com", "кута.рф.com"]
        {
            assert!(imitates(name, &own).is_some(), "{name}");
        }
    }
}
