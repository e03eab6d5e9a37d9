//! What a person filled in, and what has to be right about it. No I/O here.

use chrono::{DateTime, Utc};
use hotelhub_http::language::Language;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zxcvbn::{Score, zxcvbn};

use super::{
    regions,
    slug::{Slug, SlugRefusal},
    texts::Texts,
};
use crate::{plans::Plan, subscriptions::Cycle};

const LONGEST_NAME: usize = 120;
const LONGEST_EMAIL: usize = 254;
const PASSWORD: std::ops::RangeInclusive<usize> = 8..=128;

/// A signup as it was sent. What is missing is empty, so that it is named among the other faults.
#[derive(Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(default)]
pub(crate) struct Draft {
    /// The hotel company.
    pub(crate) company_name: String,
    /// Its name in addresses.
    pub(crate) slug: String,
    /// The person who signs up.
    pub(crate) owner_name: String,
    /// The owner's address, also the login.
    pub(crate) owner_email: String,
    /// The owner's telephone number.
    pub(crate) owner_phone: String,
    /// The owner's password, 8 to 128 characters.
    pub(crate) password: String,
    /// `starter`, `growth` or `pro`.
    pub(crate) plan: String,
    /// How many rooms the hotel has.
    pub(crate) rooms: i64,
    /// `monthly` or `yearly`.
    pub(crate) billing_cycle: String,
    /// The province, ISO 3166-2, e.g. `ID-BA`.
    pub(crate) region: String,
    /// Of the hotel's pages and letters; that of the request if left out.
    pub(crate) language: Option<Language>,
}

/// A signup in which everything is right.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) slug: Slug,
    pub(crate) company_name: String,
    pub(crate) owner_name: String,
    pub(crate) owner_email: String,
    pub(crate) owner_phone: String,
    pub(crate) password: SecretString,
    pub(crate) plan: Plan,
    pub(crate) rooms: i32,
    pub(crate) cycle: Cycle,
    pub(crate) region: &'static str,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) field: &'static str,
    pub(crate) why: Why,
}

/// Why a field is not acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Missing,
    TooLong,
    SlugInvalid,
    SlugReserved,
    SlugTaken,
    /// For the vendor's people; others are told that it is taken.
    SlugRests {
        until: DateTime<Utc>,
    },
    EmailInvalid,
    PhoneInvalid,
    PasswordLength,
    PasswordWeak,
    PlanUnknown,
    RoomsTooFew,
    RoomsBeyondPlan {
        greatest: i32,
    },
    CycleUnknown,
    RegionUnknown,
}

impl Why {
    /// The fault in words.
    pub(crate) fn text(self, language: Language) -> String {
        let texts = Texts::of(language);
        let text = match self {
            Self::Missing => texts.fault_missing,
            Self::TooLong => texts.fault_too_long,
            Self::SlugInvalid => texts.fault_slug_invalid,
            Self::SlugReserved => texts.fault_slug_reserved,
            Self::SlugTaken => texts.fault_slug_taken,
            Self::SlugRests { until } => {
                let until = until.format("%Y-%m-%d %H:%M UTC").to_string();
                return texts.fault_slug_rests.replace("{until}", &until);
            }
            Self::EmailInvalid => texts.fault_email,
            Self::PhoneInvalid => texts.fault_phone,
            Self::PasswordLength => texts.fault_password_length,
            Self::PasswordWeak => texts.fault_password_weak,
            Self::PlanUnknown => texts.fault_plan,
            Self::RoomsTooFew => texts.fault_rooms_few,
            Self::RoomsBeyondPlan { greatest } => {
                return texts.fault_rooms_many.replace("{greatest}", &greatest.to_string());
            }
            Self::CycleUnknown => texts.fault_cycle,
            Self::RegionUnknown => texts.fault_region,
        };
        text.to_owned()
    }
}

impl From<SlugRefusal> for Why {
    fn from(refusal: SlugRefusal) -> Self {
        match refusal {
            SlugRefusal::Invalid => Self::SlugInvalid,
            SlugRefusal::Reserved => Self::SlugReserved,
        }
    }
}

