//! Parsed sources of the crate: every path, text, macro and method that a file names.
//!
//! Paths are resolved as the compiler does: `crate`, `super` and `self`, groups, aliases and globs of `use`,
//! and re-exports. Tests (`#[cfg(test)]`) and doc comments are left out.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// Path of a module below the crate, such as `cli::plan`; empty for the crate itself.
pub type ModulePath = Vec<String>;

/// Root of the program, which is no module of the library.
const MAIN: &str = "src/main.rs";
/// Limit of re-exports that are followed for a single path.
const MAX_DEPTH: usize = 20;
/// Limit of globs that import each other.
const MAX_GLOBS: usize = 3;

/// Sources of a crate.
pub struct SourceTree {
    files: Vec<SourceFile>,
    /// Index in `files` by module.
    by_module: BTreeMap<ModulePath, usize>,
}

/// Source file with its mentions.
pub struct SourceFile {
    /// Path below the repository, such as `src/cli/plan.rs`.
    pub path: String,
    /// Module that the file defines.
    pub module: ModulePath,
    /// Everything that the code of the file names.
    pub mentions: Vec<Mention>,
    /// Structs, enums and type aliases, with the types of their fields.
    pub fields: BTreeMap<String, Vec<ItemPath>>,
}

/// Name in the code of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mention {
    /// Path in a `use` tree, an expression, a type, a pattern, or a macro.
    Path {
        /// Path before re-exports are followed.
        written: ItemPath,
        /// Path to the item.
        item: ItemPath,
        /// True in a `use` tree.
        import: bool,
        /// True in a `pub use` tree.
        export: bool,
    },
    /// Text: the value of a literal, joined by `concat!`, or the tokens of `stringify!`.
    Text(String),
    /// Macro call; the path of the macro.
    Macro(ItemPath),
    /// Method call.
    Method(String),
    /// `async`, `await`, `unsafe`, or an attribute such as `#[path]`.
    Keyword(String),
}

/// Resolved path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemPath {
    /// Item of the crate: its module, and the rest of the path.
    Crate(ModulePath, Vec<String>),
    /// Item of another crate, or a name that no import declares.
    Other(Vec<String>),
}

impl ItemPath {
    /// Returns the path as text, with `crate` for items of the crate.
    pub fn text(&self) -> String {
        match self {
            Self::Crate(module, rest) => {
                let segments = std::iter::once("crate").chain(module.iter().chain(rest).map(String::as_str));
                segments.collect::<Vec<_>>().join("::")
            }
            Self::Other(segments) => segments.join("::"),
        }
    }

    /// Returns the last segment.
    pub fn last(&self) -> &str {
        match self {
            Self::Crate(module, rest) => rest.last().or(module.last()).map_or("crate", String::as_str),
            Self::Other(segments) => segments.last().map_or("", String::as_str),
        }
    }
}

impl Mention {
    /// Returns both forms of a path.
    pub fn paths(&self) -> Vec<&ItemPath> {
        match self {
            Self::Path { written, item, .. } if written == item => vec![item],
            Self::Path { written, item, .. } => vec![written, item],
            Self::Macro(path) => vec![path],
            Self::Text(_) | Self::Method(_) | Self::Keyword(_) => Vec::new(),
        }
    }
}

/// Names of a module.
#[derive(Debug, Default)]
struct ModuleScope {
    imports: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
    items: BTreeSet<String>,
}

type Scopes = BTreeMap<ModulePath, ModuleScope>;

impl SourceTree {
    /// Parses files, given by path and text. The paths of tests are left out.
    pub fn new(texts: impl IntoIterator<Item = (String, String)>) -> Self {
        let parsed: BTreeMap<String, syn::File> = texts
            .into_iter()
            .map(|(path, text)| {
                let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
                (path, file)
            })
            .collect();
        let mut scopes = Scopes::new();
        let mut tests = BTreeSet::new();
        for (path, file) in &parsed {
            let module = module_path(path);
            if file.attrs.iter().any(is_cfg_test) {
                tests.insert(module.clone());
            }
            collect_module(&file.items, &module, &mut scopes, &mut tests);
        }
        let files = parsed.iter().filter(|(path, _)| !in_tests(&module_path(path), &tests));
        let files = files.map(|(path, file)| {
            let mut reader = FileReader {
                scopes: &scopes,
                module: module_path(path),
                blocks: Vec::new(),
                mentions: Vec::new(),
                fields: BTreeMap::new(),
            };
            reader.visit_file(file);
            let FileReader { module, mentions, fields, .. } = reader;
            SourceFile { path: path.clone(), module, mentions, fields }
        });
        let files: Vec<SourceFile> = files.collect();
        let modules = files.iter().enumerate().filter(|(_, file)| file.path != MAIN);
        let by_module = modules.map(|(index, file)| (file.module.clone(), index)).collect();
        Self { files, by_module }
    }

