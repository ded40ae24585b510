//! `ClientToken`: a call that is repeated under the same token is not done twice, and is answered as it was the first time.
//!
//! SDKs invent a token for each call and send it again when they did not hear the answer. A token is remembered for a day,
//! for its account, region and operation. <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html>

use model::{ClientTokenKey, Draft, Scope, Timestamp};

use crate::digest::fnv1a;
use crate::edit::Edit;
use crate::error::Error;
use crate::view::View;
use crate::wire::form::Form;

/// For how long a token is remembered.
const REMEMBERED: i64 = 24 * 60 * 60 * 1000;

/// How many tokens of an account in a region are remembered; beyond that the oldest is forgotten early.
const MOST: usize = 4096;

/// The token of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientToken {
    pub text: String,
    word: u64,
    parameters: u64,
}

impl ClientToken {
    /// Takes the token out of a form that has nothing but the operation's parameters.
    pub fn take(action: &str, form: &mut Form) -> Result<Option<Self>, Error> {
        let Some(text) = form.take_value("ClientToken").filter(|text| !text.is_empty()) else { return Ok(None) };
        if text.len() > 64 || !text.is_ascii() {
            return Err(Error::InvalidClientToken { token: text });
        }
        Ok(Some(Self { word: fnv1a(&format!("{action} {text}")), parameters: fnv1a(&form.to_string()), text }))
    }

    /// What the call was answered with if it was made before.
    pub fn earlier<'a>(&self, view: View<'a>) -> Result<Option<&'a str>, Error> {
        match view.snapshot.get(self.key(view.scope)) {
            Some(earlier) if earlier.parameters != self.parameters => Err(Error::IdempotentParameterMismatch),
            earlier => Ok(earlier.map(|earlier| earlier.answer.as_str())),
        }
    }

    /// Remembers the call.
    pub fn remember(&self, answer: &str, edit: &mut Edit<'_, '_>) {
        let mine = || edit.draft.in_scope::<model::ClientToken>(edit.scope);
        if mine().count() >= MOST
            && let Some(oldest) = mine().min_by_key(|token| (token.since, token.key)).map(|token| token.key)
        {
            edit.draft.forget(oldest);
        }
        let (key, since) = (self.key(edit.scope), edit.now());
        edit.draft.put(model::ClientToken { key, parameters: self.parameters, answer: answer.to_owned(), since });
    }

    fn key(&self, scope: Scope) -> ClientTokenKey {
        ClientTokenKey { scope, word: self.word }
    }
}

/// What an operation takes that can be repeated.
pub(crate) fn parameters(idempotent: bool) -> Vec<String> {
    idempotent.then(|| "ClientToken".to_owned()).into_iter().collect()
}

/// Forgets the tokens whose time is over; says when the next one's is.
pub(crate) fn forget(draft: &mut Draft, now: Timestamp) -> Option<Timestamp> {
    let ends: Vec<_> = draft.all::<model::ClientToken>().map(|token| (token.key, token.since.plus_millis(REMEMBERED))).collect();
    for &(key, _) in ends.iter().filter(|(_, end)| *end <= now) {
        draft.forget(key);
    }
    ends.into_iter().map(|(_, end)| end).filter(|end| *end > now).min()
}
