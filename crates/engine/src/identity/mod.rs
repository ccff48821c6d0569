//! Credentials to identity.
