//! Compiles CEL expressions and checks every name in them.
//!
//! CEL itself detects a misspelled name only during the evaluation. The evaluation is safe, because an error
//! denies. But users need the error earlier, during the validation of manifests.

use std::collections::BTreeSet;

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedEntryExpr, LiteralValue};
use cel::{Context, IdedExpr, Program};

use crate::model::PolicyScope;

/// Maximum length of an expression, in characters.
pub const LONGEST: usize = 4_000;
/// Stack size for the deep recursion of the parser.
const STACK: usize = 64 << 20;

/// Error in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionError {
    /// Message.
    pub message: String,
    /// Position in the expression, in bytes.
    pub at: Option<usize>,
    /// Unknown name, with the known ones; `None` for a syntax error.
    pub name: Option<(String, Vec<&'static str>)>,
}

/// Compiled expression.
#[derive(Debug)]
pub struct CompiledExpression {
    /// The CEL program.
    pub program: Program,
    /// Variables and fields used by the expression.
    pub uses: SubjectFields,
}

/// Parts of the subject used by an expression. Other parts are not computed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubjectFields {
    /// Names of variables.
    pub variables: BTreeSet<&'static str>,
    /// Fields of `change`; `None` if any field may be used.
    pub change: Option<BTreeSet<&'static str>>,
}

/// Compiles an expression.
///
/// # Errors
/// Returns the first error.
pub fn compile(expression: &str, scope: PolicyScope) -> Result<CompiledExpression, ExpressionError> {
    let text = expression.to_owned();
    let gave_up = || ExpressionError { message: "syntax error".to_owned(), at: None, name: None };
    let compiling = std::thread::Builder::new().stack_size(STACK).spawn(move || parse(&text, scope));
    // A parser panic must not reach the caller.
    compiling.map_err(|_| gave_up())?.join().unwrap_or_else(|_| Err(gave_up()))
}

fn parse(text: &str, scope: PolicyScope) -> Result<CompiledExpression, ExpressionError> {
    let program = Program::compile(text).map_err(|errors| {
        let first = errors.errors.iter().min_by_key(|error| error.pos);
        ExpressionError {
            message: first.map_or_else(|| "syntax error".to_owned(), |error| readable(&error.msg)),
            at: first.map(|error| offset(text, error.pos)),
            name: None,
        }
    })?;
    let mut names = ExpressionNames {
        program: &program,
        scope,
        locals: Vec::new(),
        uses: SubjectFields::default(),
        bare: false,
    };
    names.walk(program.expression())?;
    let ExpressionNames { mut uses, bare, .. } = names;
    match bare {
        true => uses.change = None,
        false => drop(uses.change.get_or_insert_default()),
    }
    Ok(CompiledExpression { program, uses })
}

/// Returns the parser's message on one line, without its prefix and the list of expected tokens.
fn readable(message: &str) -> String {
    if message.contains("Recursion limit") {
        return "nested too deeply".to_owned();
    }
    let message = message.trim_start_matches("Syntax error: ").replace('\n', " ");
    let message = message
        .split(" expecting ")
        .next()
        .unwrap_or_default()
        .replace("'<EOF>'", "end of the text")
        .replace("mismatched input", "unexpected");
    message.chars().take(200).collect()
}

/// Returns the byte offset of a line and column, both counted from 1.
fn offset(text: &str, (line, column): (isize, isize)) -> usize {
    let line = usize::try_from(line - 1).unwrap_or_default();
    let column = usize::try_from(column - 1).unwrap_or_default();
    let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(before..).unwrap_or_default();
    before + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at)
}

/// Functions available in expressions, apart from operators.
pub(super) const FUNCTIONS: [&str; 12] = [
    "bool",
    "bytes",
    "contains",
    "double",
    "dyn",
    "endsWith",
    "int",
    "matches",
    "size",
    "startsWith",
    "string",
    "uint",
];
/// Macros. The parser does not expand a macro call with wrong arguments.
const MACROS: [&str; 6] = ["all", "exists", "exists_one", "filter", "has", "map"];
/// Type names, as in `type(x) == string`.
const TYPES: [&str; 10] =
    ["bool", "bytes", "double", "dyn", "int", "list", "map", "null_type", "string", "uint"];

