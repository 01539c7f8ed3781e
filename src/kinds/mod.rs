//! The catalogue: what a manifest can describe, one file for each kind.