impl Draft {
    /// The order that the draft makes, or everything that is wrong with it, in the order of the
    /// fields.
    pub(crate) fn check(&self, plans: &[Plan]) -> Result<Order, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut note = |field, checked: Result<(), Why>| {
            faults.extend(checked.err().map(|why| Fault { field, why }));
        };
        let mut company_name = None;
        note("company_name", name(&self.company_name).map(|it| company_name = Some(it)));
        let mut slug = None;
        note("slug", Slug::parse(&self.slug).map(|it| slug = Some(it)).map_err(Why::from));
        let mut owner_name = None;
        note("owner_name", name(&self.owner_name).map(|it| owner_name = Some(it)));
        let mut owner_email = None;
        note("owner_email", email(&self.owner_email).map(|it| owner_email = Some(it)));
        let mut owner_phone = None;
        note("owner_phone", phone(&self.owner_phone).map(|it| owner_phone = Some(it)));
        note("password", self.check_password());
        let plan = plans.iter().find(|it| it.slug == self.plan).cloned();
        note("plan", plan.as_ref().map(drop).ok_or(Why::PlanUnknown));
        let mut rooms = None;
        note("rooms", self.check_rooms(plan.as_ref()).map(|it| rooms = Some(it)));
        let cycle = self.billing_cycle.parse::<Cycle>().ok();
        note("billing_cycle", cycle.map(drop).ok_or(Why::CycleUnknown));
        let region = regions::find(&self.region);
        note("region", region.map(drop).ok_or(Why::RegionUnknown));

        let order = || {
            Some(Order {
                slug: slug?,
                company_name: company_name?,
                owner_name: owner_name?,
                owner_email: owner_email?,
                owner_phone: owner_phone?,
                password: SecretString::from(self.password.clone()),
                plan: plan?,
                rooms: rooms?,
                cycle: cycle?,
                region: region?,
            })
        };
        match order() {
            Some(order) if faults.is_empty() => Ok(order),
            _ => Err(faults),
        }
    }

    fn check_rooms(&self, plan: Option<&Plan>) -> Result<i32, Why> {
        let rooms = i32::try_from(self.rooms.min(i64::from(i32::MAX))).unwrap_or(0);
        let greatest = plan.map_or(i32::MAX, |it| it.max_rooms);
        match rooms {
            ..=0 => Err(Why::RoomsTooFew),
            it if it > greatest => Err(Why::RoomsBeyondPlan { greatest }),
            it => Ok(it),
        }
    }

    /// A password made of the person's own words is as weak as those words are known.
    fn check_password(&self) -> Result<(), Why> {
        if !PASSWORD.contains(&self.password.chars().count()) {
            return Err(Why::PasswordLength);
        }
        let fields = [&self.company_name, &self.slug, &self.owner_name, &self.owner_email];
        let mut known: Vec<&str> = fields.iter().map(|it| it.as_str()).collect();
        known.extend(fields.iter().flat_map(|it| it.split([' ', '@', '.', '-'])));
        known.retain(|it| it.chars().count() > 2);
        known.push("hotelhub");
        if zxcvbn(&self.password, &known).score() < Score::Three {
            return Err(Why::PasswordWeak);
        }
        Ok(())
    }
}

fn name(text: &str) -> Result<String, Why> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let name = words.join(" ");
    match name.chars().count() {
        0 => Err(Why::Missing),
        it if it > LONGEST_NAME => Err(Why::TooLong),
        // Anything invisible would show up in mail headers and on invoices.
        _ if name.chars().any(char::is_control) => Err(Why::Missing),
        _ => Ok(name),
    }
}

fn email(text: &str) -> Result<String, Why> {
    let email = text.trim().to_lowercase();
    if email.len() > LONGEST_EMAIL || !email.is_ascii() {
        return Err(Why::EmailInvalid);
    }
    let address: lettre::Address = email.parse().map_err(|_malformed| Why::EmailInvalid)?;
    let domain = address.domain();
    let has_dot = domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.');
    if has_dot { Ok(email) } else { Err(Why::EmailInvalid) }
}