/// Returns the variables available to rules of a scope.
pub fn variables(scope: PolicyScope) -> &'static [&'static str] {
    match scope {
        PolicyScope::Change => &["change", "zone", "plan"],
        PolicyScope::Zone => &["zone", "plan"],
        PolicyScope::Plan => &["plan"],
    }
}

/// Fields of `change`.
pub const CHANGE: [&str; 18] = [
    "action", "address", "after", "before", "channel", "disables", "drift", "edits", "file", "key", "kind",
    "language", "library", "manifest", "mode", "notes", "table", "zone",
];
/// Fields of `zone`.
pub const ZONE: [&str; 5] = ["code", "counts", "labels", "name", "role"];
/// Fields of `plan`.
pub const PLAN: [&str; 6] = ["complete", "counts", "environment", "network", "selection", "zones"];
/// Fields of `counts`.
pub const COUNTS: [&str; 6] = ["by_hand", "creates", "deletes", "disables", "existing", "updates"];

/// Returns the field names after a path; `None` for a value without fields or with arbitrary ones.
fn fields(path: &[&str]) -> Option<&'static [&'static str]> {
    match path {
        ["change"] => Some(&CHANGE),
        ["change", "edits", _] => Some(&["after", "before"]),
        ["zone"] => Some(&ZONE),
        ["plan"] => Some(&PLAN),
        ["zone" | "plan", "counts"] => Some(&COUNTS),
        _ => None,
    }
}

struct ExpressionNames<'a> {
    program: &'a Program,
    scope: PolicyScope,
    /// Variables of the enclosing comprehensions.
    locals: Vec<&'a str>,
    uses: SubjectFields,
    /// True if `change` is used as a whole.
    bare: bool,
}

impl<'a> ExpressionNames<'a> {
    fn walk(&mut self, node: &'a IdedExpr) -> Result<(), ExpressionError> {
        match &node.expr {
            Expr::Unspecified | Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => {
                self.variable(node, name)?;
                self.bare |= name == "change" && !self.is_local(name);
                Ok(())
            }
            Expr::Select(select) => match self.path(node) {
                Some(path) => self.follow(node, &path),
                None => self.walk(&select.operand),
            },
            Expr::Call(call) => self.call(node, call),
            Expr::List(list) => list.elements.iter().try_for_each(|element| self.walk(element)),
            Expr::Map(map) => self.entries(&map.entries),
            Expr::Struct(made) => {
                let message = format!("unknown type `{}`", made.type_name);
                Err(self.unknown(node, &made.type_name, &TYPES, message))
            }
            Expr::Comprehension(comprehension) => {
                self.walk(&comprehension.iter_range)?;
                let depth = self.locals.len();
                self.walk(&comprehension.accu_init)?;
                self.locals.extend([comprehension.iter_var.as_str(), comprehension.accu_var.as_str()]);
                self.locals.extend(comprehension.iter_var2.as_deref());
                for part in [&comprehension.loop_cond, &comprehension.loop_step, &comprehension.result] {
                    self.walk(part)?;
                }
                self.locals.truncate(depth);
                Ok(())
            }
        }
    }

    fn entries(&mut self, entries: &'a [IdedEntryExpr]) -> Result<(), ExpressionError> {
        entries.iter().try_for_each(|entry| match &entry.expr {
            EntryExpr::StructField(field) => self.walk(&field.value),
            EntryExpr::MapEntry(entry) => {
                self.walk(&entry.key)?;
                self.walk(&entry.value)
            }
        })
    }

    fn is_local(&self, name: &str) -> bool {
        name.starts_with('@') || self.locals.contains(&name)
    }

