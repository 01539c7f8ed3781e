//! Members of an e-resource that a zone refuses, by error code.
//!
//! A group setting is written with the whole resource. So a zone can refuse a member that zonal sends back as
//! it was read. The codes come from the vendor's OpenAPI.

/// Returns help for a refused member; `None` for other codes.
pub fn refused_help(code: &str) -> Option<String> {
    let number: u32 = code.parse().ok()?;
    let is_member = matches!(number, 60_106..=60_172 | 60_296 | 60_353..=60_360 | 402_469);
    is_member.then(|| {
        let member = refused_member(number).map_or_else(
            || "a member of the e-resource, named in the message,".to_owned(),
            |member| format!("the {member} of the e-resource"),
        );
        format!(
            "the zone refuses {member} as it is stored now: zonal sends it back unchanged; correct it in Alma, then plan again"
        )
    })
}

/// Returns the name of the member that a code refuses.
fn refused_member(code: u32) -> Option<&'static str> {
    Some(match code {
        60_126 => "name",
        60_127 | 60_153 => "type",
        60_128 => "access type",
        60_129 | 60_169 => "license",
        60_130 => "free indicator",
        60_131 => "language",
        60_132 | 60_167 => "switch for the proxy",
        60_133 => "proxy",
        60_134 => "interface",
        60_137 => "order line",
        60_138 => "activation status",
        60_142 => "dates",
        60_143 => "record ID of the metadata",
        60_144 => "switch for unavailability",
        60_146 | 60_166 => "URL type",
        60_147 => "cross reference",
        60_148 => "linking level",
        60_158 => "process type",
        60_161 => "availability",
        60_165 => "metadata",
        60_170 => "coverage",
        60_171 => "material type",
        60_296 => "COUNTER platform",
        60_353 | 60_359 => "linking parameters",
        60_354 => "linking parameters of a group",
        60_355..=60_358 => "HAN license",
        60_360 => "provenance code",
        402_469 => "library",
        _ => return None,
    })
}
