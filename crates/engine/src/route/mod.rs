//! Host, method and path template to endpoint.
//!
//! The host chooses one table, and only that one: an exact name beats the longest wildcard, which beats `*`. In that table
//! the longest base path that the path begins with decides, without a way back to a shorter one. The templates of the
//! APIs under it are compared from left to right: in every segment literal text beats a template with literal text beats
//! a whole parameter, and where the better choice leads nowhere, the next one is tried. The method is looked at last, as
//! OpenAPI says: a path that is found does not change with the method.
//!
//! INVARIANT (bounded search): the templates form a tree, and a search enters each node at most once, because only one way
//! leads to it. The work of a request is bounded by the number of templates, however hostile the path.

mod host;
mod mixed;
mod router;
mod table;
mod template;
mod tree;

pub(crate) use router::{Found, Router, RouterApi, RouterEndpoint};
