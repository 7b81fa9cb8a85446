//! No circle of imports between the files of the core, and ratchets on what is left of the god-room: they only shrink.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use syn::visit::{self, Visit};
use syn::{ItemMod, ItemUse, UseTree, Visibility};
use xft_tests::sources::{root, sources};

/// Files of `session` that add to its one state.
const STATE_FILES: usize = 18;
/// Places in `session` that write a field which another room declares.
const FOREIGN_WRITES: usize = 129;

/// A file, by the path of its module.
type Module = Vec<String>;
/// Names that a file passes on, and from where.
type PassedOn = BTreeMap<Module, BTreeMap<String, Module>>;

fn core_files() -> BTreeMap<Module, PathBuf> {
    let src = root().join("core/src");
    let module = |path: &PathBuf| {
        let inside = path.strip_prefix(&src).unwrap().with_extension("");
        let mut parts: Module = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        parts.pop_if(|last| last == "mod" || last == "lib");
        parts
    };
    let files = sources(&src, &["rs"]).into_iter().map(|path| (module(&path), path));
    files.filter(|(module, _)| !module.iter().any(|part| part == "tests" || part == "sample")).collect()
}

/// What a file names: by `use`, passed on or not, and by paths in the code. Its tests are left out.
#[derive(Default)]
struct Names {
    used: Vec<Vec<String>>,
    passed_on: Vec<Vec<String>>,
}

impl Names {
    fn of(path: &PathBuf) -> Self {
        let mut names = Self::default();
        names.visit_file(&syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap());
        names
    }
}

fn leaves(tree: &UseTree, before: &[String], found: &mut Vec<Vec<String>>) {
    let with = |name: String| [before, &[name]].concat();
    match tree {
        UseTree::Path(path) => leaves(&path.tree, &with(path.ident.to_string()), found),
        UseTree::Name(name) => found.push(with(name.ident.to_string())),
        UseTree::Rename(name) => found.push(with(name.ident.to_string())),
        UseTree::Glob(_) => found.push(before.to_vec()),
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, before, found)),
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let passed_on = !matches!(item.vis, Visibility::Inherited);
        leaves(&item.tree, &[], if passed_on { &mut self.passed_on } else { &mut self.used });
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !item.attrs.iter().any(|attribute| attribute.path().is_ident("cfg")) {
            visit::visit_item_mod(self, item);
        }
    }

    /// `pub(super)` names nobody.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|part| part.ident.to_string()).collect();
        if matches!(parts[0].as_str(), "crate" | "super") {
            self.used.push(parts);
        }
        visit::visit_path(self, path);
    }
}

/// The file that a path means, as seen from another; `None`: it is of another crate.
fn resolve(
    from: &Module,
    path: &[String],
    files: &BTreeMap<Module, PathBuf>,
    passed_on: &PassedOn,
) -> Option<Module> {
    let mut at = from.clone();
    let mut path = path;
    match path.first()?.as_str() {
        "crate" => (at, path) = (Module::new(), &path[1..]),
        "self" => path = &path[1..],
        "super" => {
            while path.first().is_some_and(|part| part == "super") {
                at.pop();
                path = &path[1..];
            }
        }
        first => {
            at.push(first.to_owned());
            files.get(&at)?;
            path = &path[1..];
        }
    }
    for part in path {
        let inner = [at.as_slice(), std::slice::from_ref(part)].concat();
        match passed_on.get(&at).and_then(|names| names.get(part)) {
            _ if files.contains_key(&inner) => at = inner,
            Some(origin) => at = origin.clone(),
            None => break,
        }
    }
    Some(at)
}

fn imports() -> BTreeMap<Module, BTreeSet<Module>> {
    let files = core_files();
    let names: BTreeMap<&Module, Names> =
        files.iter().map(|(module, path)| (module, Names::of(path))).collect();
    let mut passed_on = PassedOn::new();
    // What is passed on twice is found in the second round.
    for _ in 0..2 {
        for (module, names) in &names {
            for path in &names.passed_on {
                if let Some(origin) = resolve(module, path, &files, &passed_on) {
                    passed_on
                        .entry((*module).clone())
                        .or_default()
                        .insert(path.last().unwrap().clone(), origin);
                }
            }
        }
    }
    let of = |(module, names): (&&Module, &Names)| {
        let found = names.used.iter().filter_map(|path| resolve(module, path, &files, &passed_on));
        ((*module).clone(), found.filter(|other| other != *module).collect())
    };
    names.iter().map(of).collect()
}

/// Files that a file reaches by imports.
fn reached(from: &Module, imports: &BTreeMap<Module, BTreeSet<Module>>) -> BTreeSet<Module> {
    let (mut found, mut open) = (BTreeSet::new(), vec![from.clone()]);
    while let Some(module) = open.pop() {
        for next in imports.get(&module).into_iter().flatten() {
            if found.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    found
}

#[test]
fn no_file_of_the_core_imports_itself_by_way_of_others() {
    let imports = imports();
    assert!(imports.len() > 80, "only {} files found", imports.len());
    let session = vec!["session".to_owned()];
    assert!(reached(&session, &imports).len() > 60, "imports are not understood any more");
    let circles: Vec<String> = imports
        .keys()
        .filter(|module| reached(module, &imports).contains(*module))
        .map(|module| module.join("/"))
        .collect();
    assert!(circles.is_empty(), "these files import each other: {circles:?}");
}

#[test]
fn the_state_of_the_session_spreads_over_no_more_files_and_writes_no_more_foreign_fields() {
    let (mut state_files, mut writes) = (0, 0);
    for path in sources(&root().join("core/src/session"), &["rs"]) {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        state_files += usize::from(code.contains("impl State<"));
        writes += code.lines().filter(|line| writes_a_foreign_field(line.trim_start())).count();
    }
    assert!(state_files <= STATE_FILES, "{state_files} files, {STATE_FILES} before");
    assert!(writes <= FOREIGN_WRITES, "{writes} places, {FOREIGN_WRITES} before");
    assert!(
        state_files == STATE_FILES && writes == FOREIGN_WRITES,
        "better than before: set the ratchet to {state_files} files and {writes} places"
    );
}

/// `slot.phase = ..`, `contact.known |= ..`, `(slot.start, slot.end) = ..`
fn writes_a_foreign_field(line: &str) -> bool {
    let owners = ["slot.", "t.", "contact.", "peer.", "stream.", "host.", "(slot.", "(t.", "(contact."];
    let assigned = [" = ", " |= ", " += "].iter().filter_map(|sign| line.find(sign)).min();
    let Some(at) = assigned else { return false };
    let left = &line[..at];
    owners.iter().any(|owner| left.starts_with(owner)) && !left.contains("let ")
}