    /// Returns the files, in the order of their paths.
    pub fn files(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter()
    }

    /// Returns the files of a top-level module.
    pub fn files_of<'a>(&'a self, module: &'a str) -> impl Iterator<Item = &'a SourceFile> {
        self.files().filter(move |file| file.top_module() == module)
    }

    /// Returns the file that contains a module: inline modules are part of the file around them.
    pub fn file_of(&self, module: &[String]) -> Option<&SourceFile> {
        let index = (0..=module.len()).rev().find_map(|length| self.by_module.get(&module[..length]))?;
        self.files.get(*index)
    }
}

impl SourceFile {
    /// Returns the module below the crate; empty for `lib.rs`, and `cli` for `main.rs`.
    pub fn top_module(&self) -> &str {
        match self.path.as_str() {
            MAIN => "cli",
            _ => self.module.first().map_or("", String::as_str),
        }
    }
}

fn module_path(path: &str) -> ModulePath {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut segments: ModulePath = path.split('/').map(str::to_owned).collect();
    if matches!(segments.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        segments.pop();
    }
    segments
}

fn in_tests(module: &[String], tests: &BTreeSet<ModulePath>) -> bool {
    (1..=module.len()).any(|length| tests.contains(&module[..length]))
}

fn is_cfg_test(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
}

fn collect_module(
    items: &[syn::Item],
    module: &[String],
    scopes: &mut Scopes,
    tests: &mut BTreeSet<ModulePath>,
) {
    let mut scope = scopes.remove(module).unwrap_or_default();
    for item in items {
        let name = match item {
            syn::Item::Use(item) => {
                collect_import(&item.tree, &leading(item), &mut scope);
                continue;
            }
            syn::Item::ExternCrate(item) => {
                let alias = item.rename.as_ref().map_or(&item.ident, |(_, alias)| alias);
                let target = match item.ident == "self" {
                    true => vec!["crate".to_owned()],
                    false => vec![String::new(), item.ident.to_string()],
                };
                scope.imports.insert(alias.to_string(), target);
                continue;
            }
            syn::Item::Mod(item) => {
                let path: ModulePath = module.iter().cloned().chain([item.ident.to_string()]).collect();
                if item.attrs.iter().any(is_cfg_test) {
                    tests.insert(path.clone());
                }
                let inner = item.content.as_ref().map_or(&[][..], |(_, items)| items);
                collect_module(inner, &path, scopes, tests);
                continue;
            }
            syn::Item::Const(item) => &item.ident,
            syn::Item::Enum(item) => &item.ident,
            syn::Item::Fn(item) => &item.sig.ident,
            syn::Item::Static(item) => &item.ident,
            syn::Item::Struct(item) => &item.ident,
            syn::Item::Trait(item) => &item.ident,
            syn::Item::Type(item) => &item.ident,
            syn::Item::Union(item) => &item.ident,
            _ => continue,
        };
        scope.items.insert(name.to_string());
    }
    scopes.insert(module.to_vec(), scope);
}

/// Returns the start of a path that begins with `::`: an empty segment.
fn leading(item: &syn::ItemUse) -> Vec<String> {
    item.leading_colon.iter().map(|_| String::new()).collect()
}

fn collect_import(tree: &syn::UseTree, prefix: &[String], scope: &mut ModuleScope) {
    for leaf in leaves(tree, prefix) {
        match leaf.local {
            Some(local) => drop(scope.imports.insert(local, leaf.path)),
            None => scope.globs.push(leaf.path),
        }
    }
}

/// Leaf of a `use` tree: its path, and its local name; `None` for a glob.
struct UseLeaf {
    path: Vec<String>,
    local: Option<String>,
}

