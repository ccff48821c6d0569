//! Tokens as a request presents them, against issuers as a policy describes them.

mod claims;
mod compact;
mod compile;
mod header;
mod signature;
mod vectors;
