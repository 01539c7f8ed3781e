//! All diagnostic codes in one table. A code never changes its meaning, because users suppress diagnostics by
//! code.

macro_rules! codes {
    ($($name:ident = $code:literal: $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: &str = $code;)*

        /// All codes with their meaning, in ascending order.
        pub const ALL: &[(&str, &str)] = &[$(($code, $meaning)),*];
    };
}

codes! {
    // Z01xx: files and YAML.
    UNREADABLE = "Z0101": "file is not readable as text";
    YAML = "Z0102": "invalid YAML";
    TAB = "Z0103": "tab used as indentation";
    DUPLICATE_KEY = "Z0104": "duplicate key in a map";
    KEY_NOT_TEXT = "Z0105": "key is not text";
    TAG = "Z0106": "unsupported YAML tag";
    ALIAS = "Z0107": "alias is unknown, recursive, or repeats too many values";
    NESTING = "Z0108": "lists and maps are nested too deeply";
    MERGE_KEY = "Z0109": "unsupported merge key";
    NO_SOURCES = "Z0110": "no manifests found";
    TOO_LARGE = "Z0111": "file is too large";
    CUT_BY_COMMENT = "Z0112": "unquoted text ends before a `#` that may belong to it";
    CURLY_QUOTES = "Z0113": "unquoted text in curly quotes";

    // Z02xx: envelope and schema.
    API_VERSION = "Z0201": "`apiVersion` is missing or not supported";
    KIND = "Z0202": "kind is missing or unknown";
    UNKNOWN_FIELD = "Z0203": "unknown field";
    MISSING_FIELD = "Z0204": "required field is missing";
    WRONG_TYPE = "Z0205": "value has the wrong type";
    NOT_ONE_OF = "Z0206": "value is not an allowed one";
    WRONG_FORM = "Z0207": "text does not match the required pattern";
    OUT_OF_RANGE = "Z0208": "number or length is out of range";
    NOT_EXACTLY_ONE = "Z0209": "none or several of mutually exclusive fields are set";
    DUPLICATE_MANIFEST = "Z0210": "two manifests have the same kind and name";
    SCHEMA = "Z0211": "value does not match the schema";

    // Z03xx: the network.
    NO_NETWORK = "Z0301": "no `Network` manifest";
    SECOND_NETWORK = "Z0302": "more than one `Network` manifest";
    UNKNOWN_ENVIRONMENT = "Z0303": "selected environment is not declared";
    DUPLICATE_ZONE = "Z0304": "duplicate zone code";
    BASE_URL = "Z0305": "invalid base URL";
    PLAIN_HTTP = "Z0306": "API keys would be sent unencrypted";
    NO_ADDRESS = "Z0307": "zone has neither region nor base URL";
    NO_READ_KEY = "Z0308": "zone has no read credentials";
    PLACEHOLDER = "Z0309": "unknown placeholder";
    UNKNOWN_CAMPUS = "Z0310": "library belongs to an unknown campus";
    IP_RANGE = "Z0311": "invalid IP range";
    DUPLICATE_PART = "Z0312": "duplicate campus or library code in a zone";
    UNKNOWN_ZONE = "Z0313": "environment names an unknown zone";
    EMPTY_COMMAND = "Z0314": "credential is empty";
    FREEZE_TIME = "Z0315": "invalid start or end time of a freeze";
    TIME_ZONE = "Z0316": "unknown time zone";
    FREEZE_BACKWARDS = "Z0317": "freeze end is before its start";
    DUPLICATE_NAME = "Z0318": "duplicate name of a freeze, wave or rule";
    NOT_PROTECTED = "Z0319": "protected record matches no collection";
    LAST_WAVE = "Z0320": "wave leaves no zones for later waves";
    SECOND_WAVE = "Z0321": "zone is in two waves";
    EMPTY_WAVE = "Z0322": "wave has no zones";
    PRUNED_KIND = "Z0323": "`prune` names a kind without records";
    STORE_PASSWORD = "Z0324": "store address contains a password";
    STORE_ADDRESS = "Z0325": "invalid store address";
    KEY_IN_MANIFEST = "Z0326": "API key in a manifest";

    // Z033x: policies.
    EXPRESSION = "Z0330": "invalid expression";
    EXPRESSION_NAME = "Z0331": "expression uses an unknown name";

    // Z034x: expectations.
    EXPECTS_NOTHING = "Z0340": "expectation row expects nothing";
    ASKS_NOBODY = "Z0341": "expectation row needs two different members";
    EXPECTED_OTHERWISE = "Z0342": "contradictory expectations for one question";
    RESOURCE_IDS = "Z0343": "invalid IDs of an e-resource";
    CLIENT_ADDRESS = "Z0344": "invalid client IP address";
    ASKS_TOO_MUCH = "Z0345": "expectation row expands to too many questions";
    NO_NETWORK_ZONE = "Z0346": "kind needs a Network Zone, and the network has none";

    // Z04xx: selection.
    EMPTY_SELECTION = "Z0401": "`appliesTo` matches no zone";
    UNKNOWN_LABEL = "Z0402": "unknown label";
    UNKNOWN_LABEL_VALUE = "Z0403": "unknown label value";
    UNKNOWN_CODE = "Z0404": "`only` or `except` names an unknown zone";
    EXCEPT_NOBODY = "Z0405": "`except` names a zone that is not selected";
    ONLY_LEFT_OUT = "Z0406": "`only` names a zone that another condition excludes";

    // Z05xx: rows and tables.
    NO_KEY = "Z0501": "row has no key";
    DUPLICATE_ROW = "Z0502": "duplicate key in one list of rows";
    DUPLICATE_ADDRESS = "Z0503": "two manifests declare the same record of a zone";
    SHARED_FIELD = "Z0504": "two languages of a table set a shared field differently";
    SECOND_DEFAULT = "Z0505": "more than one default row in a table";
    ABSENT_WITH_FIELDS = "Z0506": "absent row sets fields other than its key";
    UNLISTED_CONFLICT = "Z0507": "two manifests set different `unlisted` policies";
    UNKNOWN_LIBRARY = "Z0508": "zone does not have the library";
    UNKNOWN_VAR = "Z0509": "zone does not have the variable";
    DOES_NOTHING = "Z0510": "manifest has no effect";
    KEYS_DIFFER_IN_CASE = "Z0511": "keys differ only in case";
    SPACES_AROUND_KEY = "Z0512": "key starts or ends with a space";
    DUPLICATE_COLUMN = "Z0513": "duplicate column in `key`";
    NO_SUCH_COLUMN = "Z0514": "column name is not possible in a mapping table";
    UNKNOWN_COLLECTION = "Z0515": "no zone knows the collection";
    COMPARED_KEY = "Z0516": "comparison set for a key column";
    UNMANAGED_ROW = "Z0517": "`managed: false` in the wrong place";
    TEXT_FORMAT = "Z0518": "`format` that cannot be filled in";

    // Z06xx: credentials.
    MISSING_CREDENTIAL = "Z0601": "API key not found";

    // Z07xx: semantics of the consortium kinds.
    NOT_XML = "Z0701": "XSL of a letter is not well-formed XML";
    NOT_XSL = "Z0702": "XSL of a letter is XML, but not a stylesheet";
    NO_DATE = "Z0703": "invalid date";
    NO_TIME = "Z0704": "invalid time of day";
    BACKWARDS = "Z0705": "end of dates or hours is before the start";
    HALF_A_PERIOD = "Z0706": "only one of opening and closing time is set";
    PERIODS = "Z0707": "periods of one day contradict each other";
    DAY_OF_DATES = "Z0708": "exception has a day of the week and several dates";
    DUPLICATE_GROUP = "Z0720": "duplicate group for one e-resource";
    GROUP_PLACEHOLDER = "Z0721": "placeholder in a group name is not allowed, or is missing";
    GROUP_PROXY = "Z0722": "proxy for a group is set in two ways";
    NO_GROUP_LEFT = "Z0723": "no group is left, so the e-resource is available to the whole network";
    NOT_A_MEMBER = "Z0724": "Network Zone used where only members are allowed";
    LINKING_UNSAID = "Z0740": "imports are denied, and linking is not declared";
    VISIBILITY_UNSAID = "Z0741": "visibility of a user group to partners is not declared";
    GROUP_ABSENT = "Z0742": "user group would be deleted";
    RULES_OF_NO_GROUP = "Z0743": "rules depend on groups, but no group declares its visibility";
    BLOCK_ECHO = "Z0745": "copied patron block would be copied again";
    BLOCK_STAYS = "Z0746": "patron block of a target institution would not reach other members";
    BLOCK_SPELLING = "Z0747": "word that Alma searches for has different case";
    SECOND_BLOCK = "Z0748": "duplicate block ID";
    SECOND_DESCRIPTION = "Z0749": "two blocks describe one code differently";
    BLOCKED_ACTION = "Z0750": "blocked action with an unknown meaning";
    RULE_NAME_TAKEN = "Z0760": "duplicate linking rule name, or name of Alma's own rule";
    RULE_UNREACHABLE = "Z0761": "linking rule is unreachable after earlier rules";
    NO_SOURCE_LEFT = "Z0762": "rule matches no institution: a member is not its own source";
    UNDECLARED_EXTERNAL_GROUP = "Z0764": "linking rule uses a user group that no member declares";
    DEFAULT_RULE_UNSAID = "Z0765": "unlisted linking rules would be deleted, and Alma's own rule is not declared";
    NO_SPAN = "Z0767": "invalid period of time";
    RULE_POSITION = "Z0768": "two manifests place linking rules at the same position";
    AMENDED_OTHERWISE = "Z0769": "record and amendment set a field differently";
    IDENTIFIERS_NEVER_COPIED = "Z0770": "identifiers would be copied to linked accounts";
    LAG = "Z0771": "maximum delay is zero or too long";
    SHORT_LAG = "Z0772": "maximum delay is so short that polling exhausts the API threshold";
    EARLY_PURGE = "Z0773": "linked account would be purged soon after its expiry";
    UNREACHABLE_DELAY = "Z0774": "maximum delay is shorter than a member's rate of requests allows";
    NO_RECORDS = "Z0775": "field or address concerns records, but the kind has none in any zone";
    EMPTY_GROUP = "Z0780": "availability group has no members";
    PUNCTUATION = "Z0781": "group description contains punctuation";
    ONE_NAME_FOR_ALL = "Z0782": "groups of several members would have the same name";
    BESIDE_EACH_MEMBER = "Z0783": "field of a single group used with `perMember`";
    NO_SUCH_CAMPUS = "Z0784": "zone does not have the campus";
    UNREACHABLE_LIBRARY = "Z0785": "library or campus of a group has no IP range";
    REDUNDANT_MEMBER = "Z0786": "redundant member of a group";
    GROUPS_DIFFER_IN_CASE = "Z0787": "group names differ only in case";
    WORKS_UNSEEN = "Z0788": "role can work on a task list that it cannot view";
    REPORT_TWICE = "Z0789": "duplicate report type";
    OUTER_SPACE = "Z0793": "text begins or ends with a space";
    DECOMPOSED = "Z0794": "text contains letters and accents as separate characters";
    MIXED_SCRIPTS = "Z0795": "word contains letters of two alphabets that look alike";
    CONTROL_CHARACTER = "Z0796": "text contains a control character";
    UNSEEN_CHARACTER = "Z0797": "text contains an invisible character";
    EMPTY_NAME = "Z0798": "empty name";

    // Z08xx: terms of use and rules owned by members.
    RESERVED_NAME = "Z0800": "policy or input parameter has the name of another field";
    EMPTY_INPUT = "Z0801": "amendment of a rule is empty, or its list would become empty";
    BOTH_WAYS = "Z0802": "value is both included and excluded";
    AMENDED_TWICE = "Z0803": "two amendments of the same records contradict each other";
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn codes_are_unique_and_in_order() {
        assert!(ALL.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
