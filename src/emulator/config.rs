//! Configuration of the emulator: speed, thresholds, and a switch for each unknown detail of Alma.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares the settings in one list and generates three types.
///
/// [`EmulatorConfig`] holds the values for every zone, [`ZoneConfigOverride`] the values of a single zone.
/// The crate's own `EmulatorConfig` holds the effective values of a zone.
macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $default:expr;)*) => {
        /// Configuration of the emulated network. Every field is optional in JSON.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct EmulatorConfig {
            /// Seed of jitter, shuffles and random faults.
            pub seed: u64,
            /// `update_date` of changed rows, `YYYY-MM-DDZ`. The emulator has no calendar.
            pub today: String,
            /// `updated_by` of rows changed over the API.
            pub api_user: String,
            /// Start of every `link`: scheme, host and port, without a slash at the end.
            pub base_url: String,
            /// Response to an unknown API key.
            pub unknown_key: UnknownKey,
            $($(#[$doc])* pub $name: $type,)*
            /// Overrides by zone code.
            pub zones: BTreeMap<String, ZoneConfigOverride>,
        }

        /// Settings that differ in one zone.
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct ZoneConfigOverride {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $name: Option<$type>,)*
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
            /// Returns the effective settings of the zone with this code.
            pub(super) fn settings(&self, zone: &str) -> Self {
                let own = self.zones.get(zone);
                Self {
                    $($name: own.and_then(|own| own.$name).unwrap_or(self.$name),)*
                    ..self.clone()
                }
            }
        }
    };
}

settings! {
    /// Availability of the zone.
    connection: Connection = Connection::Up;
    /// Time from request to response in milliseconds. Half of the time passes before the zone receives the
    /// request.
    latency_ms: u64 = 0;
    /// Maximum random extra delay in milliseconds, drawn anew for every request.
    jitter_ms: u64 = 0;
    /// Maximum requests in any one second, over all keys of the institution. 4294967295 disables the
    /// threshold. The vendor's slides say 25; client authors report 50, and 10 for a sandbox.
    per_second: u32 = 25;
    /// Maximum requests per day. The vendor states 1000 per named user.
    daily: u64 = 100_000;
    /// Format of gateway errors. Client authors report all four formats.
    gateway_errors: ErrorShape = ErrorShape::AsRequested;
    /// Presence of fields that the vendor's schema marks as optional.
    optional_fields: OptionalFields = OptionalFields::Answered;
    /// Format of members without a value. Real zones send all three.
    empty_values: EmptyValues = EmptyValues::Absent;
    /// Format of empty lists in JSON. Real zones send all three.
    empty_lists: EmptyLists = EmptyLists::Absent;
    /// Members of the vendor's schemas that no endpoint here needs.
    extra_members: ExtraMembers = ExtraMembers::Omitted;
    /// Order of rows in a response. Unknown for Alma.
    row_order: RowOrder = RowOrder::Kept;
    /// Format of flags in JSON. The vendor's schema says boolean; some client authors document texts.
    booleans: Booleans = Booleans::Json;
    /// Paging of the two list calls. Unknown for Alma: the vendor's OpenAPI names no parameter, some clients
    /// send one.
    lists: Lists = Lists::Unpaged;
    /// Tables in the two list calls that the API hides. Unknown for Alma.
    hidden_tables: HiddenTables = HiddenTables::Omitted;
    /// Effect of a PUT on `managed_in_network`. The vendor's two schemas of a mapping table disagree.
    managed_in_network: ManagedInNetwork = ManagedInNetwork::Respected;
    /// `updated_by` of rows from the distribution jobs of the Network Zone. Alma's pages show `Network`; unknown
    /// for the API.
    distribution_author: DistributionAuthor = DistributionAuthor::Shown;
    /// Format of columns without a value. The only known response of a real zone omits such columns.
    unused_columns: UnusedColumns = UnusedColumns::Absent;
    /// Validation of column values against their code table. Unknown for the API.
    column_values: ColumnValues = ColumnValues::Unchecked;
    /// Effect of a table PUT without `scope`. The vendor's schemas require the member; unknown for the API.
    missing_scope: MissingScope = MissingScope::Refused;
    /// Effect of a letter PUT on `enabled`. The vendor's schema for reading has the field, the schema for
    /// writing does not.
    letter_enabled: LetterEnabled = LetterEnabled::Respected;
    /// Users modified on the date of `modify_date_from`. The vendor's OpenAPI says "after the given date".
    modify_date: ModifyDate = ModifyDate::Included;
    /// Format of library relations. The vendor publishes no schema.
    relation_shape: RelationShape = RelationShape::EntryPerType;
    /// `inherited` flag of an institution's own opening hours. The vendor's schema: "False means that it is a
    /// change in the library scope."
    institution_hours: InstitutionHours = InstitutionHours::Own;
    /// Effect of the institution's code as `scope` of opening hours. The vendor's OpenAPI requires a scope, its
    /// text calls the scope optional, and all known clients omit the scope of the institution.
    institution_scope: InstitutionScope = InstitutionScope::Accepted;
    /// Status of closed days. The vendor's schema says `CLOSED`, the known zones say `CLOSE`.
    closed_status: ClosedStatus = ClosedStatus::Closed;
    /// Last date of an event of one day. The events of known zones have none.
    event_end: EventEnd = EventEnd::Kept;
    /// Effect of a PUT on the last date of weekly hours. Librarians report three years ahead.
    week_end: WeekEnd = WeekEnd::Kept;
    /// Description of weekly hours that were sent without one.
    week_description: WeekDescription = WeekDescription::Kept;
    /// Effect of a PUT that changes past entries. Alma's pages refuse the edit; unknown for the API.
    past_hours: PastHours = PastHours::Accepted;
    /// Effect of a PUT on groups of an e-resource missing from `group_setting`. Unknown for Alma.
    group_settings: GroupSettings = GroupSettings::Replaced;
    /// `value` of a group, next to `desc`. Unknown for Alma: the only known response has `desc` alone.
    group_codes: GroupCodes = GroupCodes::Names;
    /// `proxy_enabled` of a group that uses the proxy of the resource. The vendor's schema: reads back empty.
    resource_default: ResourceDefault = ResourceDefault::Kept;
}