    /// Returns the names of a path that starts with a known variable: `change.edits.enabled`, `zone["name"]`.
    fn path(&self, node: &'a IdedExpr) -> Option<Vec<&'a str>> {
        match &node.expr {
            Expr::Ident(name) if !self.is_local(name) => Some(vec![name]),
            Expr::Select(select) => {
                let mut path = self.path(&select.operand)?;
                path.push(&select.field);
                Some(path)
            }
            Expr::Call(CallExpr { func_name, target: None, args }) if func_name == "_[_]" => {
                let [operand, index] = args.as_slice() else { return None };
                let Expr::Literal(LiteralValue::String(index)) = &index.expr else { return None };
                let mut path = self.path(operand)?;
                path.push(index.inner());
                Some(path)
            }
            _ => None,
        }
    }

    /// Checks each name of a path whose possible names are known.
    fn follow(&mut self, node: &IdedExpr, path: &[&str]) -> Result<(), ExpressionError> {
        if let Some(root) = path.first() {
            self.variable(node, root)?;
        }
        for (length, name) in path.iter().enumerate().skip(1) {
            let Some(known) = fields(&path[..length]) else { continue };
            let Some(field) = known.iter().find(|known| *known == name) else {
                let message = format!("`{}` has no field `{name}`", path[..length].join("."));
                return Err(self.unknown(node, name, known, message));
            };
            if path[..length] == ["change"] {
                self.uses.change.get_or_insert_default().insert(field);
            }
        }
        Ok(())
    }

    fn variable(&mut self, node: &IdedExpr, name: &str) -> Result<(), ExpressionError> {
        if self.is_local(name) {
            return Ok(());
        }
        let known = variables(self.scope);
        match known.iter().find(|known| **known == name) {
            Some(known) => drop(self.uses.variables.insert(known)),
            None if TYPES.contains(&name) => {}
            None => {
                let message = match variables(PolicyScope::Change).contains(&name) {
                    true => format!("`{name}` is not available in rules with `scope: {}`", self.about()),
                    false => format!("unknown variable `{name}`"),
                };
                return Err(self.unknown(node, name, known, message));
            }
        }
        Ok(())
    }

    fn about(&self) -> &'static str {
        match self.scope {
            PolicyScope::Change => "change",
            PolicyScope::Zone => "zone",
            PolicyScope::Plan => "plan",
        }
    }

    fn call(&mut self, node: &'a IdedExpr, call: &'a CallExpr) -> Result<(), ExpressionError> {
        if let Some(path) = self.path(node) {
            return self.follow(node, &path);
        }
        let name = call.func_name.as_str();
        let is_word = name.starts_with(|first: char| first.is_ascii_alphabetic());
        if MACROS.contains(&name) {
            let message = format!("wrong arguments for `{name}`");
            return Err(ExpressionError { message, at: self.byte_offset(node), name: None });
        }
        if is_word && name != "type" && !FUNCTIONS.contains(&name) {
            return Err(self.unknown(node, name, &FUNCTIONS, format!("unknown function `{name}`")));
        }
        if let ("matches", Some(last)) = (name, call.args.last())
            && let Expr::Literal(LiteralValue::String(pattern)) = &last.expr
            && let Some(message) = no_pattern(pattern.inner())
        {
            return Err(ExpressionError { message, at: self.byte_offset(last), name: None });
        }
        call.target.iter().try_for_each(|target| self.walk(target))?;
        call.args.iter().try_for_each(|argument| self.walk(argument))
    }

    fn unknown(
        &self,
        node: &IdedExpr,
        name: &str,
        known: &'static [&'static str],
        message: String,
    ) -> ExpressionError {
        let near = self.byte_offset(node).map(|at| nearest(&self.program.source_info().source, name, at));
        ExpressionError { message, at: near, name: Some((name.to_owned(), known.to_vec())) }
    }

    fn byte_offset(&self, node: &IdedExpr) -> Option<usize> {
        self.program.source_info().offset_for(node.id).map(|(start, _)| start as usize)
    }
}

/// Returns the position of a name. The recorded position of a node may be its dot or parenthesis.
fn nearest(text: &str, name: &str, at: usize) -> usize {
    let ends = |place: usize| if place < at { at - place - name.len().min(at - place) } else { place - at };
    text.match_indices(name).map(|(place, _)| place).min_by_key(|place| ends(*place)).unwrap_or(at)
}

/// Returns the error of a regular expression, as reported by CEL.
fn no_pattern(pattern: &str) -> Option<String> {
    let program = Program::compile("''.matches(pattern)").ok()?;
    let mut context = Context::default();
    context.add_variable_from_value("pattern", pattern.to_owned());
    let error = program.execute(&context).err()?;
    let error = error.to_string();
    // The message draws the position first; the last line contains the reason.
    let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
    Some(format!("invalid regular expression `{pattern}`: {reason}"))
}
