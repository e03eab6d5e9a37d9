//! W3C Trace Context: which work of which programs belongs together.
//!
//! A request's context goes into the rows of the jobs it causes, from there into their tickets'
//! and tries' log lines, and on to the outside systems that a try calls.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// The header and its form, <https://www.w3.org/TR/trace-context/>.
pub const TRACEPARENT: &str = "traceparent";

/// The bit of the flags that says: somebody before may have kept this.
const SAMPLED: u8 = 1;
/// Version, trace, span and flags, with their dashes.
const LENGTH: usize = 55;

/// One piece of work within a trace. Neither id is ever all zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceContext {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    sampled: bool,
}

/// The text is no trace context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a W3C trace context")]
pub struct InvalidTraceContext;

/// A trace's id, as its 32 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

impl TraceContext {
    /// The first work of a trace that is called after what caused it: a request, or a job that no
    /// request caused.
    #[must_use]
    pub fn beginning(cause: Uuid, sampled: bool) -> Self {
        let trace_id = if cause.is_nil() { fresh() } else { cause.into_bytes() };
        Self { trace_id, span_id: fresh(), sampled }
    }

    /// Another work in the same trace.
    #[must_use]
    pub fn child(self) -> Self {
        Self { span_id: fresh(), ..self }
    }

    /// The trace it belongs to.
    #[must_use]
    pub const fn trace_id(&self) -> TraceId {
        TraceId(self.trace_id)
    }

    /// Which work of the trace it is.
    #[must_use]
    pub const fn span_id(&self) -> [u8; 8] {
        self.span_id
    }

    /// Whether its spans are to be kept.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.sampled
    }
}

impl TraceId {
    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

/// The form of version 00.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-", self.trace_id())?;
        write_hex(f, &self.span_id)?;
        write!(f, "-{:02x}", u8::from(self.sampled))
    }
}

impl FromStr for TraceContext {
    type Err = InvalidTraceContext;

    /// Later versions may say more, after another dash; what version 00 says stands in front.
    fn from_str(text: &str) -> Result<Self, InvalidTraceContext> {
        let (ours, rest) = text.as_bytes().split_at_checked(LENGTH).ok_or(InvalidTraceContext)?;
        let mut fields = ours.split(|it| *it == b'-');
        let mut next = || fields.next().ok_or(InvalidTraceContext);
        let [version] = read_hex(next()?)?;
        let trace_id: [u8; 16] = read_hex(next()?)?;
        let span_id: [u8; 8] = read_hex(next()?)?;
        let [flags] = read_hex(next()?)?;
        let ends_well = match version {
            0 => rest.is_empty(),
            0xff => false,
            _ => rest.first().is_none_or(|it| *it == b'-'),
        };
        if !ends_well || trace_id == [0; 16] || span_id == [0; 8] {
            return Err(InvalidTraceContext);
        }
        Ok(Self { trace_id, span_id, sampled: flags & SAMPLED != 0 })
    }
}

/// Random bytes, not all zero.
fn fresh<const N: usize>() -> [u8; N] {
    loop {
        let bytes = rand::random::<[u8; N]>();
        if bytes != [0; N] {
            return bytes;
        }
    }
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|it| write!(f, "{it:02x}"))
}

/// As many digits as the bytes have; only lower case is allowed.
fn read_hex<const N: usize>(digits: &[u8]) -> Result<[u8; N], InvalidTraceContext> {
    let (pairs, odd) = digits.as_chunks::<2>();
    if pairs.len() != N || !odd.is_empty() {
        return Err(InvalidTraceContext);
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = (nibble(*high)? << 4) | nibble(*low)?;
    }
    Ok(bytes)
}

const fn nibble(digit: u8) -> Result<u8, InvalidTraceContext> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(InvalidTraceContext),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_example_of_the_standard_reads_back() {
        let context: TraceContext = EXAMPLE.parse().unwrap();
        assert_eq!(context.to_string(), EXAMPLE);
        assert_eq!(context.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(context.span_id(), [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]);
        assert!(context.is_sampled());
    }

    #[test]
    fn what_is_malformed_or_all_zero_is_refused() {
        for bad in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902bg-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
            "01890a5d-ac96-774b-bcce-b302099a8057",
        ] {
            assert_eq!(bad.parse::<TraceContext>(), Err(InvalidTraceContext), "{bad}");
        }
    }

    #[test]
    fn of_a_later_version_and_strange_flags_the_known_part_is_read() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
        for (text, sampled) in [
            (format!("01-{trace}-03"), true),
            (format!("cc-{trace}-01-what-the-future-says"), true),
            (format!("00-{trace}-fe"), false),
        ] {
            let context: TraceContext = text.parse().unwrap();
            assert_eq!(context.to_string(), format!("00-{trace}-0{}", u8::from(sampled)));
        }
    }

    #[test]
    fn a_trace_is_called_after_its_cause_unless_that_is_nothing() {
        let cause: Uuid = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let (one, other) =
            (TraceContext::beginning(cause, true), TraceContext::beginning(cause, true));
        assert_eq!(one.trace_id().to_string(), "01890a5dac96774bbcceb302099a8057");
        assert_eq!(one.trace_id(), other.trace_id());
        assert_ne!(one.span_id(), other.span_id());
        let nothing = TraceContext::beginning(Uuid::nil(), true);
        assert_ne!(nothing.trace_id().as_bytes(), &[0; 16]);
    }

    proptest! {
        #[test]
        fn whatever_is_written_reads_back_and_a_child_stays_in_the_trace(
            cause in any::<u128>(), sampled in any::<bool>(),
        ) {
            let context = TraceContext::beginning(Uuid::from_u128(cause), sampled);
            prop_assert_eq!(context.to_string().parse(), Ok(context));
            let child = context.child();
            prop_assert_eq!((child.trace_id(), child.is_sampled()), (context.trace_id(), sampled));
            prop_assert_ne!(child.span_id(), context.span_id());
        }

        #[test]
        fn whatever_is_read_is_valid_and_in_the_form_of_version_00(
            text in "[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.{0,9})?",
        ) {
            if let Ok(context) = text.parse::<TraceContext>() {
                prop_assert_eq!(context.to_string().parse(), Ok(context));
                prop_assert_eq!(&context.to_string()[2..52], &text[2..52]);
            } else {
                prop_assert!(text.starts_with("ff") || text.starts_with("00-") );
            }
        }

        #[test]
        fn no_text_is_too_strange_to_be_read(text in ".{0,80}") {
            if let Ok(context) = text.parse::<TraceContext>() {
                prop_assert_eq!(context.to_string().len(), LENGTH);
            }
        }
    }
}