fn leaves(tree: &syn::UseTree, prefix: &[String]) -> Vec<UseLeaf> {
    let with = |ident: &syn::Ident| {
        let mut path = prefix.to_vec();
        if ident != "self" || prefix.is_empty() {
            path.push(ident.to_string());
        }
        path
    };
    match tree {
        syn::UseTree::Path(tree) => leaves(&tree.tree, &with(&tree.ident)),
        syn::UseTree::Name(name) => {
            let path = with(&name.ident);
            vec![UseLeaf { local: path.last().cloned(), path }]
        }
        syn::UseTree::Rename(name) => {
            vec![UseLeaf { path: with(&name.ident), local: Some(name.rename.to_string()) }]
        }
        syn::UseTree::Glob(_) => vec![UseLeaf { path: prefix.to_vec(), local: None }],
        syn::UseTree::Group(group) => group.items.iter().flat_map(|tree| leaves(tree, prefix)).collect(),
    }
}

/// Resolves a path in a module, without its re-exports.
fn absolute(
    scopes: &Scopes,
    module: &[String],
    blocks: &[ModuleScope],
    path: &[String],
    depth: usize,
) -> ItemPath {
    let Some((first, rest)) = path.split_first() else { return ItemPath::Other(Vec::new()) };
    let below = |base: &[String]| locate(scopes, base.iter().chain(rest).cloned().collect());
    match first.as_str() {
        "" => return ItemPath::Other(rest.to_vec()),
        "crate" | "zonal" => return below(&[]),
        "self" => return below(module),
        "super" => {
            let parent = &module[..module.len().saturating_sub(1)];
            return match rest.first().is_some_and(|next| next == "super") {
                true => absolute(scopes, parent, &[], rest, depth),
                false => below(parent),
            };
        }
        _ if depth > MAX_DEPTH => return ItemPath::Other(path.to_vec()),
        _ => {}
    }
    let here = scopes.get(module);
    let layers = || blocks.iter().rev().chain(here);
    // An import that has the name of its crate, such as `use tokio;`, ends the search.
    let import = layers().find_map(|scope| scope.imports.get(first)).filter(|target| target[0] != *first);
    if let Some(target) = import {
        let target: Vec<String> = target.iter().chain(rest).cloned().collect();
        return absolute(scopes, module, &[], &target, depth + 1);
    }
    if scopes.contains_key(&child(module, first)) || here.is_some_and(|scope| scope.items.contains(first)) {
        return locate(scopes, module.iter().chain(path).cloned().collect());
    }
    for glob in layers().flat_map(|scope| &scope.globs) {
        if let Some(target) = glob_module(scopes, module, glob, depth)
            && declares(scopes, &target, first, depth)
        {
            return locate(scopes, target.iter().chain(path).cloned().collect());
        }
    }
    ItemPath::Other(path.to_vec())
}

/// Returns the module of the crate whose names a glob imports.
fn glob_module(scopes: &Scopes, module: &[String], glob: &[String], depth: usize) -> Option<ModulePath> {
    if depth > MAX_GLOBS {
        return None;
    }
    match follow(scopes, absolute(scopes, module, &[], glob, depth + 1), depth + 1) {
        ItemPath::Crate(target, rest) if rest.is_empty() && target != module => Some(target),
        ItemPath::Crate(..) | ItemPath::Other(_) => None,
    }
}

fn declares(scopes: &Scopes, module: &[String], name: &str, depth: usize) -> bool {
    scopes.contains_key(&child(module, name))
        || scopes.get(module).is_some_and(|scope| {
            let mut globs =
                scope.globs.iter().filter_map(|glob| glob_module(scopes, module, glob, depth + 1));
            scope.items.contains(name)
                || scope.imports.contains_key(name)
                || globs.any(|target| declares(scopes, &target, name, depth + 1))
        })
}

