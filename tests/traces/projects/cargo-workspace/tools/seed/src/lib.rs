//! Fills a store for tests.