impl EmulatorConfig {
    /// Returns the default without thresholds, for benchmarks and for tests of unrelated features.
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
    /// Availability of a zone.
    Connection {
        /// Reachable.
        Up,
        /// Unreachable: the in-process transport cannot connect, a socket connection breaks.
        Down,
    }
    /// Response of the gateway to an unknown API key.
    UnknownKey {
        /// HTTP 403 `INVALID_REQUEST`, as documented by a maintainer of a hosted service.
        Forbidden,
        /// HTTP 400 `UNAUTHORIZED`. The text mentions undefined keys.
        Unauthorized,
    }
    /// Format of an error.
    ErrorShape {
        /// JSON with a list of errors, or XML, as requested.
        AsRequested,
        /// JSON. `errorList.error` is a list.
        JsonList,
        /// JSON below `web_service_result`. `errorList.error` is one object, without `trackingId`.
        JsonObject,
        /// XML.
        Xml,
        /// HTML page, as returned by a proxy on the way.
        Html,
    }
    /// Presence of optional fields.
    OptionalFields {
        /// All optional fields, except empty lists.
        Answered,
        /// No optional fields: no language, links, update dates or totals, and no flags at their defaults.
        Sparse,
    }
    /// Format of members without a value.
    EmptyValues {
        /// Omitted.
        Absent,
        /// `null`, and an empty element in XML.
        Null,
        /// `""`, or `{"value": "", "desc": null}` for a code, and an empty element in XML.
        Empty,
    }
    /// Format of empty lists.
    EmptyLists {
        /// Omitted.
        Absent,
        /// `[]`.
        Present,
        /// `null`.
        Null,
    }
    /// Members of the vendor's schemas beyond those with a purpose in the emulator.
    ExtraMembers {
        /// Omitted.
        Omitted,
        /// Answered: every member that a zone always answers, with lists of objects for notes and numbers.
        Documented,
    }
    /// Hidden tables in lists.
    HiddenTables {
        /// Omitted.
        Omitted,
        /// Listed; a read of the rows gets error 90102.
        Listed,
    }
    /// Order of rows.
    RowOrder {
        /// Order as sent.
        Kept,
        /// Shuffled order, the same for every request.
        Shuffled,
    }
    /// Format of flags in JSON.
    Booleans {
        /// `true`.
        Json,
        /// `"true"`.
        Text,
    }
    /// Paging of list calls.
    Lists {
        /// All entries; `limit` has no effect.
        Unpaged,
        /// Pages by `limit` (0 to 100, default 10) and `offset`.
        Paged,
    }
    /// Effect of a PUT on `managed_in_network`.
    ManagedInNetwork {
        /// Sets the flag in the Network Zone.
        Respected,
        /// Keeps the flag of existing rows; new rows get `false`.
        Ignored,
    }
    /// `updated_by` of rows from the distribution jobs.
    DistributionAuthor {
        /// `Network`.
        Shown,
        /// Omitted, with the date.
        Hidden,
    }
    /// Format of columns without a value.
    UnusedColumns {
        /// Omitted.
        Absent,
        /// `""`.
        Empty,
    }
    /// Validation of column values.
    ColumnValues {
        /// Accepts any value.
        Unchecked,
        /// Rejects a value outside the code table of the column's header with 402119.
        Checked,
    }
    /// Effect of a table PUT without `scope`.
    MissingScope {
        /// Error.
        Refused,
        /// Replaces the rows of the institution.
        Institution,
    }
    /// Effect of a letter PUT on `enabled`.
    LetterEnabled {
        /// Changes `enabled`.
        Respected,
        /// Ignores `enabled` silently.
        Ignored,
    }
    /// Users modified on the date of `modify_date_from`.
    ModifyDate {
        /// Listed.
        Included,
        /// Not listed.
        Excluded,
    }
    /// Format of library relations.
    RelationShape {
        /// `relation`: one entry per library and type, both `{"value": ..}`.
        EntryPerType,
        /// `relations`: one entry per library with a list of types.
        Grouped,
    }
    /// `inherited` flag of an institution's own opening hours.
    InstitutionHours {
        /// `false`.
        Own,
        /// `true`, because the hours are no change in the library scope.
        Inherited,
    }
    /// Effect of the institution's code as `scope`.
    InstitutionScope {
        /// Calendar of the institution.
        Accepted,
        /// Error: a scope is a library.
        Refused,
    }
    /// Status of closed days.
    ClosedStatus {
        /// `CLOSED`; a PUT also accepts `CLOSE`.
        Closed,
        /// `CLOSE`; a PUT with `CLOSED` is refused.
        Close,
    }
    /// Last date of an event of one day.
    EventEnd {
        /// As sent.
        Kept,
        /// Omitted.
        Dropped,
    }
    /// Effect of a PUT on the last date of weekly hours.
    WeekEnd {
        /// As sent.
        Kept,
        /// Three years after `today`, for all weekly hours of the calendar.
        Moved,
    }
    /// Description of weekly hours that were sent without one.
    WeekDescription {
        /// Empty.
        Kept,
        /// `Standard operating hours`.
        Standard,
    }
    /// Effect of a PUT that changes past entries.
    PastHours {
        /// Changes the entries.
        Accepted,
        /// Error.
        Refused,
    }
    /// Effect of a PUT on groups of an e-resource missing from the list.
    GroupSettings {
        /// Removes the groups.
        Replaced,
        /// Removes the groups, unless the list is empty. An empty list counts as omitted.
        ReplacedUnlessEmpty,
        /// Keeps the groups, like any omitted field.
        Merged,
    }
    /// `value` of a group.
    GroupCodes {
        /// Name, equal to `desc`.
        Names,
        /// Number assigned by the zone; `desc` is the name. A PUT accepts only the number.
        Numbers,
        /// Absent: `desc` is the name, and a PUT accepts `desc`.
        Absent,
    }
    /// `proxy_enabled` of a group that uses the proxy of the resource.
    ResourceDefault {
        /// As sent: `2`.
        Kept,
        /// Empty.
        Empty,
    }
}
