//! The two codecs of the Query protocol: [`form`] and [`query`] read requests, [`xml`] writes replies.

pub(crate) mod form;
pub(crate) mod query;
pub(crate) mod xml;
