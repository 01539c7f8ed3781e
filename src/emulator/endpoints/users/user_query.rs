//! Search query of users: `last_name~Smith AND user_group~GRAD`.

use super::user::EmulatedUser;
use crate::emulator::endpoint::ErrorResponse;

/// Conditions of a query. A user matches all of them.
pub struct UserQuery(Vec<UserCondition>);

/// Words that a field must contain.
struct UserCondition {
    field: String,
    words: Vec<String>,
}

/// Fields of the vendor's OpenAPI that the emulator keeps.
const FIELDS: [&str; 7] =
    ["primary_id", "first_name", "last_name", "user_group", "block_type", "general_info", "ALL"];

impl UserQuery {
    /// Parses a query. Words of a value are separated by spaces or underscores.
    pub fn parse(text: &str) -> Result<Self, ErrorResponse> {
        let invalid = || ErrorResponse::invalid_parameter("q", text);
        let conditions = text.split(" AND ").map(|condition| {
            let (field, value) = condition.trim().split_once('~').ok_or_else(invalid)?;
            if !FIELDS.contains(&field) {
                return Err(invalid());
            }
            let words = value.split([' ', '_']).filter(|word| !word.is_empty());
            Ok(UserCondition { field: field.to_owned(), words: words.map(str::to_lowercase).collect() })
        });
        conditions.collect::<Result<_, _>>().map(Self)
    }

    /// Returns true if the user matches all conditions.
    pub fn matches(&self, user: &EmulatedUser) -> bool {
        self.0.iter().all(|condition| {
            let text = searched_text(user, &condition.field).to_lowercase();
            condition.words.iter().all(|word| text.contains(word.as_str()))
        })
    }
}

fn searched_text(user: &EmulatedUser, field: &str) -> String {
    let EmulatedUser { primary_id, first_name, last_name, user_group, blocks, .. } = user;
    match field {
        "primary_id" => primary_id.clone(),
        "first_name" => first_name.clone(),
        "last_name" => last_name.clone(),
        "user_group" => user_group.clone(),
        "block_type" => blocks.iter().map(|block| format!("{} ", block.block_type)).collect(),
        _ => format!("{primary_id} {first_name} {last_name} {user_group}"),
    }
}
