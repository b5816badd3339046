//! All tests of the root package in one binary, which links once.

mod apps;
mod claims;
mod cli;
mod commands;
mod conformance;
mod copies;
mod documentation;
mod examples;
mod fixtures;
mod forge;
mod forms;
mod generate;
mod image;
mod matrix;
mod parsers;
mod properties;
mod reading;
mod registry;
mod rules;
mod simulate;
mod split;
mod support;
mod tidy;
mod verify;
mod volatility;
mod web;