/// The number in international form. One that begins with 0 is Indonesian.
fn phone(text: &str) -> Result<String, Why> {
    let compact: String =
        text.trim().chars().filter(|it| !matches!(it, ' ' | '-' | '.' | '(' | ')')).collect();
    let digits = match (compact.strip_prefix('+'), compact.strip_prefix('0')) {
        (Some(digits), _) => digits.to_owned(),
        (None, Some(digits)) => format!("62{digits}"),
        (None, None) => compact,
    };
    let well_formed = digits.bytes().all(|it| it.is_ascii_digit())
        && (8..=15).contains(&digits.len())
        && !digits.starts_with('0');
    if well_formed { Ok(format!("+{digits}")) } else { Err(Why::PhoneInvalid) }
}

#[cfg(test)]
mod tests {
    use hotelhub_core::money::Rupiah;

    use super::*;

    fn plans() -> Vec<Plan> {
        vec![Plan {
            id: uuid::Uuid::nil(),
            slug: "growth".to_owned(),
            name: "Growth".to_owned(),
            per_room_price: Rupiah::new(50_000),
            max_rooms: 50,
        }]
    }

    fn good() -> Draft {
        Draft {
            company_name: "  PT Mandala   Wisata ".to_owned(),
            slug: "Mandala".to_owned(),
            owner_name: "Wayan Sudana".to_owned(),
            owner_email: "Wayan@Mandala.example".to_owned(),
            owner_phone: "0812-3456-789".to_owned(),
            password: "kunci-kamar-tujuh-belas".to_owned(),
            plan: "growth".to_owned(),
            rooms: 20,
            billing_cycle: "monthly".to_owned(),
            region: "ID-BA".to_owned(),
            language: None,
        }
    }

    fn why(change: impl FnOnce(&mut Draft)) -> Vec<Why> {
        let mut draft = good();
        change(&mut draft);
        draft.check(&plans()).unwrap_err().into_iter().map(|it| it.why).collect()
    }

    #[test]
    fn a_good_draft_is_an_order_in_canonical_form() {
        let order = good().check(&plans()).unwrap();
        assert_eq!(order.slug.as_str(), "mandala");
        assert_eq!(order.company_name, "PT Mandala Wisata");
        assert_eq!(order.owner_email, "wayan@mandala.example");
        assert_eq!(order.owner_phone, "+628123456789");
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let faults = Draft::default().check(&plans()).unwrap_err();
        let fields: Vec<_> = faults.iter().map(|it| it.field).collect();
        assert_eq!(
            fields,
            [
                "company_name",
                "slug",
                "owner_name",
                "owner_email",
                "owner_phone",
                "password",
                "plan",
                "rooms",
                "billing_cycle",
                "region"
            ]
        );
    }

    #[test]
    fn each_field_has_its_own_fault() {
        assert_eq!(why(|it| it.owner_email = "wayan@mandala".into()), [Why::EmailInvalid]);
        assert_eq!(why(|it| it.owner_email = "wayan mandala.id".into()), [Why::EmailInvalid]);
        assert_eq!(why(|it| it.owner_phone = "call me".into()), [Why::PhoneInvalid]);
        assert_eq!(why(|it| it.rooms = 51), [Why::RoomsBeyondPlan { greatest: 50 }]);
        assert_eq!(why(|it| it.rooms = i64::MIN), [Why::RoomsTooFew]);
        assert_eq!(why(|it| it.region = "ID-XX".into()), [Why::RegionUnknown]);
        assert_eq!(why(|it| it.slug = "admin".into()), [Why::SlugReserved]);
        assert_eq!(why(|it| it.company_name = "x".repeat(121)), [Why::TooLong]);
    }

    #[test]
    fn a_password_of_known_words_is_weak() {
        assert_eq!(why(|it| it.password = "pass123".into()), [Why::PasswordLength]);
        assert_eq!(why(|it| it.password = "password1".into()), [Why::PasswordWeak]);
        assert_eq!(why(|it| it.password = "wayansudana".into()), [Why::PasswordWeak]);
        assert_eq!(why(|it| it.password = "x".repeat(129)), [Why::PasswordLength]);
    }
}
