//! Capstan: api.
