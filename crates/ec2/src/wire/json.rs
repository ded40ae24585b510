//! The codec of AWS JSON 1.1: a JSON object in, a JSON object out. Members that are not known are ignored, as AWS does.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// Reads the body of a request.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::Serialization { reason: error.to_string() })
}

/// Writes an answer.
pub(crate) fn content<T: Serialize>(answer: &T) -> Result<String, Error> {
    serde_json::to_string(answer).map_err(|_| Error::Internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
    struct Thing {
        name: Option<String>,
    }

    #[test]
    fn an_object_is_read_and_written() {
        let thing: Thing = read(br#"{"name": "a", "size": 1}"#).unwrap();
        assert_eq!((&thing.name.as_deref(), content(&thing).unwrap().as_str()), (&Some("a"), r#"{"name":"a"}"#));
        for body in ["", "[1]", "name=a", r#"{"name": 1}"#, "{\"name\": \"\u{0}"] {
            assert_eq!(read::<Thing>(body.as_bytes()).unwrap_err().code(), "SerializationException", "{body}");
        }
    }
}
