//! What all Describe operations have in common: what is named or else everything, filtered, cut into a page.
//!
//! Filters look at the items of the answer, so that what they compare with is what the caller sees.

use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::error::Error;
use crate::filter::{FilterName, Filters, Tagged};
use crate::page::Page;
use crate::view::View;

/// A Describe operation: the parameters that are its own, and what it lists.
pub(crate) trait Describe: DeserializeOwned + Send + Sync + 'static {
    /// What it lists.
    type Item: Tagged + Serialize + 'static;
    /// The element that holds the list.
    const SET: &'static str;
    /// What filters can look at, apart from tags.
    const FILTERS: &'static [FilterName<Self::Item>];
    /// Names of filters about what nothing here has: AWS knows them, and they let nothing through.
    const ABSENT: &'static [&'static str] = &[];
    /// Whether it takes filters.
    const FILTERED: bool = true;
    /// Whether filters can look at tags.
    const TAGGED: bool = true;
    /// The sizes that a page may have; none if there are no pages.
    const PAGES: Option<RangeInclusive<u32>> = Some(5..=1000);
    /// Parameters without effect, as [`crate::wire::query::read`] has them.
    const INERT: &'static [&'static str] = &[];

    /// Everything that the parameters name.
    fn items(&self, view: View<'_>) -> Result<Vec<Self::Item>, Error>;

    /// What an item is told apart and sorted by.
    fn key(item: &Self::Item) -> String;

    /// Refuses parameters that do not go together. Only some operations mind both ids and a page size.
    fn check(&self, _page: &Page) -> Result<(), Error> {
        Ok(())
    }

    /// The items as they appear in the answer.
    fn set(items: Vec<Self::Item>) -> impl Serialize {
        items
    }
}

/// The answer of a Describe operation.
pub(crate) struct Answer<S> {
    name: &'static str,
    set: S,
    next_token: Option<String>,
}

impl<S: Serialize> Serialize for Answer<S> {
    fn serialize<W: Serializer>(&self, serializer: W) -> Result<W::Ok, W::Error> {
        let mut fields = serializer.serialize_struct("Answer", 2)?;
        fields.serialize_field("nextToken", &self.next_token)?;
        fields.serialize_field(self.name, &self.set)?;
        fields.end()
    }
}

/// The page of what the operation lists.
pub(crate) fn list<D: Describe>(operation: &D, filters: &Filters<D::Item>, page: &Page, view: View<'_>) -> Result<impl Serialize + use<D>, Error> {
    let mut items = operation.items(view)?;
    items.retain(|item| filters.admit(item));
    let (items, next_token) = page.cut(items, D::key);
    Ok(Answer { name: D::SET, set: D::set(items), next_token })
}
