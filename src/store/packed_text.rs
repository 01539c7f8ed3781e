//! Texts of the store, compressed.

use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

/// Compression level: the texts repeat themselves so much that more effort gains little.
const LEVEL: u32 = 3;

/// Compressed text. Equal texts have equal bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedText(Arc<[u8]>);

impl PackedText {
    /// Compresses a text.
    pub fn new(text: &str) -> Self {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(LEVEL));
        let done = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
        #[expect(clippy::expect_used, reason = "writing to a vector cannot fail")]
        let bytes = done.expect("a vector accepts all bytes");
        Self(bytes.into())
    }

    /// Returns a text as read from the database.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// Returns the compressed bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the text.
    ///
    /// # Errors
    /// Returns an error for damaged bytes.
    pub fn text(&self) -> Result<String, io::Error> {
        let mut text = String::new();
        ZlibDecoder::new(&self.0[..]).read_to_string(&mut text)?;
        Ok(text)
    }
}
