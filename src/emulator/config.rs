//! How an emulated network behaves: its speed, its thresholds, and one switch for each thing that is not known about Alma.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lists the settings once: they make [`EmulatorConfig`] (the value for every zone), [`ZoneConfigOverride`]
/// (the values of one zone) and the crate's own `ZoneConfig` (what holds in a zone).
macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $default:expr;)*) => {
        /// How the network behaves. Every field may be left out of its JSON form.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct EmulatorConfig {
            /// Decides jitter, shuffles and faults that come by chance.
            pub seed: u64,
            /// What `update_date` says on rows that change, `YYYY-MM-DDZ`: the emulator has no calendar.
            pub today: String,
            /// What `updated_by` says on rows that change over the API.
            pub api_user: String,
            /// What `link` begins with: scheme, host and port, no slash at the end.
            pub base_url: String,
            /// How a key that no zone has is refused.
            pub unknown_key: UnknownKey,
            $($(#[$doc])* pub $name: $type,)*
            /// Zones that behave otherwise, by code.
            pub zones: BTreeMap<String, ZoneConfigOverride>,
        }

        /// What is different in one zone.
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct ZoneConfigOverride {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $name: Option<$type>,)*
        }

        /// What holds in one zone.
        #[derive(Debug, Clone)]
        pub(super) struct ZoneConfig {
            pub seed: u64,
            pub today: String,
            pub api_user: String,
            pub base_url: String,
            $(pub $name: $type,)*
        }

        impl Default for EmulatorConfig {
            fn default() -> Self {
                Self {
                    seed: 0,
                    today: "2026-03-02Z".to_owned(),
                    api_user: "API_USER".to_owned(),
                    base_url: "http://127.0.0.1:8080".to_owned(),
                    unknown_key: UnknownKey::Forbidden,
                    $($name: $default,)*
                    zones: BTreeMap::new(),
                }
            }
        }

        impl EmulatorConfig {
            /// What holds in the zone with this code.
            pub(super) fn settings(&self, zone: &str) -> ZoneConfig {
                let own = self.zones.get(zone);
                ZoneConfig {
                    seed: self.seed,
                    today: self.today.clone(),
                    api_user: self.api_user.clone(),
                    base_url: self.base_url.clone(),
                    $($name: own.and_then(|own| own.$name).unwrap_or(self.$name),)*
                }
            }
        }
    };
}

settings! {
    /// Whether the zone can be connected to.
    connection: Connection = Connection::Up;
    /// Time from request to answer in milliseconds; half of it passes before the zone sees the request.
    latency_ms: u64 = 0;
    /// Up to this many milliseconds more, another number for each request.
    jitter_ms: u64 = 0;
    /// Requests in any one second, over all keys of the institution; 4294967295 for no threshold.
    /// 25 comes from the vendor's slides; client authors report 50, and 10 for a sandbox.
    per_second: u32 = 25;
    /// Requests of one day. The vendor speaks of 1000 for each named user.
    daily: u64 = 100_000;
    /// What errors of the gateway look like. All four shapes are reported by client authors.
    gateway_errors: ErrorShape = ErrorShape::Asked;
    /// Whether what the vendor's schema calls optional is answered.
    optional_fields: OptionalFields = OptionalFields::Answered;
    /// Whether rows come back in the order they were sent in. Not known.
    row_order: RowOrder = RowOrder::Kept;
    /// What a flag is in JSON. The vendor's schema says boolean, some client authors document texts.
    booleans: Booleans = Booleans::Json;
    /// Whether the two list calls page. Not known: the vendor's OpenAPI names no parameter, some clients send one.
    lists: Lists = Lists::Whole;
    /// What a PUT does to `managed_in_network`. The vendor's two schemas of a mapping table disagree.
    managed_in_network: ManagedInNetwork = ManagedInNetwork::Honoured;
    /// What columns without a value look like. Absent in the one answer of a real zone that was seen.
    unused_columns: UnusedColumns = UnusedColumns::Absent;
    /// Whether a column that takes codes of a code table refuses other values. Not known for the API.
    column_values: ColumnValues = ColumnValues::Unchecked;
    /// Whether a PUT of a letter changes `enabled`. The vendor's schema for reading holds it, that for writing does not.
    letter_enabled: LetterEnabled = LetterEnabled::Honoured;
    /// What relations between libraries look like. The vendor publishes no schema of them.
    relation_shape: RelationShape = RelationShape::OneByOne;
    /// What `inherited` says of an institution's own opening hours. The vendor's schema: "False means that it is a
    /// change in the library scope."
    institution_hours: InstitutionHours = InstitutionHours::Own;
    /// What becomes of the groups of an e-resource that a PUT leaves out of `group_setting`. Not known.
    group_settings: GroupSettings = GroupSettings::Replaced;
    /// What a group's `value` is beside its `desc`. Not known: the one answer that was seen has `desc` alone.
    group_codes: GroupCodes = GroupCodes::Names;
}