fn child(module: &[String], name: &str) -> ModulePath {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

/// Splits a path below the crate into the innermost module and the rest.
fn locate(scopes: &Scopes, mut path: Vec<String>) -> ItemPath {
    let length = (0..=path.len()).rev().find(|length| scopes.contains_key(&path[..*length]));
    let rest = path.split_off(length.unwrap_or_default());
    ItemPath::Crate(path, rest)
}

/// Follows re-exports to the item.
fn follow(scopes: &Scopes, path: ItemPath, depth: usize) -> ItemPath {
    let ItemPath::Crate(module, rest) = &path else { return path };
    let (Some(name), Some(scope)) = (rest.first(), scopes.get(module)) else { return path };
    if scope.items.contains(name) || depth > MAX_DEPTH {
        return path;
    }
    match absolute(scopes, module, &[], rest, depth) {
        next if next == path => path,
        // A name that the module does not declare, such as one of a macro.
        ItemPath::Other(segments) if segments == *rest => path,
        next => follow(scopes, next, depth + 1),
    }
}

/// Visitor that collects the mentions of a file.
struct FileReader<'a> {
    scopes: &'a Scopes,
    module: ModulePath,
    blocks: Vec<ModuleScope>,
    mentions: Vec<Mention>,
    fields: BTreeMap<String, Vec<ItemPath>>,
}

impl FileReader<'_> {
    fn absolute(&self, path: &[String]) -> ItemPath {
        absolute(self.scopes, &self.module, &self.blocks, path, 0)
    }

    fn path(&mut self, path: &[String], import: bool, export: bool) {
        let written = self.absolute(path);
        let item = follow(self.scopes, written.clone(), 0);
        self.mentions.push(Mention::Path { written, item, import, export });
    }

    fn called_macro(&mut self, path: &[String], tokens: &TokenStream) {
        let name = path.last().map_or("", String::as_str);
        match name {
            "concat" => {
                let texts = tokens.clone().into_iter().filter_map(text_of);
                self.mentions.push(Mention::Text(texts.collect()));
            }
            "stringify" => self.mentions.push(Mention::Text(tokens.to_string().replace(' ', ""))),
            _ => {}
        }
        let macro_path = follow(self.scopes, self.absolute(path), 0);
        self.mentions.push(Mention::Macro(macro_path));
        self.tokens(tokens.clone(), &[]);
    }

    /// Collects the mentions of tokens that are not parsed: arguments of macros and attributes.
    fn tokens(&mut self, tokens: TokenStream, prefix: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is = |index: usize, wanted: char| matches!(tokens.get(index), Some(TokenTree::Punct(found)) if found.as_char() == wanted);
        let mut index = 0;
        while index < tokens.len() {
            match &tokens[index] {
                TokenTree::Group(group) => self.tokens(group.stream(), &[]),
                literal @ TokenTree::Literal(_) => {
                    if let Some(text) = text_of(literal.clone()) {
                        self.text(text);
                    }
                }
                TokenTree::Ident(ident)
                    if index > 0 && is(index - 1, '.') && !(index > 1 && is(index - 2, '.')) =>
                {
                    match tokens.get(index + 1) {
                        _ if ident == "await" => self.mentions.push(Mention::Keyword("await".to_owned())),
                        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                            self.mentions.push(Mention::Method(ident.to_string()));
                        }
                        _ => {}
                    }
                }
                TokenTree::Ident(ident) if ident == "async" => {
                    self.mentions.push(Mention::Keyword("async".to_owned()));
                }
                TokenTree::Ident(ident) => {
                    let mut path: Vec<String> = prefix.to_vec();
                    path.push(ident.to_string());
                    while is(index + 1, ':') && is(index + 2, ':') {
                        match tokens.get(index + 3) {
                            Some(TokenTree::Ident(next)) => path.push(next.to_string()),
                            Some(TokenTree::Group(group)) => {
                                self.tokens(group.stream(), &path);
                                index += 3;
                                break;
                            }
                            _ => break,
                        }
                        index += 3;
                    }
                    match tokens.get(index + 2) {
                        Some(TokenTree::Group(group)) if is(index + 1, '!') => {
                            self.called_macro(&path, &group.stream());
                            index += 2;
                        }
                        _ => self.path(&path, false, false),
                    }
                }
                TokenTree::Punct(_) => {}
            }
            index += 1;
        }
    }

    fn text(&mut self, text: String) {
        self.mentions.push(Mention::Text(text));
    }
}

