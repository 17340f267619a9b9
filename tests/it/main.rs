//! Integration tests, all in one binary.
