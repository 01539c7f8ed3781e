//! API keys of the gateway.

/// API keys of the gateway, valid for every zone.
#[derive(Debug, Clone)]
pub struct GatewayKeys {
    /// Read-only key.
    pub read: String,
    /// Key for reading and writing.
    pub write: String,
}

impl Default for GatewayKeys {
    fn default() -> Self {
        Self { read: "emulated-gateway-read".to_owned(), write: "emulated-gateway-write".to_owned() }
    }
}
