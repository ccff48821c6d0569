//! Host, method and path template to endpoint.