impl EmulatorConfig {
    /// The default without thresholds: for benchmarks, and for tests that are about something else.
    pub fn without_thresholds() -> Self {
        Self { per_second: u32::MAX, daily: u64::MAX, ..Self::default() }
    }
}

macro_rules! switches {
    ($($(#[$doc:meta])* $name:ident { $($(#[$choice_doc:meta])* $choice:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$choice_doc])* $choice,)* }
    )*};
}

switches! {
    /// Whether a zone can be connected to.
    Connection {
        /// It can.
        Up,
        /// It cannot: in process the transport cannot connect, over sockets the connection breaks.
        Down,
    }
    /// How the gateway refuses a key that it does not know.
    UnknownKey {
        /// HTTP 403 `INVALID_REQUEST`, as a maintainer of a hosted service documents it.
        Forbidden,
        /// HTTP 400 `UNAUTHORIZED`, whose text speaks of keys that are not defined.
        Unauthorized,
    }
    /// What an error looks like.
    ErrorShape {
        /// JSON with a list of errors, or XML, as the request asked.
        Asked,
        /// JSON, `errorList.error` is a list.
        JsonList,
        /// JSON below `web_service_result`, `errorList.error` is one object, no `trackingId`.
        JsonObject,
        /// XML.
        Xml,
        /// A page made for people, as a proxy on the way answers.
        Html,
    }
    /// Whether optional fields are answered.
    OptionalFields {
        /// All of them, apart from lists that are empty.
        Answered,
        /// None: no language, no links, no update dates, no totals, no flags at their defaults.
        Sparse,
    }
    /// The order of rows.
    RowOrder {
        /// As they were sent.
        Kept,
        /// Another one, the same each time.
        Shuffled,
    }
    /// What a flag is in JSON.
    Booleans {
        /// `true`.
        Json,
        /// `"true"`.
        Text,
    }
    /// Whether list calls page.
    Lists {
        /// All entries, whatever `limit` says.
        Whole,
        /// `limit` (0 to 100, 10 by default) and `offset` count.
        Paged,
    }
    /// What a PUT does to `managed_in_network`.
    ManagedInNetwork {
        /// It sets it, in the network zone.
        Honoured,
        /// Rows keep what they had, new ones get `false`.
        Ignored,
    }
    /// What columns without a value look like.
    UnusedColumns {
        /// They are left out.
        Absent,
        /// `""`.
        Empty,
    }
    /// Whether values of columns are looked up.
    ColumnValues {
        /// Anything goes.
        Unchecked,
        /// A value that the code table of the column's header does not hold is refused with 402119.
        Checked,
    }
    /// Whether a PUT of a letter changes `enabled`.
    LetterEnabled {
        /// It does.
        Honoured,
        /// It is passed over in silence.
        Ignored,
    }
    /// What relations between libraries look like.
    RelationShape {
        /// `relation`, an entry for each library and type, both `{"value": ..}`.
        OneByOne,
        /// `relations`, an entry for each library with a list of types.
        Grouped,
    }
    /// What `inherited` says of an institution's own opening hours.
    InstitutionHours {
        /// `false`.
        Own,
        /// `true`, since they are no change in the library scope.
        Inherited,
    }
    /// What becomes of the groups of an e-resource that a PUT leaves out of its list.
    GroupSettings {
        /// They go.
        Replaced,
        /// They go, unless the list is empty, which counts as left out.
        ReplacedUnlessEmpty,
        /// They stay, as any member does that is left out.
        Merged,
    }
    /// What a group's `value` is.
    GroupCodes {
        /// Its name, which `desc` is too.
        Names,
        /// A number of the zone's own; `desc` is the name. A PUT takes nothing but the number.
        Numbers,
        /// There is none: `desc` is the name, and a PUT takes that.
        Absent,
    }
}
