//! `AMQP_URL`: where the broker is.

use hotelhub_core::config::Reader;
use lapin::uri::AMQPUri;
use secrecy::SecretString;

const NAME: &str = "AMQP_URL";
const FORM: &str = "amqp://name:password@host:port/vhost";

/// Reads `AMQP_URL`, which must be there.
pub fn read_amqp_url(reader: &mut Reader<'_>) -> Option<SecretString> {
    reader.address(NAME, FORM, is_broker)
}

/// Reads `AMQP_URL`, which may be left out.
pub fn read_optional_amqp_url(reader: &mut Reader<'_>) -> Option<Option<SecretString>> {
    reader.optional_address(NAME, FORM, is_broker)
}

fn is_broker(url: &str) -> bool {
    url.parse::<AMQPUri>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_has_an_amqp_address() {
        for good in ["amqp://127.0.0.1:1", "amqps://a:b@rabbit.example:5671/%2f"] {
            assert!(is_broker(good), "{good}");
        }
        for bad in ["http://rabbit.example", "rabbit.example:5672", "amqp://a:b:c", ""] {
            assert!(!is_broker(bad), "{bad}");
        }
    }
}