fn text_of(token: TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    match syn::Lit::new(literal) {
        syn::Lit::Str(text) => Some(text.value()),
        syn::Lit::ByteStr(text) => Some(String::from_utf8_lossy(&text.value()).into_owned()),
        syn::Lit::CStr(text) => Some(text.value().to_string_lossy().into_owned()),
        _ => None,
    }
}

fn segments(path: &syn::Path) -> Vec<String> {
    let leading = path.leading_colon.iter().map(|_| String::new());
    leading.chain(path.segments.iter().map(|segment| segment.ident.to_string())).collect()
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::ExternCrate(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

impl<'ast> Visit<'ast> for FileReader<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !attributes(item).iter().any(is_cfg_test) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let attributes = match item {
            syn::ImplItem::Const(item) => &item.attrs[..],
            syn::ImplItem::Fn(item) => &item.attrs,
            _ => &[],
        };
        if !attributes.iter().any(is_cfg_test) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let export = !matches!(item.vis, syn::Visibility::Inherited);
        for leaf in leaves(&item.tree, &leading(item)) {
            self.path(&leaf.path, true, export);
        }
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        let start = self.mentions.len();
        visit::visit_item_struct(self, item);
        self.fields(item.ident.to_string(), start);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        let start = self.mentions.len();
        visit::visit_item_enum(self, item);
        self.fields(item.ident.to_string(), start);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        let start = self.mentions.len();
        visit::visit_item_type(self, item);
        self.fields(item.ident.to_string(), start);
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        let mut scope = ModuleScope::default();
        for statement in &block.stmts {
            if let syn::Stmt::Item(syn::Item::Use(item)) = statement {
                collect_import(&item.tree, &leading(item), &mut scope);
            }
        }
        self.blocks.push(scope);
        visit::visit_block(self, block);
        self.blocks.pop();
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.path(&segments(path), false, false);
        visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if attribute.path().is_ident("doc") {
            return;
        }
        self.mentions.push(Mention::Keyword(format!("#[{}]", segments(attribute.path()).join("::"))));
        if attribute.path().is_ident("cfg_attr")
            && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string().contains("path ="))
        {
            self.mentions.push(Mention::Keyword("#[path]".to_owned()));
        }
        let start = self.mentions.len();
        match &attribute.meta {
            syn::Meta::Path(_) => {}
            syn::Meta::List(list) => self.tokens(list.tokens.clone(), &[]),
            syn::Meta::NameValue(value) => self.visit_expr(&value.value),
        }
        // Attributes name functions in texts: `#[serde(default = "crate::model::zero")]`.
        for mention in self.mentions.split_off(start) {
            match &mention {
                Mention::Text(text) if text.contains("::") => match syn::parse_str::<syn::Path>(text) {
                    Ok(path) => self.path(&segments(&path), false, false),
                    Err(_) => self.mentions.push(mention),
                },
                _ => self.mentions.push(mention),
            }
        }
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.called_macro(&segments(&call.path), &call.tokens);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.mentions.push(Mention::Method(call.method.to_string()));
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.mentions.push(Mention::Keyword("async".to_owned()));
        visit::visit_expr_async(self, block);
    }

    fn visit_expr_await(&mut self, expression: &'ast syn::ExprAwait) {
        self.mentions.push(Mention::Keyword("await".to_owned()));
        visit::visit_expr_await(self, expression);
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        if closure.asyncness.is_some() {
            self.mentions.push(Mention::Keyword("async".to_owned()));
        }
        visit::visit_expr_closure(self, closure);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if signature.asyncness.is_some() {
            self.mentions.push(Mention::Keyword("async".to_owned()));
        }
        visit::visit_signature(self, signature);
    }

    fn visit_lit(&mut self, literal: &'ast syn::Lit) {
        match literal {
            syn::Lit::Str(text) => self.text(text.value()),
            syn::Lit::ByteStr(text) => self.text(String::from_utf8_lossy(&text.value()).into_owned()),
            syn::Lit::CStr(text) => self.text(text.value().to_string_lossy().into_owned()),
            _ => {}
        }
    }
}

impl FileReader<'_> {
    fn fields(&mut self, name: String, start: usize) {
        let types = self.mentions[start..].iter().filter_map(|mention| match mention {
            Mention::Path { item, .. } => Some(item.clone()),
            _ => None,
        });
        let types = types.collect();
        self.fields.insert(name, types);
    }
}
