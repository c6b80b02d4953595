//! The rules of the house, checked: `cargo test --test tidy`.

mod borders;
mod files;
mod indexes;
mod source;
