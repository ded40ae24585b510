//! What goes back over HTTP: the envelopes of the three services.
//!
//! EC2 puts an operation's answer right under the root, with `requestId` first; its errors have no namespace and
//! write `RequestID`. STS wraps both in another way, and EC2 Instance Connect speaks JSON.

use crate::error::Error;
use crate::wire::xml::element;

/// An answer, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The `Content-Type` header.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// The id by which AWS and its clients name the request; it is in the body too.
    pub request_id: String,
    /// AWS's code, if the call was refused.
    pub error_code: Option<&'static str>,
}

impl Reply {
    /// Whether the call was refused.
    pub fn is_error(&self) -> bool {
        self.error_code.is_some()
    }
}

/// Which service is spoken to. They share a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Ec2,
    /// <https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html>
    Sts,
    /// <https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/Welcome.html>
    InstanceConnect,
}

/// What of a request its reply needs.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    pub service: Service,
    pub action: String,
    /// The API version that the client asked for, well-formed.
    pub version: String,
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const XML: &str = "text/xml;charset=UTF-8";
const JSON: &str = "application/x-amz-json-1.1";

impl Envelope {
    /// A reply with the elements of an answer.
    pub fn success(&self, request_id: String, content: String) -> Reply {
        let Envelope { action, version, .. } = self;
        let body = match self.service {
            // Lists are long: what is around one is put around it, where it is.
            Service::Ec2 => {
                let head =
                    format!("{DECLARATION}<{action}Response xmlns=\"http://ec2.amazonaws.com/doc/{version}/\"><requestId>{request_id}</requestId>");
                let mut body = content;
                body.insert_str(0, &head);
                body.extend(["</", action, "Response>"]);
                body
            }
            Service::Sts => format!(
                "{DECLARATION}<{action}Response xmlns=\"https://sts.amazonaws.com/doc/{version}/\">\
                 <{action}Result>{content}</{action}Result>\
                 <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
            ),
            Service::InstanceConnect => content,
        };
        Reply { status: 200, content_type: self.content_type(), body, request_id, error_code: None }
    }

    /// A reply that refuses.
    pub fn error(&self, request_id: String, error: &Error) -> Reply {
        let (code, sentence) = (self.code(error), error.to_string());
        let reason = element("Code", code) + &element("Message", &sentence);
        let body = match self.service {
            Service::Ec2 => {
                format!("{DECLARATION}<Response><Errors><Error>{reason}</Error></Errors><RequestID>{request_id}</RequestID></Response>")
            }
            Service::Sts => {
                let Envelope { version, .. } = self;
                let side = if error.status() < 500 { "Sender" } else { "Receiver" };
                format!(
                    "{DECLARATION}<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/{version}/\">\
                     <Error><Type>{side}</Type>{reason}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
                )
            }
            Service::InstanceConnect => serde_json::json!({ "__type": code, "Message": sentence }).to_string(),
        };
        Reply { status: self.status(error), content_type: self.content_type(), body, request_id, error_code: Some(code) }
    }

    /// What the service calls an error that all of them have.
    fn code(&self, error: &Error) -> &'static str {
        match (self.service, error) {
            (Service::InstanceConnect, Error::InvalidRegion) => "AuthException",
            (Service::InstanceConnect, Error::Internal) => "ServiceException",
            _ => error.code(),
        }
    }

    /// The HTTP status. AWS JSON knows only whose fault it was.
    fn status(&self, error: &Error) -> u16 {
        match (self.service, error.status()) {
            (Service::InstanceConnect, ..500) => 400,
            (_, status) => status,
        }
    }

    fn content_type(&self) -> &'static str {
        match self.service {
            Service::Ec2 | Service::Sts => XML,
            Service::InstanceConnect => JSON,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(service: Service) -> Envelope {
        Envelope { service, action: "GetThing".to_owned(), version: "2016-11-15".to_owned() }
    }

    #[test]
    fn each_service_has_its_envelope() {
        for (service, body) in [
            (
                Service::Ec2,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                 <GetThingResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>id</requestId><a/></GetThingResponse>",
            ),
            (
                Service::Sts,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                 <GetThingResponse xmlns=\"https://sts.amazonaws.com/doc/2016-11-15/\"><GetThingResult><a/></GetThingResult>\
                 <ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetThingResponse>",
            ),
            (Service::InstanceConnect, "<a/>"),
        ] {
            assert_eq!(envelope(service).success("id".to_owned(), "<a/>".to_owned()).body, body);
        }
    }

    #[test]
    fn errors_carry_code_and_sentence() {
        let error = Error::UnknownAction { action: "\"<\u{7}".to_owned() };
        for (service, body) in [
            (
                Service::Ec2,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                 <Response><Errors><Error><Code>InvalidAction</Code>\
                 <Message>The action &quot;&lt;\u{7} is not valid for this web service.</Message></Error></Errors>\
                 <RequestID>id</RequestID></Response>",
            ),
            (Service::InstanceConnect, "{\"Message\":\"The action \\\"<\\u0007 is not valid for this web service.\",\"__type\":\"InvalidAction\"}"),
        ] {
            let reply = envelope(service).error("id".to_owned(), &error);
            assert_eq!((reply.body.as_str(), reply.status, reply.is_error()), (body, 400, true));
        }
    }
}
