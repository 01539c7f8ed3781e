//! Every diagnostic code in one table, so that a code keeps its meaning for as long as people suppress by it.

macro_rules! codes {
    ($($name:ident = $code:literal: $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: &str = $code;)*

        /// Every code with its meaning, in order.
        pub const ALL: &[(&str, &str)] = &[$(($code, $meaning)),*];
    };
}

codes! {
    // Z01xx: files and YAML.
    UNREADABLE = "Z0101": "a file cannot be read as text";
    YAML = "Z0102": "the text is not YAML";
    TAB = "Z0103": "a tab stands where YAML wants spaces";
    DUPLICATE_KEY = "Z0104": "a key occurs twice in one map";
    KEY_NOT_TEXT = "Z0105": "a key is not text";
    TAG = "Z0106": "a YAML tag is not supported";
    ALIAS = "Z0107": "an alias is unknown, refers to itself, or repeats too much";
    NESTING = "Z0108": "lists and maps are nested too deeply";
    MERGE_KEY = "Z0109": "a merge key is not supported";
    NO_SOURCES = "Z0110": "there are no manifests at all";
    TOO_LARGE = "Z0111": "a file is too large";

    // Z02xx: envelope and schema.
    API_VERSION = "Z0201": "a document has no `apiVersion` of zonal's";
    KIND = "Z0202": "the kind is missing or unknown";
    UNKNOWN_FIELD = "Z0203": "a field is not known here";
    MISSING_FIELD = "Z0204": "a required field is missing";
    WRONG_TYPE = "Z0205": "a value has the wrong type";
    NOT_ONE_OF = "Z0206": "a value is not one of the allowed ones";
    WRONG_FORM = "Z0207": "a text does not have the required form";
    OUT_OF_RANGE = "Z0208": "a number or a length is out of range";
    NOT_EXACTLY_ONE = "Z0209": "of fields that exclude each other, not exactly one is given";
    DUPLICATE_MANIFEST = "Z0210": "two manifests have the same kind and name";
    SCHEMA = "Z0211": "a value does not fit the schema in some other way";

    // Z03xx: the network.
    NO_NETWORK = "Z0301": "no manifest describes the network";
    SECOND_NETWORK = "Z0302": "two manifests describe the network";
    UNKNOWN_ENVIRONMENT = "Z0303": "the chosen environment is not declared";
    DUPLICATE_ZONE = "Z0304": "two zones have the same code";
    BASE_URL = "Z0305": "a base URL is not usable";
    PLAIN_HTTP = "Z0306": "keys would travel unencrypted";
    NO_ADDRESS = "Z0307": "a zone has neither a region nor a base URL";
    NO_READ_KEY = "Z0308": "a zone has no credentials to read with";
    PLACEHOLDER = "Z0309": "a placeholder is not known";
    UNKNOWN_CAMPUS = "Z0310": "a library belongs to a campus that its zone does not have";
    IP_RANGE = "Z0311": "an IP range cannot be understood";
    DUPLICATE_PART = "Z0312": "two campuses or two libraries of a zone have the same code";
    UNKNOWN_ZONE = "Z0313": "an environment speaks of a zone that the network does not have";
    EMPTY_COMMAND = "Z0314": "a credential names nothing";
    FREEZE_TIME = "Z0315": "a freeze begins or ends at a time that is not understood";
    TIME_ZONE = "Z0316": "a time zone is not known";
    FREEZE_BACKWARDS = "Z0317": "a freeze ends before it begins";
    DUPLICATE_NAME = "Z0318": "two freezes, waves or rules have the same name";
    NOT_PROTECTED = "Z0319": "a protected record can be in no collection";
    LAST_WAVE = "Z0320": "a wave leaves nothing to those after it";
    SECOND_WAVE = "Z0321": "a zone is in two waves";
    EMPTY_WAVE = "Z0322": "no zone is left for a wave";
    PRUNED_KIND = "Z0323": "`prune` speaks of a kind that has no records";
    STORE_PASSWORD = "Z0324": "the address of the store has a password in it";
    STORE_ADDRESS = "Z0325": "the address of the store is not understood";

    // Z033x: policies.
    EXPRESSION = "Z0330": "an expression is not understood";
    EXPRESSION_NAME = "Z0331": "an expression speaks of something that is not there";

    // Z034x: expectations.
    EXPECTS_NOTHING = "Z0340": "a row of expectations expects nothing";
    ASKS_NOBODY = "Z0341": "a row of expectations asks about no two different members";
    EXPECTED_OTHERWISE = "Z0342": "two different answers to one question are expected";
    RESOURCE_IDS = "Z0343": "a text is not the ids of an e-resource";
    CLIENT_ADDRESS = "Z0344": "a text is not a client's IP address";
    ASKS_TOO_MUCH = "Z0345": "a row of expectations stands for too many questions";

    // Z04xx: selection.
    EMPTY_SELECTION = "Z0401": "`appliesTo` matches no zone";
    UNKNOWN_LABEL = "Z0402": "no zone has such a label";
    UNKNOWN_LABEL_VALUE = "Z0403": "no zone has such a value of a label";
    UNKNOWN_CODE = "Z0404": "`only` or `except` names a zone that the network does not have";
    EXCEPT_NOBODY = "Z0405": "`except` names a zone that is not selected anyway";
    ONLY_LEFT_OUT = "Z0406": "`only` names a zone that another condition leaves out";

    // Z05xx: rows and tables.
    NO_KEY = "Z0501": "a row has no key";
    DUPLICATE_ROW = "Z0502": "a key occurs twice in one list of rows";
    DUPLICATE_ADDRESS = "Z0503": "two manifests declare the same record of a zone";
    SHARED_FIELD = "Z0504": "two languages of a table disagree about what they share";
    SECOND_DEFAULT = "Z0505": "two rows of one table want to be the default";
    ABSENT_WITH_FIELDS = "Z0506": "an absent row has other fields than its key";
    UNLISTED_CONFLICT = "Z0507": "two manifests want different things of unlisted rows";
    UNKNOWN_LIBRARY = "Z0508": "a zone does not have the library";
    UNKNOWN_VAR = "Z0509": "a zone does not have the variable";
    DOES_NOTHING = "Z0510": "a manifest does nothing";
    KEYS_DIFFER_IN_CASE = "Z0511": "keys differ only in upper and lower case";
    SPACES_AROUND_KEY = "Z0512": "a key begins or ends with a space";
    DUPLICATE_COLUMN = "Z0513": "a column is named twice in `key`";
    NO_SUCH_COLUMN = "Z0514": "a mapping table cannot have such a column";

    // Z06xx: credentials.
    MISSING_CREDENTIAL = "Z0601": "a key is not where the manifest says";

    // Z07xx: what the consortium kinds mean.
    NOT_XML = "Z0701": "a letter's XSL is not well-formed XML";
    NOT_XSL = "Z0702": "a letter's XSL is XML, but no stylesheet";
    NO_DATE = "Z0703": "a text is not a date";
    NO_TIME = "Z0704": "a text is not a time of day";
    BACKWARDS = "Z0705": "dates or hours end before they begin";
    HALF_A_PERIOD = "Z0706": "opening hours begin or end, but not both";
    PERIODS = "Z0707": "the periods of one day contradict each other";
    DUPLICATE_GROUP = "Z0720": "a group is listed twice for one e-resource";
    GROUP_PLACEHOLDER = "Z0721": "the name of a group has a placeholder where none can be, or none where one must be";
    GROUP_PROXY = "Z0722": "a proxy for a group is documented in two ways";
    NO_GROUP_LEFT = "Z0723": "an e-resource is left to the whole network";
    NOT_A_MEMBER = "Z0724": "the network zone is meant where only members can be";
    LINKING_UNSAID = "Z0740": "imports are denied, and it is not said whether linking stays allowed";
    VISIBILITY_UNSAID = "Z0741": "it is not said whether partners can see a user group";
    GROUP_ABSENT = "Z0742": "a user group is to be deleted";
    RULES_OF_NO_GROUP = "Z0743": "rules are to follow groups, and no group says whether partners see it";
    BLOCK_ECHO = "Z0745": "a copied block would be copied on";
    BLOCK_STAYS = "Z0746": "a block of a target institution would not reach the other members";
    BLOCK_SPELLING = "Z0747": "a word that Alma looks for is spelt in another case";
    SECOND_BLOCK = "Z0748": "two blocks have the same id";
    SECOND_DESCRIPTION = "Z0749": "two blocks describe one code differently";
    RULE_NAME_TAKEN = "Z0760": "two linking rules have the same name, or one has that of Alma's own";
    RULE_UNREACHABLE = "Z0761": "earlier linking rules leave nothing to one";
    NO_SOURCE_LEFT = "Z0762": "something is for nobody, since a member is never its own source";
    UNDECLARED_EXTERNAL_GROUP = "Z0764": "a linking rule chooses by a user group that no member has";
    DEFAULT_RULE_UNSAID = "Z0765": "unlisted linking rules are to go, and nothing is said of Alma's own";
    NO_SPAN = "Z0767": "a span of time is not understood";
    RULE_POSITION = "Z0768": "two manifests want linking rules at the same position";
    AMENDED_OTHERWISE = "Z0769": "a record and an amendment of it want different things of a field";
    IDENTIFIERS_NEVER_COPIED = "Z0770": "identifiers are to be copied to linked accounts";
    LAG = "Z0771": "the time that a change may take is too long, or none";
    SHORT_LAG = "Z0772": "the time that a change may take is so short that asking uses up the API's threshold";
    EMPTY_GROUP = "Z0780": "an availability group has no members";
    PUNCTUATION = "Z0781": "the description of a group holds punctuation";
    ONE_NAME_FOR_ALL = "Z0782": "the groups of several members would have one name";
    BESIDE_EACH_MEMBER = "Z0783": "a field speaks of one group beside `perMember`";
    NO_SUCH_CAMPUS = "Z0784": "a zone does not have the campus";
    UNREACHABLE_LIBRARY = "Z0785": "a library or campus of a group has no IP range";
    REDUNDANT_MEMBER = "Z0786": "a member of a group is in it already";
    GROUPS_DIFFER_IN_CASE = "Z0787": "the names of two groups differ only in upper and lower case";
    WORKS_UNSEEN = "Z0788": "a role may work on a list that it may not see";
    REPORT_TWICE = "Z0789": "a report type is listed twice";
    CONTROL_CHARACTER = "Z0796": "a text holds a control character";
    UNSEEN_CHARACTER = "Z0797": "a text holds a character that nobody sees";
    EMPTY_NAME = "Z0798": "a text that names something is empty";

    // Z08xx: terms of use and rules that stay a member's own.
    RESERVED_NAME = "Z0800": "a policy or an input parameter has the name of another field";
    EMPTY_INPUT = "Z0801": "a rule is amended by nothing, or its list would be empty";
    BOTH_WAYS = "Z0802": "a value is included and excluded";
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
