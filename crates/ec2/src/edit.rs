//! What a handler changes: a draft of its own, with ids and tags for what it creates.

use std::collections::BTreeMap;

use model::{Draft, Id, IdDigits, Key, Resource, ResourceId, Scope, TagSet, TagSetKey, Timestamp};

use crate::call::Ctx;
use crate::error::Error;
use crate::tag_specification::TagSpecifications;
use crate::view::{View, Visible};

/// A draft in the hands of one call.
pub(crate) struct Edit<'a, 'c> {
    /// The state with the call's changes so far.
    pub draft: Draft,
    pub scope: Scope,
    /// What to put on resources of each kind as they are created.
    pub tags: TagSpecifications,
    /// The token of a call that can be repeated.
    pub client_token: Option<String>,
    /// The id of the request, as its reply will have it.
    pub request_id: String,
    ctx: &'a mut Ctx<'c>,
}

impl<'a, 'c> Edit<'a, 'c> {
    /// A call's hands on a draft.
    pub fn new(draft: Draft, scope: Scope, ctx: &'a mut Ctx<'c>) -> Self {
        Self { draft, scope, tags: TagSpecifications::default(), client_token: None, request_id: ctx.request_id(), ctx }
    }

    /// The state so far.
    pub fn view(&self) -> View<'_> {
        View { snapshot: &self.draft, scope: self.scope }
    }

    /// The resource of that id.
    pub fn find<K>(&self, id: K) -> Result<&K::Resource, Error>
    where
        K: Key<Resource: Visible> + Id,
    {
        self.view().find(id)
    }

    /// The moment.
    pub fn now(&self) -> Timestamp {
        self.ctx.now
    }

    /// Why no imported image can be booted here, if so.
    pub fn image_trouble(&self) -> Option<String> {
        self.ctx.machine.image_trouble()
    }

    /// Why no disk can be given a size here, if so.
    pub fn volume_trouble(&self) -> Option<String> {
        self.ctx.machine.volume_trouble()
    }

    /// A random number.
    pub fn random(&mut self) -> u64 {
        (self.ctx.random)()
    }

    /// An id for a resource that has a table: the first free one from a random start.
    pub fn new_id<I: Id + Key>(&mut self) -> I {
        let mut digits = self.random();
        loop {
            let id = I::from_digits(IdDigits::from_random(digits));
            if self.draft.is_free(id) {
                return id;
            }
            digits = digits.wrapping_add(1);
        }
    }

    /// An id for what is part of a resource: an association, a rule.
    pub fn new_part_id<I: Id>(&mut self) -> I {
        I::from_digits(IdDigits::from_random(self.random()))
    }

    /// Adds what the call was made to create, with the tags that the call has for its kind.
    pub fn create<R: Resource<Key: Id>>(&mut self, resource: R) {
        let id = resource.key();
        self.draft.put(resource);
        self.tag_as_specified(id);
    }

    /// Puts the tags on it that the call has for its kind.
    pub fn tag_as_specified<I: Id>(&mut self, id: I) {
        let tags = self.tags.of(I::KIND).clone();
        self.put_tags(id.into(), tags);
    }

    /// Sets the caller's tags on a resource; none is no tag set.
    pub fn put_tags(&mut self, resource: ResourceId, tags: BTreeMap<String, String>) {
        match tags.is_empty() {
            true => self.draft.remove_tags(TagSetKey { resource, scope: self.scope }),
            false => self.draft.put(TagSet { resource, scope: self.scope, tags }),
        }
    }
}
