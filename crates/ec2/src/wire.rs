//! The two codecs of the Query protocol: [`form`] and [`query`] read requests, [`xml`] writes replies. [`outline`] says
//! what [`query`] would read.

pub(crate) mod form;
pub(crate) mod outline;
pub(crate) mod query;
pub(crate) mod xml;
